"""How sure a figure is: bootstrap intervals over whole documents.

In: a statistic of rows, and the unit that each row belongs to. Out: an `Interval`. Rows of one
document are not independent, so documents are drawn and not rows (the cluster bootstrap).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.intp]

SAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bootstrap interval.

    Attributes:
        value: of all rows.
        low: the lower end, of the level that `bootstrap` was given; NaN where one thing alone was
            measured, of which nobody knows how much another would have differed.
        high: the upper end, likewise.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if not math.isfinite(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    def as_json(self) -> dict[str, float | None]:
        """Return what `--json` prints; JSON knows no NaN."""
        values = {"value": self.value, "low": self.low, "high": self.high}
        return {k: round(v, 6) if math.isfinite(v) else None for k, v in values.items()}


def bootstrap(
    statistic: Callable[[Rows], float],
    units: Sequence[Hashable],
    *,
    strata: Sequence[Hashable] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Interval:
    """Return a statistic with its 95% percentile interval.

    Whole units are drawn with replacement (Efron and Tibshirani, An Introduction to the Bootstrap,
    1993, chapters 8 and 13), within each stratum if there are any, so that no drawing lacks a class. Of
    a stratum with a single unit there is no interval.

    Args:
        statistic: of the rows with these indices, repeats included; NaN where it is undefined.
        units: of each row, what it belongs to: its document, or itself.
        strata: of each row, its class.
        samples: drawings.
        seed: of the generator; the same seed gives the same interval.
    """
    rng = np.random.default_rng(seed)
    rows: dict[Hashable, dict[Hashable, list[int]]] = {}
    for index, unit in enumerate(units):
        stratum = strata[index] if strata is not None else None
        rows.setdefault(stratum, {}).setdefault(unit, []).append(index)
    pools = [
        [np.asarray(members, dtype=np.intp) for members in stratum.values()]
        for stratum in rows.values()
    ]
    whole = statistic(np.arange(len(units), dtype=np.intp))
    if any(len(pool) == 1 for pool in pools):
        # What is drawn is always the same then, and an interval without width would say: quite sure.
        return Interval(float(whole), math.nan, math.nan)
    drawn = []
    for _ in range(samples):
        parts = [pool[i] for pool in pools for i in rng.integers(len(pool), size=len(pool))]
        drawn.append(statistic(np.concatenate(parts)))
    found = np.asarray(drawn, dtype=np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return Interval(float(whole), math.nan, math.nan)
    tail = (1 - LEVEL) / 2 * 100
    low, high = np.percentile(found, [tail, 100 - tail])
    return Interval(float(whole), float(low), float(high))


def mean_interval(
    values: Sequence[float], units: Sequence[Hashable] | None = None, *, seed: int = 0
) -> Interval:
    """Return the mean of values with its interval; without units each value stands for itself."""
    array = np.asarray(values, dtype=np.float64)
    if not len(array):
        return Interval(math.nan, math.nan, math.nan)
    return bootstrap(lambda rows: float(array[rows].mean()), units or range(len(array)), seed=seed)
