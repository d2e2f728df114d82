"""The vector store's contract: searching, by any number of threads.

In: a store. Out: tests that the best points are found, and none that may not be seen.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

import math
import random
import threading
from dataclasses import replace
from typing import Any

import pytest

from twin.documents import Audience, Kind
from twin.points import Filters, SparseVector, VectorStore
from twin.testing.vector_store_fixtures import (
    ANY,
    EAST,
    NO_TERMS,
    NORTH,
    SOUTH,
    VectorStoreFixtures,
    key,
    payload,
    point,
)


class SearchContract(VectorStoreFixtures):
    """Dense and sparse queries, filters, and threads."""

    def test_the_nearest_come_first(self, store: VectorStore) -> None:
        angles = [0.9, 0.1, 0.5, 0.3, 0.7]
        store.upsert([point(n, [math.cos(a), math.sin(a), 0.0, 0.0]) for n, a in enumerate(angles)])
        [hits] = store.search([EAST], ANY, 4)
        assert [hit.id for hit in hits] == [key(1), key(3), key(2), key(4)]
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[0].score == pytest.approx(math.cos(0.1), abs=1e-3)

    def test_of_many_all_of_the_nearest_are_found_with_exact_scores(
        self, store: VectorStore
    ) -> None:
        drawn = random.Random(3)  # noqa: S311 - no secret, and the same in every run
        directions = [[drawn.gauss(0, 1) for _ in range(4)] for _ in range(600)]
        store.upsert([point(n, values) for n, values in enumerate(directions)])
        asked = [drawn.gauss(0, 1) for _ in range(4)]

        def cosine(values: list[float]) -> float:
            lengths = math.hypot(*values) * math.hypot(*asked)
            return sum(a * b for a, b in zip(values, asked, strict=True)) / lengths

        nearest = sorted((cosine(values), key(n)) for n, values in enumerate(directions))[:-11:-1]
        [hits] = store.search([asked], ANY, 10)
        assert [hit.id for hit in hits] == [identity for _, identity in nearest]
        assert [hit.score for hit in hits] == pytest.approx(
            [score for score, _ in nearest], abs=1e-5
        )

    def test_length_says_nothing(self, store: VectorStore) -> None:
        store.upsert([point(1, [0.1, 0.0, 0.0, 0.0]), point(2, [30.0, 30.0, 0.0, 0.0])])
        assert [hit.id for hit in store.search([[5.0, 0.0, 0.0, 0.0]], ANY, 2)[0]] == [
            key(1),
            key(2),
        ]

    def test_words_are_found_the_rarer_the_better(self, store: VectorStore) -> None:
        store.upsert([point(n, sparse=SparseVector([1], [1.0])) for n in range(8)])
        store.upsert([point(8, sparse=SparseVector([4_294_967_295, 3], [1.0, 0.5]))])
        store.upsert([point(9, sparse=SparseVector([1, 3], [1.0, 2.0]))])
        query = SparseVector([1, 4_294_967_295, 3], [1.0, 1.0, 1.0])
        [hits] = store.search([query], ANY, 10)
        assert {hits[0].id, hits[1].id} == {key(8), key(9)}
        assert len(hits) == 10
        assert [h.id for h in store.search([SparseVector([3], [1.0])], ANY, 9)[0]] == [
            key(9),
            key(8),
        ]

    @pytest.mark.parametrize("query", [NO_TERMS, SparseVector([5, 6], [1.0, 1.0])])
    def test_without_a_common_word_nothing_is_found(
        self, store: VectorStore, query: SparseVector
    ) -> None:
        store.upsert([point(1, sparse=SparseVector([1], [1.0])), point(2)])
        assert store.search([query], ANY, 5) == [[]]

    def test_every_query_has_its_hits_in_order(self, store: VectorStore) -> None:
        store.upsert([point(1, EAST), point(2, NORTH, SparseVector([1], [1.0]))])
        found = store.search([NORTH, EAST, SparseVector([1], [1.0]), NORTH], ANY, 1)
        assert [[hit.id for hit in hits] for hits in found] == [[key(n)] for n in (2, 1, 2, 2)]

    def test_an_empty_collection_gives_nothing(self, store: VectorStore) -> None:
        assert store.search([EAST, SparseVector([1], [1.0])], ANY, 5) == [[], []]

    def test_a_text_without_terms_or_direction_can_be_stored(self, store: VectorStore) -> None:
        store.upsert([point(1, [0.0] * 4), point(2)])
        assert store.search([EAST], ANY, 1)[0][0].id == key(2)
        assert len(store.search([[0.0] * 4], ANY, 5)[0]) <= 2

    @pytest.mark.parametrize(
        ("audience", "found"), [("public", {1}), ("friends", {1, 2}), ("private", {1, 2, 3})]
    )
    def test_no_audience_sees_above_itself(
        self, store: VectorStore, audience: str, found: set[int]
    ) -> None:
        terms = SparseVector([1], [1.0])
        for number, whose in enumerate(Audience, 1):
            store.upsert([point(number, sparse=terms, audience=whose)])
        for hits in store.search([EAST, terms], Filters(audience=Audience(audience)), 9):
            assert {hit.id for hit in hits} == {key(number) for number in found}

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({}, {1, 2, 3, 4}),
            ({"authors": ("ada",)}, {1, 2}),
            ({"authors": ("ada", "bo")}, {1, 2, 3}),
            ({"authors": ("nobody",)}, set()),
            ({"authors": ("ad",)}, set()),
            ({"kinds": (Kind.POST, Kind.CODE)}, {2, 4}),
            ({"platforms": ("blog",)}, {3}),
            ({"document_ids": ("d1", "d4")}, {1, 4}),
            ({"since": 100}, {1, 2}),
            ({"since": 101}, {2}),
            ({"until": 100}, {3}),
            ({"until": 101}, {1, 3}),
            ({"since": -50, "until": 100}, {3}),
            ({"since": 0, "until": 0}, set()),
            ({"since": 100, "authors": ("ada",), "kinds": (Kind.POST,)}, {2}),
            ({"audience": Audience.PUBLIC, "authors": ("zoë", "bo")}, {3}),
        ],
    )
    def test_filters_narrow(
        self, store: VectorStore, values: dict[str, Any], found: set[int]
    ) -> None:
        terms = SparseVector([1], [1.0])
        store.upsert(
            [
                point(1, EAST, terms, document="d1", published=100),
                point(2, NORTH, terms, document="d2", published=4_000_000_000, kind=Kind.POST),
                point(3, EAST, terms, document="d3", author="bo", platform="blog", published=-50),
                point(
                    4,
                    SOUTH,
                    terms,
                    document="d4",
                    author="zoë",
                    kind=Kind.CODE,
                    audience=Audience.PRIVATE,
                ),
            ]
        )
        for hits in store.search([EAST, terms], replace(ANY, **values), 9):
            assert {hit.id for hit in hits} == {key(number) for number in found}

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({"languages": ("de",)}, {1}),
            ({"languages": ("de", "en")}, {1, 2}),
            ({"topics": ("tides",)}, {1, 2}),
            ({"topics": ("boats", "gauges")}, {1, 3}),
            ({"topics": ("tide",)}, set()),
            ({"entities": ("slackwater",)}, {2}),
            ({"topics": ("tides",), "languages": ("en",)}, {2}),
        ],
    )
    def test_what_was_found_in_the_texts_narrows(
        self, store: VectorStore, values: dict[str, Any], found: set[int]
    ) -> None:
        store.upsert(
            [
                point(1, EAST, language="de", topics=("tides", "boats")),
                point(2, NORTH, language="en", topics=("tides",), entities=("slackwater",)),
                point(3, SOUTH, topics=("gauges",)),
                point(4, EAST),
            ]
        )
        [hits] = store.search([EAST], replace(ANY, **values), 9)
        assert {hit.id for hit in hits} == {key(number) for number in found}

    def test_the_limit_counts_what_the_filters_leave(self, store: VectorStore) -> None:
        store.upsert([point(n, author="ada" if n % 50 == 0 else "bo") for n in range(300)])
        [hits] = store.search([EAST], replace(ANY, authors=("ada",)), 6)
        assert {hit.id for hit in hits} == {key(n) for n in range(0, 300, 50)}
        assert len(store.search([EAST], ANY, 7)[0]) == 7

    def test_threads_may_write_and_search_at_once(self, store: VectorStore) -> None:
        store.upsert([point(1)])
        failures: list[BaseException] = []
        together = threading.Barrier(8)

        def work(number: int) -> None:
            try:
                together.wait()
                for step in range(12):
                    one = 1000 * (number + 1) + step
                    store.upsert([point(one, NORTH, document=f"d{number}")])
                    assert store.search([EAST], ANY, 1)[0][0].id == key(1)
                    assert key(one) in store.points_of([f"d{number}"])[f"d{number}"]
                    store.set_payload({key(one): payload(f"d{number}", version=2)})
                    assert sum(1 for _ in store.scroll()) <= 8 * 12 + 1
                store.delete([key(1000 * (number + 1))])
            except BaseException as error:  # noqa: BLE001 - told to the test below
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.count() == 8 * 11 + 1
        versions = {p.version for identity, p in store.scroll() if identity != key(1)}
        assert versions == {2}
