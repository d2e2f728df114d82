"""Finding the top of the tide, and arguing with the printed table about it."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidewatch.readings import Reading

# High waters come about 12 h 25 min apart. Three hours either side is enough to
# be sure of one and too little to swallow two.
RIVALS_WITHIN = timedelta(hours=3)

# How much of the top to fit. Ninety minutes in all: more, and the estuary's
# lopsided ebb drags the vertex late; less, and the waves decide.
FIT_WITHIN = timedelta(minutes=45)
FIT_LEAST = 30

# A prediction further off than this belongs to some other tide.
SAME_TIDE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class HighWater:
    """When the river turned, and how high it stood."""

    at: datetime
    level_m: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Observed less predicted. Positive is later, and higher."""

    predicted: HighWater
    observed: HighWater

    @property
    def minutes(self) -> float:
        return (self.observed.at - self.predicted.at).total_seconds() / 60

    @property
    def metres(self) -> float:
        return self.observed.level_m - self.predicted.level_m


def peaks(levels: Sequence[Reading]) -> list[int]:
    """Indexes of readings that nothing within `RIVALS_WITHIN` beats.

    The deque holds the indexes still in with a chance, highest first, so that
    two years of minutes is one pass and not three hundred and sixty.
    """
    found: list[int] = []
    rivals: deque[int] = deque()
    ahead = 0
    for i, here in enumerate(levels):
        while ahead < len(levels) and levels[ahead].at <= here.at + RIVALS_WITHIN:
            while rivals and levels[rivals[-1]].level_m < levels[ahead].level_m:
                rivals.pop()
            rivals.append(ahead)
            ahead += 1
        while levels[rivals[0]].at < here.at - RIVALS_WITHIN:
            rivals.popleft()
        # On a plateau the first of equals is at the front. It will do; the fit
        # moves it to the middle.
        if rivals[0] == i:
            found.append(i)
    return found


def fit_vertex(points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Top of the least-squares parabola through `points`, or None if it has none.

    Cramer's rule on the normal equations. For three unknowns and well-behaved
    x (we centre it) this is fine, and it spares the world a dependency.
    """
    s = [sum(x**k for x, _ in points) for k in range(5)]
    t = [sum(y * x**k for x, y in points) for k in range(3)]

    def det(a, b, c):
        return (
            a[0] * (b[1] * c[2] - b[2] * c[1])
            - b[0] * (a[1] * c[2] - a[2] * c[1])
            + c[0] * (a[1] * b[2] - a[2] * b[1])
        )

    one, two, three = s[0:3], s[1:4], s[2:5]
    whole = det(one, two, three)
    if whole == 0:
        return None
    c0 = det(t, two, three) / whole
    c1 = det(one, t, three) / whole
    c2 = det(one, two, t) / whole
    if c2 >= 0:  # a valley, or a flat calm; either way nothing turned here
        return None
    x = -c1 / (2 * c2)
    return x, c0 + c1 * x / 2


def high_waters(levels: Sequence[Reading]) -> list[HighWater]:
    """Every high water that the log is good enough to vouch for."""
    found: list[HighWater] = []
    for i in peaks(levels):
        centre = levels[i].at
        lo = hi = i
        while lo > 0 and levels[lo - 1].at >= centre - FIT_WITHIN:
            lo -= 1
        while hi < len(levels) and levels[hi].at <= centre + FIT_WITHIN:
            hi += 1
        # Hours from the peak, so that x to the fourth stays a sane size.
        points = [((r.at - centre).total_seconds() / 3600, r.level_m) for r in levels[lo:hi]]
        # A log that starts or stops mid-tide has an end that looks like a peak.
        one_sided = points[0][0] > -0.5 or points[-1][0] < 0.5
        if one_sided or len(points) < FIT_LEAST:
            continue
        top = fit_vertex(points)
        if top is None or abs(top[0]) > FIT_WITHIN.total_seconds() / 3600:
            continue
        found.append(HighWater(centre + timedelta(hours=top[0]), top[1]))
    return found


def compare(observed: Sequence[HighWater], predicted: Sequence[HighWater]) -> list[Difference]:
    """Pair each prediction with the nearest high water that really came."""
    out: list[Difference] = []
    for guess in predicted:
        nearest = min(observed, key=lambda real: abs(real.at - guess.at), default=None)
        if nearest is not None and abs(nearest.at - guess.at) <= SAME_TIDE:
            out.append(Difference(guess, nearest))
    return out


def verdict(differences: Sequence[Difference]) -> str:
    """One line that can be read out over VHF."""
    if not differences:
        return "No tide in the log matches the table."
    late = statistics.median(d.minutes for d in differences)
    surge = max(differences, key=lambda d: d.metres)
    word = "later" if late >= 0 else "earlier"
    return (
        f"{len(differences)} tides: {abs(late):.0f} min {word} than the table, "
        f"biggest surge {surge.metres:+.2f} m at {surge.observed.at:%Y-%m-%d %H:%M} UTC."
    )
