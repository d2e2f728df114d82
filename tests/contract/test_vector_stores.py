"""Every vector store passes the same suite, and LlamaIndex can read what the server's holds."""

import sys
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import twin
from twin.errors import IndexError, StoreInUse
from twin.index.payloads import to_fields
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.index.qdrant_server import QdrantServerStore
from twin.index.shared_store import SharedEdgeStore
from twin.points import SparseVector
from twin.scaffolding import write_plugin
from twin.testing.vector_store import VectorStoreContract
from twin.testing.vector_store_fixtures import EAST, INFO, NORTH, Opener, payload, point


class TestQdrantEdge(VectorStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return partial(QdrantEdgeStore, tmp_path / "index")

    def test_a_second_one_is_refused_until_the_first_is_closed(self, opener: Opener) -> None:
        first, second = opener(), opener()
        first.ensure(INFO)
        with pytest.raises(StoreInUse):
            second.ensure(INFO)
        first.close()
        second.ensure(INFO)
        second.close()

    def test_a_question_to_no_index_says_how_one_is_made(self, opener: Opener) -> None:
        with pytest.raises(IndexError, match="no index") as raised:
            opener().count()
        assert "twin sync" in raised.value.hint

    @pytest.mark.parametrize("content", ["", "{", '{"embedder": "x"}', "[]"])
    def test_a_broken_record_is_named_and_can_be_cleared(
        self, opener: Opener, tmp_path: Path, content: str
    ) -> None:
        first = opener()
        first.ensure(INFO)
        first.close()
        record = tmp_path / "index" / "collection.json"
        record.write_text(content)
        broken = opener()
        with pytest.raises(IndexError, match=r"collection\.json cannot be read") as raised:
            broken.ensure(INFO)
        assert "--rebuild" in raised.value.hint
        broken.clear()
        broken.ensure(INFO)
        assert broken.count() == 0
        broken.close()

    def test_what_a_creation_that_broke_off_left_is_no_collection(
        self, opener: Opener, tmp_path: Path
    ) -> None:
        first = opener()
        first.ensure(INFO)
        first.upsert([point(1)])
        first.close()
        (tmp_path / "index" / "collection.json").unlink()
        second = opener()
        assert second.info() is None
        second.ensure(INFO)
        assert second.count() == 0
        second.close()


class Kept:
    """A client in memory whose collections outlive the store that closes it."""

    def __init__(self) -> None:
        from qdrant_client import QdrantClient

        self.client = QdrantClient(":memory:")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def close(self) -> None:
        """Keep it open."""


class TestQdrantServer(VectorStoreContract):
    @pytest.fixture
    def client(self) -> Kept:
        return Kept()

    @pytest.fixture
    def opener(self, client: Kept) -> Opener:
        return partial(QdrantServerStore, client, "twin", "memory", in_memory=True)

    def test_a_collection_of_another_maker_is_named(self, client: Kept, opener: Opener) -> None:
        from qdrant_client import models

        size = models.VectorParams(size=4, distance=models.Distance.COSINE)
        client.create_collection("twin", vectors_config=size)
        with pytest.raises(IndexError, match="'twin' of memory was not made by twin"):
            opener().ensure(INFO)

    def test_llama_index_can_search_it(self, client: Kept, opener: Opener) -> None:
        from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
        from llama_index.vector_stores.qdrant import QdrantVectorStore

        store = opener()
        store.ensure(INFO)
        store.upsert(
            [
                point(1, EAST, SparseVector([7], [2.0]), published=5, tags=("sea",)),
                point(2, NORTH, SparseVector([8], [2.0]), document="moon"),
            ]
        )

        def encoded(texts: list[str]) -> tuple[list[list[int]], list[list[float]]]:
            return [[8]] * len(texts), [[1.0]] * len(texts)

        theirs = QdrantVectorStore(
            "twin",
            client=client.client,
            dense_vector_name="dense",
            sparse_vector_name="sparse",
            text_key="source",  # the text itself rests in the warehouse alone
            enable_hybrid=True,
            sparse_query_fn=encoded,
            sparse_doc_fn=encoded,
        )
        dense = theirs.query(VectorStoreQuery(query_embedding=EAST, similarity_top_k=1))
        assert [node.metadata for node in dense.nodes or []] == [
            to_fields(payload(published=5, tags=("sea",)))
        ]
        sparse = theirs.query(
            VectorStoreQuery(
                query_str="moon",
                query_embedding=EAST,
                sparse_top_k=1,
                mode=VectorStoreQueryMode.SPARSE,
            )
        )
        assert [node.metadata["document_id"] for node in sparse.nodes or []] == ["moon"]


def test_a_server_that_is_not_there_is_named() -> None:
    from twin.basics.vector_stores import COMPONENTS

    component = next(one for one in COMPONENTS if one.name == "qdrant")
    ctx = twin.BuildContext(cache=Path(), data=Path())
    store = component.build(component.options(url="http://127.0.0.1:9", timeout=2), ctx)
    with pytest.raises(
        IndexError, match=r"'twin' of http://127\.0\.0\.1:9 cannot be used"
    ) as raised:
        store.info()
    assert "server up" in raised.value.hint
    store.close()


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = write_plugin("twin-shelf", "vector-store", tmp_path_factory.mktemp("plugin"))
    sys.path.insert(0, str(folder / "src"))
    yield import_module("twin_shelf")
    sys.path.remove(str(folder / "src"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "twin_shelf"]:
        del sys.modules[name]


class TestTheTemplate(VectorStoreContract):
    @pytest.fixture
    def opener(self, plugin: ModuleType, tmp_path: Path) -> Opener:
        ctx = twin.BuildContext(cache=tmp_path, data=tmp_path / "index")
        return partial(plugin.build, plugin.StoreOptions(), ctx)


class TestSharedByItsOwner(VectorStoreContract):
    """The embedded store in the process that owns it."""

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return partial(SharedEdgeStore, tmp_path / "index")
