"""What the index holds: points, their payload, filters, and what a vector store must do.

In: nodes with vectors. Out: the frozen values that pass between the index, the stores and the
retriever, and the `VectorStore` protocol that every store fills, embedded or server.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twin.documents import Audience, Kind


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term ids with their weights; both of the same length, ids unsigned 32-bit."""

    indices: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a point says of its node, besides the vectors.

    `start`/`end` is the piece that was embedded and `passage_start`/`passage_end` the passage that
    it is part of: both exact code-point spans of `version` of the document's text.
    """

    document_id: str
    version: int
    start: int
    end: int
    passage_start: int
    passage_end: int
    author: str
    kind: Kind
    platform: str
    audience: Audience
    source: str
    embedded_hash: str
    """SHA-256 of the text that was embedded, title included."""
    published: int | None = None
    """Seconds since 1970, None where the source states no date."""
    tags: tuple[str, ...] = ()
    language: str = ""
    """ISO 639-1, empty where it is not known."""
    topics: tuple[str, ...] = ()
    """As `twin.documents.topic_key` spells them; the entities too."""
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One embedded piece of a passage."""

    id: str
    dense: Sequence[float]
    sparse: SparseVector
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search may return. Empty tuples and None mean "any"; audience always holds."""

    audience: Audience
    authors: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    platforms: tuple[str, ...] = ()
    since: int | None = None
    """Published at or after, in seconds since 1970."""
    until: int | None = None
    """Published before (exclusive), in seconds since 1970."""
    document_ids: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """As `twin.documents.topic_key` spells them; the entities too."""
    entities: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        """Whether anything besides the audience narrows the search."""
        return bool(
            self.authors
            or self.kinds
            or self.platforms
            or self.document_ids
            or self.languages
            or self.topics
            or self.entities
            or self.since is not None
            or self.until is not None
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A point that a search found, with the store's own score (larger is nearer)."""

    id: str
    score: float
    payload: Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """What a collection was made with; a store keeps it beside the points."""

    embedder: str
    """Fingerprint of the embedder: model and whatever changes its vectors."""
    dimension: int
    sparse: str
    """Fingerprint of the sparse encoder."""


Query = Sequence[float] | SparseVector
"""A dense vector or a sparse one."""


class VectorStore(Protocol):
    """A collection of points. Every method may be called from any thread.

    Upserts, payload updates and deletions are durable when the method returns, and are idempotent.
    """

    def ensure(self, info: CollectionInfo) -> None:
        """Create the collection, or check that it was made with the same `info`.

        Raises:
            IndexMismatch: if it was made by another embedder, dimension or sparse encoder.
            StoreInUse: if another process has it open and it cannot be shared.
        """

    def info(self) -> CollectionInfo | None:
        """Return what the collection was made with, None if there is none."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert points, or replace those with the same id."""

    def set_payload(self, payloads: Mapping[str, Payload]) -> None:
        """Replace the payload of existing points and leave their vectors alone."""

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""

    def points_of(self, document_ids: Sequence[str]) -> Mapping[str, Mapping[str, Payload]]:
        """Return the payloads of all points of some documents: document id to point id to it."""

    def scroll(self) -> Iterator[tuple[str, Payload]]:
        """Yield every point's id and payload, in no order."""

    def search(self, queries: Sequence[Query], filters: Filters, limit: int) -> list[list[Hit]]:
        """Return the best `limit` hits of each query, best first, in the order of the queries."""

    def count(self) -> int:
        """Return the number of points."""

    def clear(self) -> None:
        """Delete the collection, its points and its info; `ensure` makes it anew."""

    def close(self) -> None:
        """Release the store; closing twice is no error."""
