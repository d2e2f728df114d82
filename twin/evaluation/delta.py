"""Burrows's Delta and the impostors method: two measures of authorship that learn no weights.

In: texts by the author and by others. Out: how far a text is from the author's usual rates of
function words, and how often it is nearer to the author than any impostor is. Both are unlike the
verifier, so where all three agree the finding does not rest on one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.evaluation.features import CHARACTERS, Matrix, extractor, function_word_rates

MOST_FREQUENT = 150
"""Function words that Delta looks at; Burrows took the 150 most frequent words."""

ITERATIONS = 100
SHARE = 0.5
IMPOSTORS = 20
"""As in Kestemont et al., Authenticating the Writings of Julius Caesar, Expert Systems with
Applications 63, 2016: half of the features and some thirty impostors in each of 100 rounds."""


class Delta:
    """Burrows's Delta to one author, over function words.

    The mean absolute difference of z-scores (Burrows, 'Delta': a Measure of Stylistic Difference,
    Literary and Linguistic Computing 17, 2002), z-scored by mean and deviation of all texts, the
    author's and the others' weighing the same.

    Args:
        own: texts of the author.
        others: texts of others; may be empty, then the author's own deviations are the measure.
    """

    def __init__(self, own: Sequence[str], others: Sequence[str] = ()) -> None:
        rates = function_word_rates(own)
        foreign = function_word_rates(others) if others else rates
        columns = np.argsort(-(rates.mean(axis=0) + foreign.mean(axis=0)))[:MOST_FREQUENT]
        self._columns = columns
        self._middle = (rates.mean(axis=0) + foreign.mean(axis=0))[columns] / 2
        apart = (rates.mean(axis=0) - foreign.mean(axis=0))[columns] / 2
        spread = np.sqrt((rates.var(axis=0) + foreign.var(axis=0))[columns] / 2 + apart**2)
        self._spread = np.where(spread > 0, spread, 1.0)
        self._centre = (rates[:, columns].mean(axis=0) - self._middle) / self._spread

    def distances(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the Delta of each text to the author; 0 would be the author's exact mean."""
        if not texts:
            return np.zeros(0)
        z = (function_word_rates(texts)[:, self._columns] - self._middle) / self._spread
        found: npt.NDArray[np.float64] = np.abs(z - self._centre).mean(axis=1)
        return found


def impostor_scores(
    texts: Sequence[str], own: Sequence[str], others: Sequence[str], *, seed: int = 0
) -> npt.NDArray[np.float64]:
    """Return for each text the share of rounds in which the author is nearer than all impostors.

    The general impostors method (Koppel and Winter, Determining if Two Documents are Written by the
    Same Author, JASIST 65, 2014) with the min-max measure, over masked character n-grams: in every
    round half of the features, one text of the author and some of the others are drawn.

    Args:
        texts: in question.
        own: the author's, none of them among `texts`.
        others: the impostors.
        seed: of the drawings.
    """
    if not texts or not own or not others:
        return np.zeros(len(texts))
    vectorizer = extractor(CHARACTERS).set_params(max_features=4000)
    everything = _rates(vectorizer.fit_transform([*own, *others]))
    known, foreign = everything[: len(own)], everything[len(own) :]
    asked = _rates(vectorizer.transform(texts))
    rng = np.random.default_rng(seed)
    won = np.zeros(len(texts))
    for _ in range(ITERATIONS):
        columns = rng.random(everything.shape[1]) < SHARE
        mine = known[rng.integers(len(known))][columns]
        drawn = rng.choice(len(foreign), size=min(IMPOSTORS, len(foreign)), replace=False)
        for row, text in enumerate(asked[:, columns]):
            nearest = max(_min_max(text, foreign[i][columns]) for i in drawn)
            won[row] += _min_max(text, mine) > nearest
    found: npt.NDArray[np.float64] = won / ITERATIONS
    return found


def _rates(counts: Any) -> Matrix:
    """Return counts as shares of each text, so that long texts are not far from short ones."""
    dense: Matrix = counts.toarray().astype(np.float64)
    shares: Matrix = dense / np.maximum(dense.sum(axis=1, keepdims=True), 1)
    return shares


def _min_max(one: Matrix, other: Matrix) -> float:
    """Return the min-max similarity (Ruzicka): 1 for equal vectors, 0 for disjoint ones."""
    most = np.maximum(one, other).sum()
    return float(np.minimum(one, other).sum() / most) if most else 0.0
