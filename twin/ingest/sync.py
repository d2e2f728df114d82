"""Bring the index in step with the warehouse.

In: the change feed from where the index has come to. Out: additions, changes and deletions applied,
and the cursor moved on. At least once, with idempotent effects: it can be stopped at any point.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from twin.errors import StoreInUse
from twin.index.replace import Applied, Index, batched
from twin.warehouse.protocol import Change, StoredDocument, Warehouse

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
) -> Synced:
    """Apply everything that changed since the last sync.

    Also done again: documents that could not be indexed before, and those that were indexed in
    another way than the settings now say.

    Args:
        warehouse: where the documents rest.
        index: where they are brought.
        consumer: the name under which the warehouse keeps the index's cursor.
        progress: told after every batch.

    Raises:
        IndexMismatch: if the collection was made by another embedder.
        StoreInUse: if another process has the embedded store open.
    """
    with index.turn():
        return _sync(warehouse, index, consumer, progress)


def _sync(warehouse: Warehouse, index: Index, consumer: str, progress: Progress) -> Synced:
    begun = time.perf_counter()
    before = index.embedder.computed
    if index.prepare():
        warehouse.set_cursor(consumer, None)
    retried = [failure.document_id for failure in index.ledger.failures()]
    old = dict.fromkeys([*retried, *index.ledger.outdated(index.recipe.fingerprint)])
    if warehouse.cursor(consumer) is None:
        # This warehouse has not fed the index before. What another one did, it may not have.
        known = (entry.document_id for entry in index.ledger.entries())
        old |= dict.fromkeys(identity for identity in known if not warehouse.versions(identity))
    total = warehouse.backlog(warehouse.cursor(consumer)) + len(old)
    done = 0
    applied = Applied()
    for documents, gone, cursor in _work(warehouse, consumer, list(old)):
        applied += index.apply(documents, gone)
        if cursor is not None:
            warehouse.set_cursor(consumer, cursor)
        done += len(documents) + len(gone)
        progress(done, max(total, done))
    return Synced(
        applied=applied,
        embedded=index.embedder.computed - before,
        seconds=time.perf_counter() - begun,
    )


def _work(
    warehouse: Warehouse, consumer: str, old: list[str]
) -> Iterator[tuple[list[StoredDocument], list[str], str | None]]:
    """Yield batches of documents and forgotten ids, with the cursor that confirms them."""
    while changes := warehouse.changes(warehouse.cursor(consumer), limit=PAGE):
        gone = [change.document_id for change in changes if change.deleted]
        if gone:
            yield [], gone, None
        loaded = _loaded(warehouse, changes)
        for batch in batched(loaded, CHARACTERS):
            yield batch, [], None
        # Only the whole page confirms the cursor, because changes of a page are applied out of
        # order: forgotten ones first.
        yield [], [], changes[-1].cursor
    for start in range(0, len(old), PAGE):
        part = old[start : start + PAGE]
        newest = {i: versions[-1][0] for i in part if (versions := warehouse.versions(i))}
        missing = [identity for identity in part if identity not in newest]
        if missing:
            yield [], missing, None
        for batch in batched(_versions(warehouse, list(newest.items())), CHARACTERS):
            yield batch, [], None


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
    every: float = 1.0,
) -> None:
    """Follow the change feed until told to stop.

    Args:
        warehouse: where the documents rest.
        index: where they are brought.
        consumer: the name under which the warehouse keeps the index's cursor.
        stopped: waits so many seconds, and returns whether to stop (`threading.Event.wait`).
        told: called after every sync that did something.
        every: seconds between two looks at the feed.
    """
    first = True
    while first or not stopped(every):
        if first or warehouse.backlog(warehouse.cursor(consumer)):
            # Another process may be at it for longer than one waits; it is looked at again.
            with suppress(StoreInUse):
                told(sync(warehouse, index, consumer))
        first = False
