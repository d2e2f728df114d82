"""Everything of one warehouse into another, whatever their engines, and the proof that it is there.

In: two warehouses. Out: the second holds what the first does; counts, and every difference that is
left. A copy that was interrupted is finished by doing it again: what is there already stays.

The cursors of consumers are not copied: they are places in the feed of one warehouse. A consumer
begins the feed of the other at its beginning, and the index then finds that it has it all.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from twin.warehouse.protocol import Outcome, StoredDocument, Warehouse

SHOWN: Final = 20
"""Differences that are named; all are counted."""

PAGE: Final = 1000

Told = Callable[[str, int, int], None]
"""Told the step (``copying`` or ``comparing``), how many documents are done, and of how many."""

Pair = tuple[StoredDocument, list[StoredDocument]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied, and what a comparison of the two found afterwards.

    Attributes:
        new: documents that were not there.
        changed: documents that were there with fewer versions or older metadata.
        unchanged: documents that were there in full.
        forgotten: documents that were there, but forgotten in the first warehouse since.
        documents: how many are the same in both, with all that is known of them.
        versions: how many versions these have.
        characters: of all these versions, in code points.
        digest: SHA-256 over the texts, bytes and metadata of these versions, in order of source.
        authors: how many are the same in both.
        differences: how many documents and authors differ or are in one of the two alone.
        named: the first of these.
    """

    new: int
    changed: int
    unchanged: int
    forgotten: int
    documents: int
    versions: int
    characters: int
    digest: str
    authors: int
    differences: int
    named: tuple[str, ...]


def copy_warehouse(
    source: Warehouse, target: Warehouse, told: Told = lambda _step, _done, _all: None
) -> Copied:
    """Copy authors and documents with all versions, then read both and compare.

    Memory holds one document of each at a time. Documents that the first warehouse forgot are
    forgotten in the second; those that only the second has stay, and count as differences.

    Raises:
        WarehouseError: if one cannot be read or written, or has another text under a number that
            both have given; what was copied before stays.
    """
    total = source.counts().documents
    forgotten = target.delete(list(_tombstones(source)))
    for author in source.authors():
        target.restore_author(author)
    done = dict.fromkeys(Outcome, 0)
    for number, (newest, versions) in enumerate(source.export(), start=1):
        outcome = target.restore(versions).outcome
        if outcome is Outcome.UNCHANGED and _renew(target, newest):
            outcome = Outcome.CHANGED
        done[outcome] += 1
        told("copying", number, max(total, number))
    return _compared(source, target, total, told, done, forgotten)


def _renew(target: Warehouse, newest: StoredDocument) -> bool:
    """Bring the metadata of a newest version up to date; False where they are."""
    there = target.get(newest.id)
    if there == newest or there.document.text_hash != newest.document.text_hash:
        return False
    target.put(newest.document, collection=newest.collection)
    return True


def _tombstones(source: Warehouse) -> Iterator[str]:
    cursor = None
    while changes := source.changes(cursor, limit=PAGE):
        cursor = changes[-1].cursor
        yield from (change.document_id for change in changes if change.deleted)


def _compared(
    source: Warehouse,
    target: Warehouse,
    total: int,
    told: Told,
    done: dict[Outcome, int],
    forgotten: int,
) -> Copied:
    documents = versions = characters = differences = 0
    named: list[str] = []
    digest = hashlib.sha256()
    for number, (ours, theirs) in enumerate(_side_by_side(source, target), start=1):
        told("comparing", number, max(total, number))
        reason = _difference(ours, theirs)
        if reason:
            differences += 1
            named += [reason] if len(named) < SHOWN else []
        elif ours is not None:
            documents += 1
            versions += len(ours[1])
            characters += sum(len(stored.document.text) for stored in ours[1])
            for stored in ours[1]:
                digest.update(_fingerprint(stored))
    here, there = ({author.slug: author for author in w.authors()} for w in (source, target))
    for slug in sorted({*here, *there}):
        if here.get(slug) != there.get(slug):
            differences += 1
            named += [f"author {slug}: not the same in both"] if len(named) < SHOWN else []
    return Copied(
        new=done[Outcome.NEW],
        changed=done[Outcome.CHANGED],
        unchanged=done[Outcome.UNCHANGED],
        forgotten=forgotten,
        documents=documents,
        versions=versions,
        characters=characters,
        digest=digest.hexdigest(),
        authors=sum(1 for slug, author in here.items() if there.get(slug) == author),
        differences=differences,
        named=tuple(named),
    )


def _side_by_side(
    source: Warehouse, target: Warehouse
) -> Iterator[tuple[Pair | None, Pair | None]]:
    """Yield the documents of both, each source once; both exports are in order of source."""
    left, right = source.export(), target.export()
    ours, theirs = next(left, None), next(right, None)
    while ours or theirs:
        if theirs is None or (ours and _place(ours) < _place(theirs)):
            yield ours, None
            ours = next(left, None)
        elif ours is None or _place(theirs) < _place(ours):
            yield None, theirs
            theirs = next(right, None)
        else:
            yield ours, theirs
            ours, theirs = next(left, None), next(right, None)


def _place(pair: Pair) -> bytes:
    # Engines order by the bytes of UTF-8.
    return pair[0].document.source.encode()


def _difference(ours: Pair | None, theirs: Pair | None) -> str:
    """Return what is not the same; empty if everything is."""
    if ours is None or theirs is None:
        known = ours or theirs
        name = known[0].document.source if known else ""
        return f"{name}: only in the {'first' if theirs is None else 'second'}"
    name = ours[0].document.source
    numbers = [[stored.version for stored in pair[1]] for pair in (ours, theirs)]
    if numbers[0] != numbers[1]:
        return f"{name}: versions {numbers[0]} and {numbers[1]}"
    for one, other in zip(ours[1], theirs[1], strict=True):
        if one != other:
            what = "text" if one.document.text != other.document.text else "raw bytes"
            same = replace(one.document, raw=None) == replace(other.document, raw=None)
            if one.document.text == other.document.text and not same:
                what = "metadata"
            elif one.document == other.document:
                what = "author, collection or time of fetching"
            return f"{name}, version {one.version}: another {what}"
    return ""


def _fingerprint(stored: StoredDocument) -> bytes:
    document = stored.document
    parts = (
        f"{stored.id}:{stored.version}",
        document.text_hash,
        stored.metadata_hash,
        stored.fetched_at,
        stored.collection,
        hashlib.sha256(document.raw).hexdigest() if document.raw is not None else "",
    )
    return hashlib.sha256("\n".join(parts).encode()).digest()
