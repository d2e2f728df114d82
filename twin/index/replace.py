"""Replace documents in the index, safely: embed, store, delete what is stale, then confirm.

In: stored documents and the ids of forgotten ones. Out: points in the store and entries in the
ledger. In this order a crash or a failing embedder leaves the old points or the new ones, and
sometimes both for a moment, but never none.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.components import Cleaner
from twin.documents import Kind, epoch
from twin.errors import ComponentUnavailable, ConfigurationError, IndexMismatch, StoreInUse
from twin.index.embedder import Embedder
from twin.index.ledger import Entry, Failure, Ledger
from twin.index.passages import Piece, excluded_spans, passages, pieces
from twin.points import Payload, Point, VectorStore
from twin.warehouse.protocol import StoredDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from llama_index.core.node_parser import NodeParser


_NO_DOCUMENTS_FAULT = (ComponentUnavailable, ConfigurationError, IndexMismatch, StoreInUse)


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


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a text becomes pieces.

    Attributes:
        fingerprint: changes whenever the same text would give other points.
        cleaners: name what is left out.
        parser: returns the node parser of a kind.
    """

    fingerprint: str
    cleaners: Sequence[Cleaner]
    parser: "Callable[[Kind], NodeParser]"


class Index:
    """The store, the ledger, the embedder and the recipe, as one thing.

    Args:
        store: where the points go.
        ledger: what is confirmed.
        embedder: makes the vectors.
        recipe: makes the pieces.
        turn: entered while the index is brought in step, so that of several processes one does it;
            raises `StoreInUse` if another has been at it for too long.
    """

    def __init__(
        self,
        store: VectorStore,
        ledger: Ledger,
        embedder: Embedder,
        recipe: Recipe,
        turn: "Callable[[], AbstractContextManager[object]]" = nullcontext,
    ) -> None:
        self.store = store
        self.ledger = ledger
        self.embedder = embedder
        self.recipe = recipe
        self.turn = turn

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
        return self.ledger.counts()[0] == 0

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
        pending = self._pending(documents)
        try:
            applied = self._apply(pending, gone)
        except _NO_DOCUMENTS_FAULT:
            raise
        except Exception:  # noqa: BLE001 - the boundary of one batch: plugins may raise anything
            # One of them is at fault; alone, each is done or says why not.
            applied = self._apply([], gone)
            for document in pending:
                applied += self._alone(document)
        return applied + Applied(unchanged=len(documents) - len(pending))

    def _pending(self, documents: Sequence[StoredDocument]) -> list[StoredDocument]:
        entries = self.ledger.get([document.id for document in documents])
        failed = {failure.document_id for failure in self.ledger.failures()}
        return [d for d in documents if d.id in failed or not self._confirmed(d, entries.get(d.id))]

    def _confirmed(self, document: StoredDocument, entry: Entry | None) -> bool:
        return (
            entry is not None
            and entry.version == document.version
            and entry.metadata_hash == document.metadata_hash
            and entry.fingerprint == self.recipe.fingerprint
        )

    def _alone(self, document: StoredDocument) -> Applied:
        try:
            return self._apply([document], ())
        except _NO_DOCUMENTS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of one document
            self.store.count()  # raises if it is the store that cannot be used
            failure = Failure(document.id, f"{document.document.source}: {error}")
            self.ledger.fail(failure)
            return Applied(failures=(failure,))

    def _apply(self, documents: Sequence[StoredDocument], gone: Sequence[str]) -> Applied:
        made = {document.id: self._points(document) for document in documents}
        there = self.store.points_of([*made, *gone])
        fresh: list[tuple[Piece, Payload]] = []
        moved: dict[str, Payload] = {}
        stale: list[str] = [point for identity in gone for point in there[identity]]
        for identity, wanted in made.items():
            have = there[identity]
            for piece, payload in wanted:
                old = have.get(piece.id)
                if old is None or old.embedded_hash != payload.embedded_hash:
                    fresh.append((piece, payload))
                elif old != payload:
                    moved[piece.id] = payload
            stale += have.keys() - {piece.id for piece, _ in wanted}
        self._store(fresh)
        self.store.set_payload(moved)
        self.store.delete(stale)
        self.ledger.confirm(
            (
                Entry(
                    document_id=document.id,
                    version=document.version,
                    metadata_hash=document.metadata_hash,
                    fingerprint=self.recipe.fingerprint,
                    points=len(made[document.id]),
                )
                for document in documents
            ),
            gone,
        )
        removed = sum(1 for identity in gone if there[identity])
        return Applied(len(documents), 0, removed, len(fresh), len(moved), len(stale))

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

    def _points(self, stored: StoredDocument) -> list[tuple[Piece, Payload]]:
        document = stored.document
        excluded = excluded_spans(document, self.recipe.cleaners)
        found = passages(document, self.recipe.parser(document.kind), excluded)
        made = pieces(document, found, self.embedder.window())
        return [(piece, _payload(stored, piece)) for piece in made]

    def close(self) -> None:
        """Release the store and the ledger."""
        self.store.close()
        self.ledger.close()


def _payload(stored: StoredDocument, piece: Piece) -> Payload:
    document = stored.document
    return Payload(
        document_id=stored.id,
        version=stored.version,
        start=piece.span.start,
        end=piece.span.end,
        passage_start=piece.passage.start,
        passage_end=piece.passage.end,
        author=stored.author_slug,
        kind=document.kind,
        platform=document.platform,
        audience=document.audience,
        source=document.source,
        embedded_hash=piece.embedded_hash,
        published=epoch(document.published_at) if document.published_at else None,
        tags=tuple(document.tags),
    )


def batched(documents: Iterable[StoredDocument], characters: int) -> Iterable[list[StoredDocument]]:
    """Yield documents in batches of about so many characters, so that memory stays bounded."""
    batch: list[StoredDocument] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.document.text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
