"""What gives a pair away: how well one thing that is counted tells chosen from rejected.

In: pairs of texts. Out: for each thing the area under the curve, 0.5 if it tells nothing and 1 if it tells
all. A preference set in which length, a mark or the first word tells the two apart teaches that, and no
voice; what an author's voice itself is (the first person, contractions) shows here too, and may.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from twin.datasets.words import code_share, words

FOLDS: Final = 5
FEWEST: Final = 40
"""Pairs below which an area is chance."""

_DASH: Final = re.compile(r"[—–]|\s--?-?\s")
_ITEM: Final = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]", re.MULTILINE)
_CONTRACTED: Final = re.compile(r"\w['’](?:t|s|m|d|re|ve|ll)\b", re.IGNORECASE)
_FIRST_PERSON: Final = re.compile(r"\b(?:I|me|my|mine|myself)\b")

Pairs = Sequence[tuple[str, str]]
"""Chosen and rejected."""

COUNTED: Final[dict[str, Callable[[str], float]]] = {
    "characters": len,
    "lines": lambda text: text.count("\n"),
    "list items": lambda text: len(_ITEM.findall(text)),
    "code": code_share,
    "links": lambda text: text.count("]("),
    "length of words": lambda text: sum(map(len, text.split())) / max(len(text.split()), 1),
    "commas": lambda text: text.count(",") / max(len(text), 1),
    "colons": lambda text: text.count(":") / max(len(text), 1),
    "dashes": lambda text: len(_DASH.findall(text)) / max(len(text), 1),
    "brackets": lambda text: text.count("(") / max(len(text), 1),
    "contractions": lambda text: len(_CONTRACTED.findall(text)) / max(len(text), 1),
    "first person": lambda text: len(_FIRST_PERSON.findall(text)) / max(len(text), 1),
}
"""What is counted of a text, by name."""

SHOWN: Final[dict[str, Callable[[str], str]]] = {
    "first character": lambda text: text[:1],
    "first word": lambda text: " ".join(words(text[:80])[:1]),
    "first two words": lambda text: " ".join(words(text[:80])[:2]),
    "last three words": lambda text: " ".join(words(text[-80:])[-3:]),
}
"""What is seen of a text at its ends, by name."""


def tells(pairs: Pairs) -> dict[str, float]:
    """Return the area under the curve of everything that is counted or seen; nothing of a few pairs.

    What is seen is a rate learned from four fifths of the pairs and tried on the fifth.
    """
    if len(pairs) < FEWEST:
        return {}
    found = {
        name: _area([count(one) for one, _ in pairs], [count(other) for _, other in pairs])
        for name, count in COUNTED.items()
    }
    found |= {name: _area(*_rates(pairs, look)) for name, look in SHOWN.items()}
    return {name: round(max(area, 1 - area), 4) for name, area in found.items()}


def _area(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the chance that a value of `one` is above a value of `other` (Mann and Whitney)."""
    ordered = sorted(other)
    above = math.fsum(
        (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in one
    )
    return above / (len(one) * len(other))


def _rates(pairs: Pairs, look: Callable[[str], str]) -> tuple[list[float], list[float]]:
    seen = [(look(one), look(other)) for one, other in pairs]
    rates: tuple[list[float], list[float]] = ([], [])
    for fold in range(FOLDS):
        learned = [pair for place, pair in enumerate(seen) if place % FOLDS != fold]
        chosen = Counter(one for one, _ in learned)
        rejected = Counter(other for _, other in learned)
        for pair in seen[fold::FOLDS]:
            for side, value in zip(rates, pair, strict=True):
                side.append((chosen[value] + 0.5) / (rejected[value] + 0.5))
    return rates
