"""What the parts of the vector store's contract share.

In: the fixture `opener` of a subclass. Out: an open store, closed after the test, and points to put
into it.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from twin.documents import Audience, Kind
from twin.points import CollectionInfo, Filters, Payload, Point, SparseVector, VectorStore

Opener = Callable[[], VectorStore]

INFO = CollectionInfo(embedder="hash:ünï", dimension=4, sparse="bm25:english")
ANY = Filters(audience=Audience.PRIVATE)
EAST, NORTH, SOUTH = [1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]
NO_TERMS = SparseVector([], [])


def key(number: int) -> str:
    """Return a point's id."""
    return str(uuid.UUID(int=number))


def payload(document: str = "tide", **values: Any) -> Payload:
    """Return a payload; `values` are fields of `Payload`."""
    made = Payload(
        document_id=document,
        version=1,
        start=0,
        end=4,
        passage_start=0,
        passage_end=9,
        author="ada",
        kind=Kind.ARTICLE,
        platform="file",
        audience=Audience.PUBLIC,
        source=f"file:notes/{document}",
        embedded_hash="0" * 64,
    )
    return replace(made, **values)


def point(
    number: int,
    dense: Sequence[float] = EAST,
    sparse: SparseVector = NO_TERMS,
    **values: Any,
) -> Point:
    """Return a point; `values` are fields of its payload."""
    return Point(key(number), dense, sparse, payload(**values))


class VectorStoreFixtures:
    """Gives the tests a store."""

    durable = True
    """Whether the points outlive the store that is closed."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Return what opens the store; a subclass must override this."""
        message = "a subclass of VectorStoreContract must have a fixture `opener`"
        raise NotImplementedError(message)

    @pytest.fixture
    def store(self, opener: Opener) -> Iterator[VectorStore]:
        """Open the store with a collection in it, and close it after the test."""
        store = opener()
        store.ensure(INFO)
        yield store
        store.close()
