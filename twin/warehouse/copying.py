"""Everything of one warehouse into another, whatever their engines, and the proof that it is there.

In: two warehouses. Out: the second holds what the first does; counts, and every difference that is
left. A copy that was interrupted is finished by doing it again: what is there already stays.

The cursors of consumers are not copied: they are places in the feed of one warehouse. A consumer
begins the feed of the other at its beginning, and the index then finds that it has it all.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from twin.warehouse.feedback import Feedback
from twin.warehouse.protocol import Outcome, StoredDocument, Warehouse
from twin.warehouse.quarantine import Held
from twin.warehouse.remaking import is_outdated, make_anew

SHOWN: Final = 20
"""Differences that are named; all are counted."""

PAGE: Final = 1000

Told = Callable[[str, int, int], None]
"""Told the step (``copying`` or ``comparing``), how many documents are done, and of how many."""

T = TypeVar("T")

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
        held: how many documents in quarantine are the same in both.
        feedback: how much of it is the same in both.
        differences: how many of all these differ or are in one of the two alone.
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
    held: int
    feedback: int
    differences: int
    named: tuple[str, ...]


def copy_warehouse(
    source: Warehouse, target: Warehouse, told: Told = lambda _step, _done, _all: None
) -> Copied:
    """Copy authors, documents with all versions, quarantine and feedback, then read and compare.

    Memory holds one document of each at a time. What the first warehouse forgot is forgotten in the
    second, also where the document came again since; documents that only the second has stay, and
    count as differences.

    Raises:
        WarehouseError: if one cannot be read or written, or has another text under a number that
            both have given; what was copied before stays.
    """
    total = source.counts().documents
    forgotten = target.delete(list(_tombstones(source)))
    for author in source.authors():
        target.restore_author(author)
    done = dict.fromkeys(Outcome, 0)
    old: list[str] = []
    for number, (newest, versions) in enumerate(source.export(), start=1):
        outcome = target.restore(versions).outcome
        if outcome is not Outcome.NEW and is_outdated(target, versions):
            old.append(newest.id)
            outcome = Outcome.CHANGED
        elif outcome is Outcome.UNCHANGED and _renew(target, newest):
            outcome = Outcome.CHANGED
        done[outcome] += 1
        told("copying", number, max(total, number))
    make_anew(source, target, old)
    waiting = {one.document.id for one in source.held()}
    for one in source.held():
        target.hold([one])
    # What was released in the first waits no longer; what only the second holds back does.
    let_in = (one.document.id for one in target.held() if one.document.id not in waiting)
    target.discard([identity for identity in let_in if source.versions(identity)])
    for said in source.feedback():
        target.put_feedback(said)
    return _compared(source, target, total, told, done, forgotten)


def _renew(target: Warehouse, newest: StoredDocument) -> bool:
    """Bring the metadata of a newest version up to date; False where they are."""
    there = target.get(newest.id)
    if there == newest or there.document.text_hash != newest.document.text_hash:
        return False
    target.put(newest.document, collection=newest.collection)
    target.put_enrichments([replace(target.get(newest.id), enrichment=newest.enrichment)])
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
    held, quarantines = _alike(
        source.held(),
        target.held(),
        _waiting,
        lambda one: f"{one.document.source}: not the same in both quarantines",
    )
    feedback, said = _alike(
        source.feedback(),
        target.feedback(),
        _moment,
        lambda one: f"feedback {one.id}: not the same in both",
    )
    differences += len(quarantines) + len(said)
    named += [*quarantines, *said][: SHOWN - len(named)]
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
        held=held,
        feedback=feedback,
        differences=differences,
        named=tuple(named),
    )


def _side_by_side(
    source: Warehouse, target: Warehouse
) -> Iterator[tuple[Pair | None, Pair | None]]:
    """Yield the documents of both, each source once; both exports are in order of source."""
    return _paired(source.export(), target.export(), _place)


def _paired(
    left: Iterator[T], right: Iterator[T], key: Callable[[T], tuple[bytes, bytes]]
) -> Iterator[tuple[T | None, T | None]]:
    """Yield what has the same key together; both are in order of it."""
    ours, theirs = next(left, None), next(right, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and key(ours) < key(theirs)):
            yield ours, None
            ours = next(left, None)
        elif ours is None or key(theirs) < key(ours):
            yield None, theirs
            theirs = next(right, None)
        else:
            yield ours, theirs
            ours, theirs = next(left, None), next(right, None)


def _alike(
    left: Iterator[T],
    right: Iterator[T],
    key: Callable[[T], tuple[bytes, bytes]],
    name: Callable[[T], str],
) -> tuple[int, list[str]]:
    """Return how many are the same in both, and the names of all others."""
    same, named = 0, []
    for ours, theirs in _paired(left, right, key):
        one = theirs if ours is None else ours
        if ours == theirs:
            same += 1
        elif one is not None:
            named.append(name(one))
    return same, named


def _waiting(held: Held) -> tuple[bytes, bytes]:
    return b"", held.document.source.encode()


def _moment(feedback: Feedback) -> tuple[bytes, bytes]:
    return feedback.at.encode(), feedback.id.encode()


def _place(pair: Pair) -> tuple[bytes, bytes]:
    # Engines order by the bytes of UTF-8.
    return b"", pair[0].document.source.encode()


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
            elif one.enrichment != other.enrichment:
                what = "enrichment"
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
        *((stored.payload_hash,) if stored.enrichment.found else ()),
    )
    return hashlib.sha256("\n".join(parts).encode()).digest()
