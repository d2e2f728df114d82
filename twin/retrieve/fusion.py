"""Fusion of searches: one order from many, by the scores.

In: the hits of several searches, each with its own kind of score. Out: keys with their fused scores,
best first.

Each search says how near a hit is in units of its own, so its scores are made shares of its best
one, and the mean of the shares is taken: a convex combination with equal weights, which Bruch, Gai
and Ingber ("An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023) found better than
ranks, because a rank does not tell a clear first from one of many alike. The lower end is their
theoretical minimum, 0 for BM25 and for the cosine of texts, moved up to the last hit where there was
more than was returned: what a search did not return is at most as near as that.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


def fuse(searches: Sequence[Sequence[tuple[KeyT, float]]], limit: int) -> list[tuple[KeyT, float]]:
    """Return every key with the mean over the searches of ``(score - lowest) / best``, 0 to 1.

    A key that a search holds twice counts with its best score, and one that it does not hold with 0.
    A search whose scores are all alike hence says little, and one without a score above 0 nothing.
    Ties keep the order in which the keys were first met.

    Args:
        searches: keys with scores, best first.
        limit: how many hits each search was asked for; with fewer it returned all that it has.
    """
    fused: dict[KeyT, float] = defaultdict(float)
    for search in searches:
        lowest = max(search[-1][1], 0.0) if len(search) >= limit else 0.0
        best = search[0][1] if search else 0.0
        scores: dict[KeyT, float] = {}
        for key, score in search:
            scores.setdefault(key, score)
        for key, score in scores.items():
            share = (score - lowest) / best if score > lowest else 0.0
            fused[key] += share / len(searches)
    return sorted(fused.items(), key=lambda item: -item[1])
