"""Does a text sound like the person? A verifier of the home's own writing, kept until that changes.

In: a corpus and a folder for what can be made again. Out: a function from a text to a number, quick
enough to be called while an answer is shown.
"""

from __future__ import annotations

import hashlib
import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from twin.evaluation import delta, features, function_words, prose, verification
from twin.evaluation.corpus import Corpus
from twin.evaluation.delta import Delta
from twin.evaluation.prose import paragraphs
from twin.evaluation.verification import LEAST_DOCUMENTS, Verifier, verified

WORDS = 100
"""Words of the windows that it learns from: about as many as an answer has."""

MOST = 200
"""Windows of each side, so that it is learned in some ten seconds of processor time, however much there is.
More cost minutes and gain little: of matklad's and simonw's documents that were held out (500 windows) the area
under the curve was 0.997 with 100 of each side, and 0.998 with 200, 300 and 400."""

UNLIKE = 0.05
"""Below this a sentence is taken for somebody else's. Of 200 sentences of twenty words and more in posts of
matklad's that were held out 4.5% are below it, of simonw's 37.5%, and of the Handbook's authors' 30% and 45%
(`python -m benchmarks.voice`)."""

LEAST = 20
"""Words below which nothing can be said of a text's style."""

LEAST_ALONE = 60
"""The same for Delta: the rates of a short text are far from anybody's average."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The person's voice, learned.

    Attributes:
        verifier: scores a text; None if there is no writing of others, and Delta is the measure.
        slope: of the logistic curve from a score to a probability, fitted on held-out documents.
        intercept: of the same.
        usual: Deltas of the author's own windows, sorted; empty if there is a verifier.
        delta: the measure where there is no verifier.
    """

    verifier: Verifier | None
    slope: float
    intercept: float
    usual: tuple[float, ...] = ()
    delta: Delta | None = None

    def __call__(self, text: str) -> float:
        """Return how much a text sounds like the person, 0 to 1; 0.5 says nothing either way.

        With writing of others at hand it is the probability that the person wrote it rather than
        one of them, both being as likely beforehand. Without, it is the share of the person's own
        windows that are at least as far from their average. A text of fewer than twenty words (sixty
        without writing of others) gives 0.5, because no one can tell.

        Args:
            text: prose, or Markdown.
        """
        plain = "\n".join(paragraphs(text)) or prose.plain_text(text)
        words = len(prose.WORD.findall(plain))
        if words < LEAST or (self.verifier is None and words < LEAST_ALONE):
            return 0.5
        if self.verifier is not None:
            score = float(self.verifier.scores([plain])[0])
            return 1 / (1 + math.exp(-max(-50.0, min(50.0, self.slope * score + self.intercept))))
        if self.delta is None:
            return 0.5
        distance = float(self.delta.distances([plain])[0])
        return sum(one >= distance for one in self.usual) / len(self.usual)


def learn_voice(corpus: Corpus) -> Voice | None:
    """Learn the voice of a corpus; None if the person has written too little.

    Args:
        corpus: the person's writing, and others' if there is any.
    """
    windows, labels = corpus.windows(WORDS)
    rng = np.random.default_rng(0)
    kept = sorted(
        int(index)
        for side in (True, False)
        for index in _drawn([i for i, label in enumerate(labels) if label is side], rng)
    )
    windows, labels = [windows[i] for i in kept], [labels[i] for i in kept]
    own = [w.text for w, label in zip(windows, labels, strict=True) if label]
    documents = {
        side: len({w.document for w, label in zip(windows, labels, strict=True) if label is side})
        for side in (True, False)
    }
    if documents[True] < LEAST_DOCUMENTS:
        return None
    if documents[False] < LEAST_DOCUMENTS:
        measure = Delta(own)
        usual = tuple(sorted(float(d) for d in measure.distances(own)))
        return Voice(None, 0.0, 0.0, usual, measure)
    verifier, scores = verified(windows, labels)
    slope, intercept = _calibrated(scores, labels)
    return Voice(verifier, slope, intercept)


def _drawn(indices: Sequence[int], rng: np.random.Generator) -> Sequence[int]:
    if len(indices) <= MOST:
        return indices
    chosen: list[int] = rng.choice(indices, size=MOST, replace=False).tolist()
    return chosen


def _calibrated(scores: verification.Scores, labels: Sequence[bool]) -> tuple[float, float]:
    """Return slope and intercept of Platt's scaling (Advances in Large Margin Classifiers, 1999)."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

    model = LogisticRegression(class_weight="balanced").fit(scores.reshape(-1, 1), labels)
    return float(model.coef_[0][0]), float(model.intercept_[0])


def voice_of(corpus: Corpus, cache: Path) -> Voice | None:
    """Return the voice of a corpus from the cache, or learn it and keep it there.

    Args:
        corpus: the person's writing, and others' if there is any.
        cache: a folder of the home; the file in it is the person's own, and read as such.
    """
    place = cache / f"voice-{_code()}-{corpus.fingerprint()[:16]}.pickle"
    if (known := _read(place)) is not None:
        return known
    learned = learn_voice(corpus)
    if learned is not None:
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob("voice-*.pickle"):
            old.unlink(missing_ok=True)
        part = place.with_suffix(".part")
        part.write_bytes(pickle.dumps(learned))
        part.replace(place)
    return learned


def kept_voice(cache: Path) -> Voice | None:
    """Return the voice that was learned last; None if none was, or by another version of this code.

    It is not looked whether something was written since: that would take reading all of it.
    """
    places = sorted(cache.glob("voice-*.pickle"))
    try:
        return next(
            (_read(one) for one in places if one.name.startswith(f"voice-{_code()}-")), None
        )
    except PackageNotFoundError:
        return None


def _read(place: Path) -> Voice | None:
    try:
        known: Any = pickle.loads(place.read_bytes())  # noqa: S301 - written here, in the home
    except (OSError, pickle.UnpicklingError, AttributeError, EOFError, ImportError):
        return None
    return known if isinstance(known, Voice) else None


def _code() -> str:
    """Return what a learned voice depends on besides the texts: this code, and scikit-learn."""
    digest = hashlib.sha256(version("scikit-learn").encode())
    for module in (features, function_words, prose, verification, delta):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:8]
