"""Reciprocal-rank fusion, by numbers worked out by hand."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.retrieve.fusion import reciprocal_rank


def test_by_hand() -> None:
    fused = reciprocal_rank([["a", "b", "c"], ["c", "b"], ["d"]])
    by_hand = {
        "c": Fraction(1, 63) + Fraction(1, 61),
        "b": Fraction(1, 62) + Fraction(1, 62),
        "a": Fraction(1, 61),
        "d": Fraction(1, 61),
    }
    assert [key for key, _ in fused] == ["c", "b", "a", "d"]
    assert dict(fused) == pytest.approx({key: float(score) for key, score in by_hand.items()})


def test_a_key_counts_once_a_ranking_at_its_best_place() -> None:
    assert reciprocal_rank([["a", "a", "b"]]) == [("a", 1 / 61), ("b", 1 / 62)]


def test_weights() -> None:
    assert [key for key, _ in reciprocal_rank([["a"], ["b"]], [1.0, 2.0])] == ["b", "a"]
    with pytest.raises(ValueError, match="zip"):
        reciprocal_rank([["a"]], [1.0, 2.0])


def test_of_nothing_comes_nothing() -> None:
    assert reciprocal_rank([]) == reciprocal_rank([[], []]) == []


@given(st.lists(st.lists(st.integers(0, 8), max_size=8), max_size=5))
def test_every_key_once_and_best_first(rankings: list[list[int]]) -> None:
    fused = reciprocal_rank(rankings)
    keys = [key for key, _ in fused]
    scores = [score for _, score in fused]
    assert sorted(keys) == sorted({key for ranking in rankings for key in ranking})
    assert scores == sorted(scores, reverse=True)
