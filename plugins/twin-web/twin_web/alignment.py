"""Which runs of a page an extractor chose.

In: the runs, and the plain text that the extractor made of the page. Out: the runs marked as kept.

The extractor gives text without its place. Runs that are long and stand on the page only once give
anchors; the longest chain of them that is in the same order on both sides divides page and text
into gaps, and inside each gap the shorter runs are found in their order.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from twin_web.runs import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twin_web.runs import Run

GRAM: Final = 3
"""Words of the shingles by which a long run is recognised."""

LONG: Final = 5
"""Words from which a run is recognised wherever it stands."""

ENOUGH: Final = 0.7
"""The part of a long run's shingles that must be in the text; some words may be gone from it."""

NEAR: Final = 20
"""Runs before the first anchor in which one of one or two words may still belong to the text."""


class _Anchor(NamedTuple):
    run: int
    word: int
    length: int


class _Extracted:
    """The text of the extractor, to find words in."""

    def __init__(self, text: str) -> None:
        self.words: list[str] = []
        self.grams: dict[tuple[str, ...], list[int]] = defaultdict(list)
        self._starts: set[int] = set()
        self._at: dict[str, list[int]] = defaultdict(list)
        for piece in re.split(r"[\n|]", text):
            self._starts.add(len(self.words))
            self.words += WORD.findall(piece)
        for index, word in enumerate(self.words):
            self._at[word].append(index)
            self.grams[tuple(self.words[index : index + GRAM])].append(index)

    def find(self, words: list[str], start: int, end: int, *, last: bool = False) -> int:
        """Return where `words` begin between two positions, -1 if they do not.

        They must begin a line or a cell, or stand right at `start`.
        """
        places = self._at.get(words[0], [])
        places = places[bisect_left(places, start) : bisect_right(places, end - len(words))]
        for place in reversed(places) if last else places:
            begins = place in self._starts or place == start
            if begins and self.words[place : place + len(words)] == words:
                return place
        return -1


def mark_extracted(runs: Sequence[Run], text: str) -> None:
    """Mark the runs of which the extractor's `text` was made."""
    extracted = _Extracted(text)
    anchors = _chain(_anchors(runs, extracted))
    if not anchors:
        _mark_in_order(runs, extracted)
        return
    first = anchors[0]
    end = first.word
    for index in range(first.run - 1, -1, -1):
        run = runs[index]
        if run.kept or (len(run.words) < GRAM and first.run - index >= NEAR):
            continue
        if (found := extracted.find(run.words, 0, end, last=True)) >= 0:
            run.kept, end = True, found
    following = [*anchors[1:], _Anchor(len(runs), len(extracted.words), 0)]
    for anchor, after in zip(anchors, following, strict=True):
        start = min(anchor.word + anchor.length, after.word)
        for run in runs[anchor.run + 1 : after.run]:
            if run.kept:
                continue
            if (found := extracted.find(run.words, start, after.word)) >= 0:
                run.kept, start = True, found + len(run.words)


def _mark_in_order(runs: Sequence[Run], extracted: _Extracted) -> None:
    """Keep what follows on each other as in the text, where nothing is long enough for an anchor."""
    found: list[Run] = []
    start = 0
    for run in runs:
        if (place := extracted.find(run.words, start, len(extracted.words))) >= 0:
            found.append(run)
            start = place + len(run.words)
    if sum(len(run.words) for run in found) >= ENOUGH * max(1, len(extracted.words)):
        for run in found:
            run.kept = True


def _anchors(runs: Sequence[Run], extracted: _Extracted) -> list[_Anchor]:
    """Keep the long runs that stand on the page once, and return those whose place is certain."""
    times = Counter(tuple(run.words) for run in runs)
    anchors = []
    for index, run in enumerate(runs):
        count = len(run.words)
        if count < LONG or times[tuple(run.words)] > 1:
            continue
        grams = [tuple(run.words[i : i + GRAM]) for i in range(count - GRAM + 1)]
        places = [extracted.grams.get(gram, []) for gram in grams]
        if sum(map(bool, places)) < ENOUGH * len(grams):
            continue
        run.kept = True
        certain = next((i for i, found in enumerate(places) if len(found) == 1), None)
        if certain is not None:
            anchors.append(_Anchor(index, max(0, places[certain][0] - certain), count))
    return anchors


def _chain(anchors: list[_Anchor]) -> list[_Anchor]:
    """Return the longest chain of anchors that are in order on both sides (patience sorting)."""
    ends: list[int] = []
    owners: list[int] = []
    before = [-1] * len(anchors)
    for index, anchor in enumerate(anchors):
        rank = bisect_left(ends, anchor.word)
        ends[rank : rank + 1] = [anchor.word]
        owners[rank : rank + 1] = [index]
        before[index] = owners[rank - 1] if rank else -1
    chain = []
    index = owners[-1] if owners else -1
    while index >= 0:
        chain.append(anchors[index])
        index = before[index]
    return chain[::-1]
