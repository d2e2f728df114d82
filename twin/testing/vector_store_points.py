"""The vector store's contract: the collection and its points.

In: a store. Out: tests that what is stored comes back as it was, until it is deleted.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

from dataclasses import replace
from typing import Any

import pytest

from twin.documents import Audience, Kind
from twin.errors import IndexMismatch
from twin.points import Point, SparseVector, VectorStore
from twin.testing.vector_store_fixtures import (
    ANY,
    EAST,
    INFO,
    NO_TERMS,
    NORTH,
    SOUTH,
    Opener,
    VectorStoreFixtures,
    key,
    payload,
    point,
)


class PointsContract(VectorStoreFixtures):
    """Making, filling and emptying a collection."""

    def test_a_collection_is_made_once(self, opener: Opener) -> None:
        store = opener()
        assert store.info() is None
        store.ensure(INFO)
        store.upsert([point(1)])
        store.ensure(INFO)
        assert (store.info(), store.count()) == (INFO, 1)
        store.close()

    @pytest.mark.parametrize(
        "other", [{"embedder": "other"}, {"dimension": 5}, {"sparse": "bm25:german"}]
    )
    def test_another_make_is_refused_with_both_named(
        self, store: VectorStore, other: dict[str, Any]
    ) -> None:
        store.upsert([point(1)])
        with pytest.raises(IndexMismatch) as raised:
            store.ensure(replace(INFO, **other))
        for name, value in other.items():
            assert str(value) in str(raised.value)
            assert str(getattr(INFO, name)) in str(raised.value)
        assert raised.value.hint
        assert (store.info(), store.count()) == (INFO, 1)

    def test_clearing_leaves_nothing_and_another_make_may_follow(self, store: VectorStore) -> None:
        store.upsert([point(1)])
        store.clear()
        assert store.info() is None
        store.clear()
        store.ensure(replace(INFO, dimension=2, embedder="other"))
        assert store.count() == 0
        store.upsert([point(1, [1.0, 0.0])])
        assert [hit.id for hit in store.search([[1.0, 0.0]], ANY, 5)[0]] == [key(1)]

    def test_everything_is_there_after_opening_again(
        self, opener: Opener, store: VectorStore
    ) -> None:
        if not self.durable:
            pytest.skip("this store keeps nothing once it is closed")
        store.upsert([point(1, NORTH, SparseVector([7], [2.0]), tags=("a",)), point(2), point(3)])
        store.set_payload({key(2): payload(version=2)})
        store.delete([key(3)])
        before = dict(store.scroll())
        store.close()
        again = opener()
        assert again.info() == INFO
        again.ensure(INFO)
        assert dict(again.scroll()) == before
        dense, sparse = again.search([NORTH, SparseVector([7], [1.0])], ANY, 1)
        assert [hit.id for hit in [*dense, *sparse]] == [key(1), key(1)]
        again.close()

    def test_closing_twice_is_no_error(self, store: VectorStore) -> None:
        store.close()
        store.close()

    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"published": 0},
            {"published": -(2**31) - 5},
            {"published": 253_402_300_799},
            {"tags": ("sea", "moon, and sun", "", "è😀", "sea")},
            {
                "author": "zoë-ó-neil",
                "source": "https://example.org/ü?a=b#😀\n\0",
                "platform": "x.y",
            },
            {"author": "", "kind": Kind.MESSAGE, "audience": Audience.PRIVATE},
            {"version": 2**31, "start": 2**40, "end": 2**40 + 1, "passage_end": 2**41},
        ],
    )
    def test_a_payload_comes_back_as_it_was(
        self, store: VectorStore, values: dict[str, Any]
    ) -> None:
        store.upsert([point(1, **values)])
        wanted = payload(**values)
        assert dict(store.scroll()) == {key(1): wanted}
        assert store.points_of(["tide"]) == {"tide": {key(1): wanted}}
        [[hit]] = store.search([EAST], ANY, 1)
        assert hit.payload == wanted

    def test_storing_again_replaces(self, store: VectorStore) -> None:
        store.upsert([point(1, EAST, SparseVector([1], [1.0]), tags=("a",)), point(2, EAST)])
        for _ in range(2):
            store.upsert([point(1, NORTH, SparseVector([2], [1.0]), version=2)])
        assert store.count() == 2
        assert dict(store.scroll())[key(1)] == payload(version=2)
        old, new, dense = store.search(
            [SparseVector([1], [1.0]), SparseVector([2], [1.0]), NORTH], ANY, 1
        )
        assert (old, [hit.id for hit in [*new, *dense]]) == ([], [key(1), key(1)])

    def test_another_payload_leaves_the_vectors(self, store: VectorStore) -> None:
        store.upsert(
            [
                point(1, NORTH, SparseVector([7], [3.0]), published=5, tags=("a",)),
                point(2, SOUTH, SparseVector([8], [3.0])),
            ]
        )
        before = store.search([NORTH, SparseVector([7], [1.0])], ANY, 1)
        store.set_payload({key(1): payload(document="moon", version=2, author="bo")})
        after = store.search([NORTH, SparseVector([7], [1.0])], ANY, 1)
        assert [h[0].id for h in after] == [key(1), key(1)]
        assert [h[0].score for h in after] == pytest.approx([h[0].score for h in before])
        assert dict(store.scroll())[key(1)] == payload(document="moon", version=2, author="bo")
        assert dict(store.scroll())[key(2)] == payload()
        assert store.points_of(["moon", "tide"]).keys() == {"moon", "tide"}
        assert set(store.points_of(["moon"])["moon"]) == {key(1)}

    def test_unknown_ids_are_deleted_without_an_error(self, store: VectorStore) -> None:
        store.upsert([point(1), point(2)])
        store.delete([key(9), key(1), key(1)])
        store.delete([key(1)])
        assert [identity for identity, _ in store.scroll()] == [key(2)]

    def test_the_points_of_some_documents(self, store: VectorStore) -> None:
        store.upsert([point(n, document="ab"[n % 2]) for n in range(5)] + [point(9, document="c")])
        found = store.points_of(["a", "b", "none"])
        assert {name: set(points) for name, points in found.items()} == {
            "a": {key(0), key(2), key(4)},
            "b": {key(1), key(3)},
            "none": set(),
        }

    def test_nothing_asked_is_nothing_done(self, store: VectorStore) -> None:
        store.upsert([point(1)])
        store.upsert([])
        store.set_payload({})
        store.delete([])
        assert store.points_of([]) == {}
        assert store.search([], ANY, 5) == []
        assert store.count() == 1

    def test_more_points_than_one_page_holds(self, store: VectorStore) -> None:
        wanted = {key(n): payload(document="big", start=n) for n in range(2100)}
        store.upsert([Point(identity, EAST, NO_TERMS, value) for identity, value in wanted.items()])
        scrolled = list(store.scroll())
        assert len(scrolled) == store.count() == 2100
        assert dict(scrolled) == wanted
        assert store.points_of(["big"]) == {"big": wanted}
        moved = {identity: replace(value, version=2) for identity, value in wanted.items()}
        store.set_payload(moved)
        assert dict(store.scroll()) == moved
        store.delete(list(wanted))
        assert (store.count(), list(store.scroll())) == (0, [])
