"""Replace documents in the index, safely: embed, store, delete what is stale, then confirm.

In: stored documents and the ids of forgotten ones. Out: points in the store and entries in the
ledger. In this order a crash or a failing embedder leaves the old points or the new ones, and
sometimes both for a moment, but never none.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NoReturn

from twin.errors import (
    ComponentUnavailable,
    ConfigurationError,
    DiskFull,
    IndexMismatch,
    StoreInUse,
)
from twin.index.embedder import Embedder
from twin.index.ledger import Entry, Failure, Ledger
from twin.index.making import Made, Recipe, make
from twin.index.passages import Piece
from twin.points import Payload, Point, VectorStore
from twin.warehouse.protocol import StoredDocument, Warehouse

WARMED = 64
"""Texts embedded at once; whoever stops the work waits for no more than these."""

NO_DOCUMENTS_FAULT = (
    ComponentUnavailable,
    ConfigurationError,
    DiskFull,
    IndexMismatch,
    StoreInUse,
)
"""What is raised whichever document is at hand: the whole work stops, and is done again later."""


@dataclass(frozen=True, slots=True)
class Enriched:
    """What enriching did: how many documents were looked at, and which could not be."""

    documents: int = 0
    failures: tuple[Failure, ...] = ()


Enrich = Callable[[Warehouse, Callable[[int, int], None]], Enriched]
"""Enriches what a warehouse holds; told how many documents are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done: documents by what happened, points by what happened to them."""

    indexed: int = 0
    unchanged: int = 0
    removed: int = 0
    stored: int = 0
    moved: int = 0
    deleted: int = 0
    failures: tuple[Failure, ...] = ()

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            self.indexed + other.indexed,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
            self.stored + other.stored,
            self.moved + other.moved,
            self.deleted + other.deleted,
            self.failures + other.failures,
        )


class Index:
    """The store, the ledger, the embedder and the recipe, as one thing.

    Args:
        store: where the points go.
        ledger: what is confirmed.
        embedder: makes the vectors.
        recipe: makes the pieces.
        turn: entered while the index is brought in step, so that of several processes one does it;
            raises `StoreInUse` if another has been at it for too long.
        find_copies: returns the original of every document that is a copy of another.
        enrich: finds out what is not known yet about the documents of a warehouse, and returns whom
            it failed on.
    """

    def __init__(
        self,
        store: VectorStore,
        ledger: Ledger,
        embedder: Embedder,
        recipe: Recipe,
        turn: Callable[[], AbstractContextManager[object]] = nullcontext,
        find_copies: Callable[[Warehouse], Mapping[str, str]] = lambda _: {},
        *,
        enrich: Enrich = lambda _warehouse, _progress: Enriched(),
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.embedder = embedder
        self.recipe = recipe
        self.turn = turn
        self.find_copies = find_copies
        self.enrich = enrich
        self.copies: Mapping[str, str] = {}
        """The original of every document that is a copy of another: of copies the index holds nothing."""

    def prepare(self) -> bool:
        """Open the collection, or make it; a new one begins with an empty ledger.

        Returns:
            Whether nothing is confirmed, so that everything is to be indexed. It stays so until a
            sync confirms something, whoever made the collection.

        Raises:
            IndexMismatch: if it was made by another embedder.
            StoreInUse: if another process has it open.
        """
        if self.store.info() is None:
            self.ledger.clear()
        self.store.ensure(self.embedder.info())
        documents, points = self.ledger.counts()
        if points and not self.store.count():
            # Somebody emptied the collection by hand, or restored an older backup of it.
            self.ledger.clear()
            return True
        return documents == 0

    def open(self) -> None:
        """Open the collection to search in it; where there is none, make an empty one.

        Raises:
            TwinIndexError: if it was dropped or begun anew meanwhile.
            IndexMismatch: if it was made by another embedder.
            StoreInUse: if another process has it open.
        """
        if self.store.info() is not None:
            self.prepare()
            return
        # In turn, as one that was dropped must not come back by a question to it.
        with self.turn():
            self.prepare()

    def rebuild(self) -> None:
        """Drop the collection; `prepare` makes an empty one."""
        self.store.clear()

    def apply(self, documents: Sequence[StoredDocument], gone: Sequence[str]) -> Applied:
        """Bring documents into the index and take forgotten ones out of it.

        Everything may be applied again: the result is the same. A document that cannot be indexed
        is recorded as a failure and the others are done.

        Raises:
            TwinError: if a component cannot work at all, or the store is out of reach: then no
                document is at fault, and the same is to be applied again.
        """
        pending = self.pending(documents)
        applied = self.replace(self.make(pending), gone)
        return applied + Applied(unchanged=len(documents) - len(pending))

    # What `apply` does, step by step, for those who overlap the steps

    def pending(
        self, documents: Sequence[StoredDocument], touched: Container[str] = ()
    ) -> list[StoredDocument]:
        """Return the documents that the index does not hold as they are.

        Args:
            documents: what might have changed.
            touched: ids on which something is being done that is not confirmed yet: of those the
                ledger does not know the last word.
        """
        entries = self.ledger.get([document.id for document in documents])
        failed = {failure.document_id for failure in self.ledger.failures()}
        return [
            document
            for document in documents
            if document.id in failed
            or document.id in touched
            or not self.confirmed(document, entries.get(document.id))
        ]

    def confirmed(self, document: StoredDocument, entry: Entry | None) -> bool:
        """Return whether a ledger's entry says that the index holds a document as it is."""
        return (
            entry is not None
            and entry.version == document.version
            and entry.metadata_hash == document.payload_hash
            and entry.fingerprint == self.fingerprint(document.id)
        )

    def fingerprint(self, document_id: str) -> str:
        """Return what the ledger keeps of how a document is made."""
        original = self.copies.get(document_id)
        made = self.recipe.fingerprint
        return made if original is None else f"{made};a copy of {original}"

    def outdated(self) -> list[str]:
        """Return the documents that were made in another way than they would be now."""
        held = self.ledger.outdated(self.recipe.fingerprint)
        entries = self.ledger.get([*held, *self.copies])
        return [
            identity
            for identity, entry in entries.items()
            if entry.fingerprint != self.fingerprint(identity)
        ]

    def make(self, documents: Iterable[StoredDocument]) -> list[Made]:
        """Clean and parse documents; one that fails carries its error."""
        window = self.embedder.window()
        return [
            Made(document) if document.id in self.copies else make(self.recipe, window, document)
            for document in documents
        ]

    def lacking(self, made: Sequence[Made]) -> list[str]:
        """Return the embedded texts of pieces that the index does not hold yet."""
        there = self.store.points_of([one.stored.id for one in made])
        return [
            piece.embedded
            for one in made
            if one.stored.id not in self.copies
            for piece, payload in one.pieces
            if _differs(there[one.stored.id].get(piece.id), payload)
        ]

    def warm(self, made: Sequence[Made], stopped: Callable[[], bool] = lambda: False) -> None:
        """Embed into the cache what the index does not hold yet.

        Args:
            made: what is about to be brought in.
            stopped: asked between two parts, so that nobody waits for the whole.
        """
        texts = self.lacking(made)
        for start in range(0, len(texts), WARMED):
            if stopped():
                return
            self.embedder.texts(texts[start : start + WARMED])

    def replace(
        self, made: Sequence[Made], gone: Sequence[str], error: Exception | None = None
    ) -> Applied:
        """Store what was made, take out what is gone, and confirm both.

        Args:
            made: documents with their pieces.
            gone: ids of forgotten documents.
            error: what embedding them has already failed with; then each is tried alone.

        Raises:
            TwinError: if no document is at fault, as for `apply`.
        """
        made = [Made(one.stored) if one.stored.id in self.copies else one for one in made]
        good = [one for one in made if one.error is None]
        try:
            applied = self._replace(good, gone) if error is None else _raised(error)
        except NO_DOCUMENTS_FAULT:
            raise
        except Exception:  # noqa: BLE001 - the boundary of one batch: plugins may raise anything
            # One of them is at fault; alone, each is done or says why not.
            applied = self._replace([], gone)
            for one in good:
                applied += self._alone(one)
        for one in made:
            if one.error is not None:
                applied += self._failed(one, one.error)
        return applied

    def _alone(self, one: Made) -> Applied:
        try:
            return self._replace([one], ())
        except NO_DOCUMENTS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of one document
            self.store.count()  # raises if it is the store that cannot be used
            return self._failed(one, error)

    def _failed(self, one: Made, error: Exception) -> Applied:
        if isinstance(error, NO_DOCUMENTS_FAULT):
            raise error
        failure = Failure(one.stored.id, f"{one.stored.document.source}: {error}")
        self.ledger.fail(failure)
        return Applied(failures=(failure,))

    def _replace(self, made: Sequence[Made], gone: Sequence[str]) -> Applied:
        # What is there is looked up now, and not when it was embedded: a batch before this one may
        # have brought an older version of the same document.
        there = self.store.points_of([*(one.stored.id for one in made), *gone])
        fresh: list[tuple[Piece, Payload]] = []
        moved: dict[str, Payload] = {}
        stale: list[str] = [point for identity in gone for point in there[identity]]
        for one in made:
            have = there[one.stored.id]
            for piece, payload in one.pieces:
                old = have.get(piece.id)
                if _differs(old, payload):
                    fresh.append((piece, payload))
                elif old != payload:
                    moved[piece.id] = payload
            stale += have.keys() - {piece.id for piece, _ in one.pieces}
        self._store(fresh)
        self.store.set_payload(moved)
        self.store.delete(stale)
        self.ledger.confirm(
            (
                Entry(
                    document_id=one.stored.id,
                    version=one.stored.version,
                    metadata_hash=one.stored.payload_hash,
                    fingerprint=self.fingerprint(one.stored.id),
                    points=len(one.pieces),
                )
                for one in made
            ),
            gone,
        )
        removed = sum(1 for identity in gone if there[identity])
        return Applied(len(made), 0, removed, len(fresh), len(moved), len(stale))

    def _store(self, fresh: Sequence[tuple[Piece, Payload]]) -> None:
        texts = [piece.embedded for piece, _ in fresh]
        dense = self.embedder.texts(texts)
        sparse = self.embedder.sparse_texts(texts)
        self.store.upsert(
            [
                Point(piece.id, vector, terms, payload)
                for (piece, payload), vector, terms in zip(fresh, dense, sparse, strict=True)
            ]
        )

    def close(self) -> None:
        """Release the store and the ledger."""
        self.store.close()
        self.ledger.close()


def _differs(old: Payload | None, wanted: Payload) -> bool:
    """Return whether a point is missing, or was embedded from another text."""
    return old is None or old.embedded_hash != wanted.embedded_hash


def _raised(error: Exception) -> NoReturn:
    raise error
