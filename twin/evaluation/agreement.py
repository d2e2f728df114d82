"""Do raters agree? Krippendorff's alpha and Cohen's weighted kappa.

In: ratings of the same things by several raters, or by one at several times. Out: 1 for perfect
agreement, 0 for what chance would give. A judge that does not agree with itself measures nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence


def krippendorff_alpha(units: Sequence[Sequence[int]], *, ordinal: bool = True) -> float:
    """Return Krippendorff's alpha (Computing Krippendorff's Alpha-Reliability, 2011).

    Args:
        units: the ratings that each thing was given; one with fewer than two is left out.
        ordinal: whether ratings are in an order; otherwise two of them are equal or not.

    Returns:
        NaN if there are no two ratings of one thing; 1 if all ratings are the same.
    """
    rated = [list(unit) for unit in units if len(unit) > 1]
    if not rated:
        return math.nan
    weights: dict[tuple[int, int], float] = {}
    for unit in rated:
        counts = Counter(unit)
        for one, n in counts.items():
            for other, m in counts.items():
                pairs = n * (m - (one == other))
                weights[one, other] = weights.get((one, other), 0.0) + pairs / (len(unit) - 1)
    values = sorted({value for unit in rated for value in unit})
    totals = {v: sum(weights.get((v, w), 0.0) for w in values) for v in values}
    total = sum(totals.values())

    def apart(one: int, other: int) -> float:
        if not ordinal:
            return float(one != other)
        low, high = sorted((one, other))
        between = sum(totals[v] for v in values if low <= v <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    observed = sum(weights.get((a, b), 0.0) * apart(a, b) for a in values for b in values)
    expected = sum(totals[a] * totals[b] * apart(a, b) for a in values for b in values)
    return 1.0 if not expected else 1 - (total - 1) * observed / expected


def weighted_kappa(one: Sequence[int], other: Sequence[int]) -> float:
    """Return Cohen's kappa with quadratic weights (Psychological Bulletin 70, 1968); NaN if empty."""
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415 - heavy

    if not one or len(set(one) | set(other)) < 2:  # noqa: PLR2004 - one value cannot disagree
        return math.nan
    return float(cohen_kappa_score(one, other, weights="quadratic"))
