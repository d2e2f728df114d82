"""Builders that several unit tests share."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twin.components import BuildContext
from twin.documents import Document, Kind
from twin.index.cache import VectorCache
from twin.index.embedder import Embedder
from twin.index.ledger import Ledger
from twin.index.making import Recipe
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.index.replace import Index
from twin.index.sparse import SparseEncoder
from twin.ingest.sync import Synced, sync
from twin.points import Filters, Payload
from twin.testing.fakes import hash_embedding
from twin.warehouse.sqlite import SQLiteWarehouse

COLLECTION = "files:notes"
CONSUMER = "index:test"


class Bench:
    """A warehouse, an embedded store and an index over them in one folder, without any weights.

    Attributes:
        refused: words whose texts the embedder refuses.
        embedded: every text that was really embedded.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused: set[str] = set()
        self.model: Any = hash_embedding(
            refuses=lambda text: any(word in text for word in self.refused)
        )
        self.warehouse = SQLiteWarehouse(folder / "warehouse.sqlite3")
        self.index = self.open()

    @property
    def embedded(self) -> list[str]:
        return [text for text in self.model.calls if text != "dimension"]

    def open(self, fingerprint: str = "recipe", embedder: str = "hash", **options: int) -> Index:
        """Open the index as a new process would, with options of the article parser."""
        from twin.basics import node_parsers

        ctx = BuildContext(cache=self.folder, data=self.folder, get_embedding=lambda: self.model)
        sizes = {"minimum": 100, "maximum": 200, **options}
        parser = node_parsers.COMPONENTS[0].build(node_parsers.StructureOptions(**sizes), ctx)
        self.recipe = Recipe(fingerprint, (), lambda _: parser)
        cache = VectorCache(self.folder / "cache" / f"{embedder}.sqlite3")
        self.index = Index(
            QdrantEdgeStore(self.folder / "index"),
            Ledger(self.folder / "ledger.sqlite3"),
            Embedder(embedder, lambda: self.model, cache, SparseEncoder()),
            self.recipe,
        )
        self._cache = cache
        return self.index

    def reopen(self, fingerprint: str = "recipe", embedder: str = "hash", **options: int) -> Index:
        self.close()
        return self.open(fingerprint, embedder, **options)

    def close(self) -> None:
        self.index.close()
        self._cache.close()

    def put(self, name: str, text: str, **fields: Any) -> str:
        document = Document(source=f"file:notes/{name}.md", text=text, **fields)
        return self.warehouse.put(document, collection=COLLECTION).document_id

    def sync(self) -> Synced:
        """Sync, and check that what the index then holds is true."""
        done = sync(self.warehouse, self.index, CONSUMER)
        if not done.applied.failures:
            self.check()
        return done

    def points(self, *identities: str) -> dict[str, Payload]:
        found = self.index.store.points_of(identities)
        return {key: payload for one in identities for key, payload in found[one].items()}

    def check(self) -> None:
        """Every point is of a document at rest, in its newest version, and none is missing."""
        from twin.index.passages import passages, pieces

        wanted = {}
        for summary in self.warehouse.summaries():
            stored = self.warehouse.get(summary.id)
            document = stored.document
            found = passages(document, self.recipe.parser(Kind.ARTICLE), [])
            for piece in pieces(document, found, self.index.embedder.window()):
                wanted[piece.id] = (stored.id, stored.version, piece.span, piece.embedded_hash)
        there = {
            key: (p.document_id, p.version, (p.start, p.end), p.embedded_hash)
            for key, p in self.index.store.scroll()
        }
        assert there == wanted
        assert self.index.ledger.counts() == (
            self.warehouse.counts().documents,
            self.index.store.count(),
        )

    def texts(self, question: str, filters: Filters) -> list[str]:
        """Return the texts that a search finds, best first."""
        [hits] = self.index.store.search([self.index.embedder.question(question)], filters, 3)
        found = []
        for hit in hits:
            stored = self.warehouse.get(hit.payload.document_id, hit.payload.version)
            found.append(stored.document.text[hit.payload.start : hit.payload.end])
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()
    bench.warehouse.close()


@pytest.fixture
def raising() -> Callable[..., Any]:
    """Return what makes a function that always raises."""

    def make(error: BaseException) -> Callable[..., Any]:
        def fail(*_: Any, **__: Any) -> Any:
            raise error

        return fail

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
async def past(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """Return a history; TEST_POSTGRES is the address of an empty database, where there is one."""
    from tests.histories import Past
    from twin.serving.history.tables import tables

    where: Path | str = tmp_path / "history.sqlite3"
    if request.param == "postgresql":
        where = os.environ.get("TEST_POSTGRES", "")
        if not where:
            pytest.skip("no PostgreSQL: name an empty database in TEST_POSTGRES")
    opened = Past(where)
    if request.param == "postgresql":
        async with opened.database.transaction() as connection:
            await connection.run_sync(tables.drop_all)
            await connection.run_sync(tables.create_all)
    yield opened
    await opened.database.close()
