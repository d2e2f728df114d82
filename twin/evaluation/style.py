"""How far texts are from an author, on a scale that the author's own writing and others' span.

In: a corpus, and texts that somebody or something wrote. Out: a `StyleReport`: 0 is the author's
own held-out writing, 1 is other people's, and every set of texts has its place with an interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import UsageError
from twin.evaluation.corpus import Corpus
from twin.evaluation.delta import Delta, impostor_scores
from twin.evaluation.features import FAMILIES
from twin.evaluation.intervals import Interval, Rows, bootstrap
from twin.evaluation.prose import WORD, Window, paragraphs, plain_text, windows
from twin.evaluation.verification import (
    Scores,
    Separation,
    area,
    separation,
    verified,
)

OWN, OTHERS = "the author, held out", "other people"
PASSES = 5.0
"""Percentile of the author's own held-out scores above which a text passes as the author's."""

FEWEST_WORDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where one set of texts stands.

    Attributes:
        name: of the set.
        texts: windows that were scored, and of how many texts.
        distance: median, 0 the author's own held-out writing, 1 other people's. Below 0 is more
            like the author than the author mostly is.
        passes: share of windows that score above the author's own lowest twentieth.
        auc: how often a window of the author's held-out writing scores above one of these; 0.5 says
            that they cannot be told apart.
        delta: median Burrows's Delta.
        impostors: median share of rounds in which the author is nearer than all impostors.
        distances: of each window.
        documents: of each window, the text that it is of.
    """

    name: str
    texts: tuple[int, int]
    distance: Interval
    passes: Interval
    auc: Interval
    delta: float
    impostors: float
    distances: tuple[float, ...]
    documents: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "name": self.name,
            "windows": self.texts[0],
            "texts": self.texts[1],
            "distance": self.distance.as_json(),
            "passes": self.passes.as_json(),
            "auc": self.auc.as_json(),
            "delta": round(self.delta, 4) if math.isfinite(self.delta) else None,
            "impostors": round(self.impostors, 4) if math.isfinite(self.impostors) else None,
            "distances": [round(one, 4) for one in self.distances],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleReport:
    """The scale, and what was placed on it.

    Attributes:
        words: of each window.
        told_apart: author and other people on held-out documents; where it is low, the scale is soft.
        marks: the author's own first, other people's second, then the sets in question.
        weights: the features that speak most for the author (positive) or against.
    """

    author: str
    words: int
    told_apart: Separation
    marks: tuple[Mark, ...]
    weights: Mapping[str, Sequence[tuple[str, float]]]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "author": self.author,
            "words": self.words,
            "told_apart": self.told_apart.as_json(),
            "marks": [mark.as_json() for mark in self.marks],
            "weights": {
                name: [[feature, round(weight, 4)] for feature, weight in found]
                for name, found in self.weights.items()
            },
        }


class Scale:
    """The scale of one author, made once and good for many sets of texts.

    Args:
        corpus: the author's writing and others'.
        words: of each window. Take as many as the texts in question have: short ones scatter more.
        families: what the verifier looks at.
        told: of the progress.

    Raises:
        UsageError: if there is too little writing of either side.
    """

    def __init__(
        self,
        corpus: Corpus,
        words: int = 100,
        families: Sequence[str] = FAMILIES,
        told: Callable[[int, int | None], None] = lambda _done, _all: None,
    ) -> None:
        self.author = corpus.author
        self.words = words
        self._windows, self._labels = corpus.windows(words)
        self._verifier, self._scores = verified(self._windows, self._labels, families, told)
        own = np.asarray(self._labels, dtype=bool)
        self._own_scores = self._scores[own]
        self._own_documents = [w.document for w, o in zip(self._windows, own, strict=True) if o]
        self._zero = float(np.median(self._own_scores))
        self._unit = self._zero - float(np.median(self._scores[~own]))
        self._lowest = float(np.percentile(self._own_scores, PASSES))
        texts = [w.text for w in self._windows]
        self._own = [t for t, o in zip(texts, own, strict=True) if o]
        self._others = [t for t, o in zip(texts, own, strict=True) if not o]
        self._delta = Delta(self._own, self._others)
        if self._unit <= 0:
            message = f"the style of {self.author} cannot be told from the others' here"
            raise UsageError(message, "take more writing in, or longer windows with --words")

    def report(self, sets: Mapping[str, Sequence[str]]) -> StyleReport:
        """Return the scale with sets of texts on it.

        Args:
            sets: texts by the name of their set; Markdown or prose.

        Raises:
            UsageError: if the texts of a set are too short to be judged.
        """
        documents = [w.document for w in self._windows]
        own = np.asarray(self._labels, dtype=bool)
        marks = [
            self._mark(OWN, self._own_scores, self._own_documents, []),
            self._mark(
                OTHERS,
                self._scores[~own],
                [d for d, o in zip(documents, own, strict=True) if not o],
                [],
            ),
        ]
        for name, texts in sets.items():
            cut = cut_texts(texts, self.words)
            if not cut:
                message = f"no text of {name} has {FEWEST_WORDS} words of prose"
                raise UsageError(message, "longer texts are needed to judge a style")
            plain = [w.text for w in cut]
            marks.append(
                self._mark(name, self._verifier.scores(plain), [w.document for w in cut], plain)
            )
        return StyleReport(
            author=self.author,
            words=self.words,
            told_apart=separation(self._scores, self._labels, documents),
            marks=tuple(marks),
            weights=self._verifier.weights(),
        )

    def distances(self, texts: Sequence[str]) -> list[float]:
        """Return the distance of each text, 0 the author's own held-out writing, 1 others'."""
        cut = ["\n".join(paragraphs(t)) or plain_text(t) for t in texts]
        return [float(d) for d in self._distances(self._verifier.scores(cut))]

    def _distances(self, scores: Scores) -> Scores:
        return (self._zero - scores) / self._unit

    def _mark(
        self, name: str, scores: Scores, documents: Sequence[str], texts: Sequence[str]
    ) -> Mark:
        distances = self._distances(scores)
        both = np.concatenate([self._own_scores, scores])
        sides = np.asarray([True] * len(self._own_scores) + [False] * len(scores))
        units = [*self._own_documents, *documents]

        def told_apart(rows: Rows) -> float:
            return area(both[rows], sides[rows])

        return Mark(
            name=name,
            texts=(len(scores), len(set(documents))),
            distance=bootstrap(lambda rows: float(np.median(distances[rows])), documents),
            passes=bootstrap(lambda rows: float((scores[rows] >= self._lowest).mean()), documents),
            auc=bootstrap(told_apart, units, strata=sides.tolist()),
            delta=float(np.median(self._delta.distances(texts))) if texts else float("nan"),
            impostors=self._impostors(texts),
            distances=tuple(float(d) for d in distances),
            documents=tuple(documents),
        )

    def _impostors(self, texts: Sequence[str]) -> float:
        if not texts:
            return float("nan")
        rng = np.random.default_rng(0)

        def some(pool: Sequence[str], most: int) -> list[str]:
            chosen = rng.choice(len(pool), size=min(most, len(pool)), replace=False)
            return [pool[i] for i in chosen]

        found = impostor_scores(some(texts, 40), some(self._own, 60), some(self._others, 120))
        return float(np.median(found))


def cut_texts(texts: Sequence[str], words: int) -> list[Window]:
    """Return windows of texts; a text that is shorter than a window is one window as it is.

    One below forty words is left out, because nothing can be said of its style.
    """
    found: list[Window] = []
    for number, text in enumerate(texts):
        plain = paragraphs(text) or [plain_text(text)]
        whole = windows(plain, words, str(number))
        if not whole and len(WORD.findall(" ".join(plain))) >= FEWEST_WORDS:
            whole = [Window("\n".join(plain), str(number))]
        found += whole
    return found
