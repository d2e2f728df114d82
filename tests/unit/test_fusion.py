"""Fusion by scores, by numbers worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.retrieve.fusion import fuse

WHOLE = 100
"""More than any search here returns: so each returned all that it has."""


def test_by_hand() -> None:
    dense = [("a", 0.8), ("b", 0.6), ("c", 0.4)]
    sparse = [("c", 10.0), ("b", 5.0)]
    fused = fuse([dense, sparse], WHOLE)
    # a: 0.8/0.8 and nothing, c: 0.4/0.8 and 10/10, b: 0.6/0.8 and 5/10, each over two searches.
    assert fused == [("c", 0.75), ("b", 0.625), ("a", 0.5)]


def test_what_was_left_out_is_at_most_as_near_as_the_last() -> None:
    dense = [("a", 0.8), ("b", 0.6), ("c", 0.4)]
    assert dict(fuse([dense], 3)) == pytest.approx({"a": 0.5, "b": 0.25, "c": 0.0})
    # The last of a search that was cut is worth no more there than what it does not hold.
    fused = dict(fuse([dense, [("c", 2.0), ("d", 1.0), ("e", 1.0)]], 3))
    assert fused["c"] == pytest.approx(0.25)


def test_a_search_that_cannot_tell_its_hits_apart_leaves_the_order_to_the_other() -> None:
    alike = [(key, 0.7 - n / 1000) for n, key in enumerate("abcd")]
    clear = [("d", 9.0), ("c", 3.0), ("b", 2.0), ("a", 1.0)]
    assert [key for key, _ in fuse([alike, clear], 4)] == ["d", "c", "b", "a"]


def test_a_key_counts_once_a_search_with_its_best_score() -> None:
    assert fuse([[("a", 4.0), ("b", 2.0), ("a", 1.0)]], WHOLE) == [("a", 1.0), ("b", 0.5)]


def test_what_is_opposite_is_not_near() -> None:
    fused = fuse([[("a", -0.1), ("b", -0.9)], [("b", 1.0)]], WHOLE)
    assert fused == [("b", 0.5), ("a", 0.0)]
    assert dict(fuse([[("a", 0.5), ("b", -0.5)]], WHOLE)) == {"a": 1.0, "b": 0.0}


def test_of_nothing_comes_nothing() -> None:
    assert fuse([], WHOLE) == fuse([[], []], WHOLE) == []
    assert fuse([[("a", 0.0), ("b", 0.0)], []], WHOLE) == [("a", 0.0), ("b", 0.0)]


_search = st.lists(
    st.tuples(st.integers(0, 8), st.floats(-1, 30, allow_nan=False)), max_size=8
).map(lambda hits: sorted(hits, key=lambda hit: -hit[1]))


@given(st.lists(_search, max_size=5), st.integers(1, 10))
def test_every_key_once_and_best_first(searches: list[list[tuple[int, float]]], limit: int) -> None:
    fused = fuse(searches, limit)
    scores = [score for _, score in fused]
    assert sorted(key for key, _ in fused) == sorted({key for one in searches for key, _ in one})
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in scores)


@given(st.lists(_search, max_size=5), st.floats(0.001, 1000))
def test_the_unit_of_a_search_makes_no_difference(
    searches: list[list[tuple[int, float]]], unit: float
) -> None:
    other = [[(key, score * unit) for key, score in search] for search in searches]
    assert dict(fuse(other, 8)) == pytest.approx(dict(fuse(searches, 8)))
