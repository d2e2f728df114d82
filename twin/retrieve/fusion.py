"""Reciprocal-rank fusion: one order from many.

In: ranked lists of keys. Out: keys with their fused scores, best first.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

RRF_K = 60
"""The constant of Cormack, Clarke and Büttcher (SIGIR 2009), who found it good everywhere."""

KeyT = TypeVar("KeyT", bound=Hashable)


def reciprocal_rank(
    rankings: Sequence[Sequence[KeyT]], weights: Sequence[float] | None = None
) -> list[tuple[KeyT, float]]:
    """Return every key with the sum of ``weight / (60 + rank)`` over the rankings.

    A key that a ranking holds twice counts at its best place, and takes up one place. Ties keep the
    order in which the keys were first met.

    Args:
        rankings: best first; ranks count from 1.
        weights: one a ranking, all 1 by default.
    """
    scores: dict[KeyT, float] = defaultdict(float)
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, key in enumerate(dict.fromkeys(ranking), start=1):
            scores[key] += weight / (RRF_K + rank)
    return sorted(scores.items(), key=lambda item: -item[1])
