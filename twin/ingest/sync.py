"""Bring the index in step with the warehouse.

In: the change feed from where the index has come to. Out: additions, changes and deletions applied,
and the cursor moved on. At least once, with idempotent effects: it can be stopped at any point.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from twin.errors import StoreInUse
from twin.index.ledger import Failure
from twin.index.making import batched
from twin.index.replace import Applied, Index
from twin.ingest.engines import Engine, Step, local
from twin.warehouse.protocol import Change, Cursor, StoredDocument, Warehouse

if TYPE_CHECKING:
    from twin.index.ledger import Ledger
    from twin.points import VectorStore

CHARACTERS = 200_000
"""Of one batch: about 500 pieces, which keeps the embedder busy and memory small."""

LOADED = 20
"""Documents held in memory at once, besides a batch."""

PAGE = 500
"""Changes read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync did."""

    applied: Applied
    embedded: int
    """Texts that were really embedded, not found in the cache."""
    seconds: float


Progress = Callable[[int, int], None]
"""Told how many documents are done, and how many there are in all."""


def sync(
    warehouse: Warehouse,
    index: Index,
    consumer: str,
    progress: Progress = lambda _done, _all: None,
    engine: Engine = local,
) -> Synced:
    """Apply everything that changed since the last sync.

    Also done again: documents that could not be indexed before, and those that were indexed in
    another way than the settings now say.

    Args:
        warehouse: where the documents rest.
        index: where they are brought.
        consumer: the name under which the warehouse keeps the index's cursor.
        progress: told after every batch.
        engine: parses and embeds.

    Raises:
        IndexMismatch: if the collection was made by another embedder.
        StoreInUse: if another process has the embedded store open.
    """
    with index.turn():
        return sync_in_turn(warehouse, index, consumer, progress, engine)


def sync_in_turn(
    warehouse: Warehouse, index: Index, consumer: str, progress: Progress, engine: Engine
) -> Synced:
    """Sync, by whoever has the turn already."""
    begun = time.perf_counter()
    before = index.embedder.computed
    if index.prepare():
        warehouse.set_cursor(consumer, None)
    done = 0
    applied = Applied()
    enriched: dict[str, Failure] = {}
    while True:
        # It has nothing to do with what is told, which is how far the index is.
        failures = index.enrich(warehouse, lambda _, of: progress(0, of)).failures
        enriched |= {failure.document_id: failure for failure in failures}
        index.copies = index.find_copies(warehouse)
        cursor = warehouse.cursor(consumer)
        old = _old(warehouse, index, first=cursor is None)
        total = done + warehouse.backlog(cursor) + len(old)
        progress(done, total)
        with engine(index, chain(_changes(warehouse, cursor), _again(warehouse, old))) as prepared:
            for one in prepared:
                applied += index.replace(one.made, one.step.gone, one.error)
                applied += Applied(unchanged=one.unchanged)
                if one.step.cursor is not None:
                    warehouse.set_cursor(consumer, one.step.cursor)
                done += len(one.step.documents) + len(one.step.gone)
                progress(done, max(total, done))
        # What came in meanwhile may be a copy, or the original of one.
        if index.find_copies(warehouse) == index.copies:
            break
    return Synced(
        applied=applied + Applied(failures=tuple(enriched.values())),
        embedded=index.embedder.computed - before,
        seconds=time.perf_counter() - begun,
    )


def _old(warehouse: Warehouse, index: Index, *, first: bool) -> list[str]:
    """Return what is to be done again though it did not change."""
    retried = [failure.document_id for failure in index.ledger.failures()]
    old = dict.fromkeys([*retried, *index.outdated()])
    if first:
        # This warehouse has not fed the index before. What another one did, it may not have.
        known = (entry.document_id for entry in index.ledger.entries())
        old |= dict.fromkeys(identity for identity in known if not warehouse.versions(identity))
    return list(old)


def _changes(warehouse: Warehouse, cursor: Cursor | None) -> Iterator[Step]:
    """Yield what changed after a cursor, page by page."""
    while changes := warehouse.changes(cursor, limit=PAGE):
        gone = [change.document_id for change in changes if change.deleted]
        if gone:
            yield Step(gone=gone)
        for batch in batched(_loaded(warehouse, changes), CHARACTERS):
            yield Step(documents=batch)
        # Only the whole page confirms the cursor, because changes of a page are applied out of
        # order: forgotten ones first.
        cursor = changes[-1].cursor
        yield Step(cursor=cursor)


def _again(warehouse: Warehouse, old: Sequence[str]) -> Iterator[Step]:
    """Yield documents in their newest version, and those that are gone as such."""
    for start in range(0, len(old), PAGE):
        part = old[start : start + PAGE]
        newest = {i: versions[-1][0] for i in part if (versions := warehouse.versions(i))}
        missing = [identity for identity in part if identity not in newest]
        if missing:
            yield Step(gone=missing)
        for batch in batched(_versions(warehouse, list(newest.items())), CHARACTERS):
            yield Step(documents=batch)


class Standing(Protocol):
    """A collection that stands by: it is not searched, and not kept in step."""

    @property
    def consumer(self) -> str:
        """The name under which the warehouse keeps its cursor."""

    @property
    def ledger(self) -> Ledger:
        """What it has confirmed."""

    @property
    def registry(self) -> _Stores:
        """Has its vector store."""


class _Stores(Protocol):
    def vector_store(self) -> VectorStore: ...


def forgotten(consumer: str) -> str:
    """Return the name under which it is kept how far a collection has forgotten."""
    return f"{consumer}:forgotten"


def forget(warehouse: Warehouse, standing: Standing) -> int:
    """Take what was forgotten out of a collection that stands by.

    Nothing is added to it: that is done when it is filled further, or answers again.

    Args:
        warehouse: where the documents rested.
        standing: the collection; its store is opened only if something was forgotten.

    Returns:
        The number of points deleted.
    """
    consumer = forgotten(standing.consumer)
    deleted = 0
    while changes := warehouse.changes(warehouse.cursor(consumer), limit=PAGE):
        if gone := [change.document_id for change in changes if change.deleted]:
            store = standing.registry.vector_store()
            if info := store.info():
                store.ensure(info)
                points = [point for there in store.points_of(gone).values() for point in there]
                store.delete(points)
                standing.ledger.confirm((), gone)
                deleted += len(points)
        warehouse.set_cursor(consumer, changes[-1].cursor)
    return deleted


def _loaded(warehouse: Warehouse, changes: Iterable[Change]) -> Iterator[StoredDocument]:
    """Yield what changed, in the version that the feed names."""
    return _versions(warehouse, [(c.document_id, c.version) for c in changes if not c.deleted])


def _versions(warehouse: Warehouse, keys: Sequence[tuple[str, int]]) -> Iterator[StoredDocument]:
    """Yield versions of documents, a few at a time, so that memory stays bounded."""
    for start in range(0, len(keys), LOADED):
        part = keys[start : start + LOADED]
        found = warehouse.get_many(part)
        # One that is gone by now stands later in the feed, as a tombstone or a newer version.
        yield from (found[key] for key in part if key in found)


def watch(
    warehouse: Warehouse,
    index: Index,
    consumer: str,
    *,
    stopped: Callable[[float], bool],
    told: Callable[[Synced], None] = lambda _: None,
    every: float = 0.25,
) -> None:
    """Follow the change feed until told to stop.

    Args:
        warehouse: where the documents rest.
        index: where they are brought.
        consumer: the name under which the warehouse keeps the index's cursor.
        stopped: waits so many seconds, and returns whether to stop (`threading.Event.wait`).
        told: called after every sync that did something.
        every: seconds between two looks at whether to stop; a change is seen sooner.
    """
    first = True
    while first or not stopped(0):
        if first or warehouse.wait(warehouse.cursor(consumer), every):
            # Another process may be at it for longer than one waits; it is looked at again.
            try:
                told(sync(warehouse, index, consumer))
            except StoreInUse:
                stopped(every)
        first = False
