"""Authorship verification: one author against others, grouped by document, with intervals.

In: windows of prose by the author and by others. Out: a `Verifier` that scores any text, the scores
that held-out documents get, and how far both sides are apart: the area under the curve, and the true
positives at one false positive in a hundred.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.errors import UsageError
from twin.evaluation.features import (
    CHARACTERS,
    FAMILIES,
    FUNCTION,
    PUNCTUATION,
    SHAPE,
    WORDS,
    extractor,
    feature_names,
    weighting,
)
from twin.evaluation.intervals import Interval, Rows, bootstrap
from twin.evaluation.prose import Window

Scores = npt.NDArray[np.float64]

FOLDS = 10
FALSE_POSITIVES = 0.01
STRENGTH = 20.0
"""Inverse of the L2 penalty. Rows of a family have a length of about one, so it is larger than the
usual 1, at which hardly anything would be learned; 5 to 100 gave the same within the intervals."""

WEIGHTS = {FUNCTION: 0.3, PUNCTUATION: 0.3, SHAPE: 0.3, CHARACTERS: 1.0, WORDS: 1.0}
"""How much a family counts beside others. The three of few features say less than the n-grams, and
with the same weight one odd text in a hundred would decide by its punctuation alone."""

LEAST_DOCUMENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How well two sides are told apart.

    Attributes:
        auc: area under the ROC curve: how often a text of the author scores above one of the others.
        tpr: share of the author's texts found while one in a hundred of the others' is taken for one.
        own: texts of the author, and of how many documents.
        others: the same of the others.
    """

    auc: Interval
    tpr: Interval
    own: tuple[int, int]
    others: tuple[int, int]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "auc": self.auc.as_json(),
            "true_positives_at_1_percent": self.tpr.as_json(),
            "own": {"texts": self.own[0], "documents": self.own[1]},
            "others": {"texts": self.others[0], "documents": self.others[1]},
        }


def area(scores: Scores, labels: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve; NaN if a side is empty.

    It is the Mann-Whitney statistic (Hanley and McNeil, Radiology 143, 1982), ties count half.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - heavy

    own = int(labels.sum())
    others = len(labels) - own
    if not own or not others:
        return math.nan
    ranks = rankdata(scores)
    return float((ranks[labels].sum() - own * (own + 1) / 2) / (own * others))


def true_positives(
    scores: Scores, labels: npt.NDArray[np.bool_], at: float = FALSE_POSITIVES
) -> float:
    """Return the share of the author's texts above a threshold that at most `at` of the others pass."""
    own, others = scores[labels], np.sort(scores[~labels])
    if not len(own) or not len(others):
        return math.nan
    allowed = int(at * len(others) + 1e-9)
    threshold = others[len(others) - 1 - allowed]
    return float((own > threshold).mean())


def separation(scores: Scores, labels: Sequence[bool], documents: Sequence[str]) -> Separation:
    """Return how well scores tell the author's texts from the others', documents being drawn."""
    known = np.asarray(labels, dtype=bool)

    def of(statistic: Callable[[Scores, npt.NDArray[np.bool_]], float]) -> Interval:
        def measured(rows: Rows) -> float:
            return statistic(scores[rows], known[rows])

        return bootstrap(measured, documents, strata=labels)

    own = {d for d, label in zip(documents, labels, strict=True) if label}
    others = {d for d, label in zip(documents, labels, strict=True) if not label}
    return Separation(
        auc=of(area),
        tpr=of(true_positives),
        own=(int(known.sum()), len(own)),
        others=(int((~known).sum()), len(others)),
    )


class _Learned:
    """Weights of raw matrices: what is learned from one set of rows."""

    def __init__(self, names: Sequence[str]) -> None:
        self._factors = [1.0 if len(names) == 1 else WEIGHTS[name] for name in names]
        self._weightings = [weighting(name) for name in names]
        self.model: Any = None

    def fit(self, blocks: Sequence[Any], labels: npt.NDArray[np.bool_]) -> None:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

        for one, block in zip(self._weightings, blocks, strict=True):
            one.fit(block)
        self.model = LogisticRegression(
            C=STRENGTH, class_weight="balanced", solver="liblinear", random_state=0
        )
        self.model.fit(self._joined(blocks), labels)

    def scores(self, blocks: Sequence[Any]) -> Scores:
        found: Scores = self.model.decision_function(self._joined(blocks))
        return found

    def _joined(self, blocks: Sequence[Any]) -> Any:
        from scipy.sparse import csr_matrix, hstack  # noqa: PLC0415 - heavy

        parts = zip(self._factors, self._weightings, blocks, strict=True)
        return hstack([csr_matrix(w.transform(b)) * f for f, w, b in parts], format="csr")


class Verifier:
    """Tells whether a text is by the author: a logistic regression over families of features.

    Args:
        families: names of `twin.evaluation.features.FAMILIES`.
    """

    def __init__(self, families: Sequence[str] = FAMILIES) -> None:
        self.families = tuple(families)
        self._extractors: dict[str, Any] = {}
        self._learned = _Learned(self.families)

    def fit(self, texts: Sequence[str], labels: Sequence[bool]) -> None:
        """Learn from windows, True being the author's. Both sides weigh the same."""
        self._extractors = {name: extractor(name).fit(texts) for name in self.families}
        self._learned.fit(self._raw(texts), np.asarray(labels, dtype=bool))

    def scores(self, texts: Sequence[str]) -> Scores:
        """Return the log-odds that each text is by the author, rather than by one of the others."""
        return self._learned.scores(self._raw(texts)) if texts else np.zeros(0)

    def held_out_scores(
        self,
        windows: Sequence[Window],
        labels: Sequence[bool],
        told: Callable[[int, int | None], None],
    ) -> Scores:
        """Fit, and return the score of every window by weights learned without its document.

        The n-grams that are looked at are chosen once over all windows, without labels; everything
        that is learned is learned anew in each fold.
        """
        from sklearn.model_selection import StratifiedGroupKFold  # noqa: PLC0415 - heavy

        texts, groups = [w.text for w in windows], [w.document for w in windows]
        known = np.asarray(labels, dtype=bool)
        folds = min(FOLDS, *_sides(windows, labels))
        self._extractors = {name: extractor(name).fit(texts) for name in self.families}
        raw = self._raw(texts)
        told(1, folds + 2)
        found = np.zeros(len(texts))
        splitter = StratifiedGroupKFold(n_splits=folds, shuffle=True, random_state=0)
        for done, (train, test) in enumerate(splitter.split(texts, known, groups), start=2):
            learned = _Learned(self.families)
            learned.fit([block[train] for block in raw], known[train])
            found[test] = learned.scores([block[test] for block in raw])
            told(done, folds + 2)
        self._learned.fit(raw, known)
        told(folds + 2, folds + 2)
        return found

    def _raw(self, texts: Sequence[str]) -> list[Any]:
        return [one.transform(texts) for one in self._extractors.values()]

    def weights(self, most: int = 10) -> dict[str, list[tuple[str, float]]]:
        """Return the features of each family with the largest weights, the author's positive."""
        found = {}
        start = 0
        for name, one in self._extractors.items():
            names = feature_names(name, one)
            values = self._learned.model.coef_[0][start : start + len(names)]
            start += len(names)
            order = np.argsort(-np.abs(values))[:most]
            found[name] = [(names[i], float(values[i])) for i in order]
        return found


def _sides(windows: Sequence[Window], labels: Sequence[bool]) -> tuple[int, int]:
    """Return how many documents each side has."""
    pairs = {(w.document, label) for w, label in zip(windows, labels, strict=True)}
    return sum(label for _, label in pairs), sum(not label for _, label in pairs)


def verified(
    windows: Sequence[Window],
    labels: Sequence[bool],
    families: Sequence[str] = FAMILIES,
    told: Callable[[int, int | None], None] = lambda _done, _all: None,
) -> tuple[Verifier, Scores]:
    """Return a verifier, and the score of every window by one that has not seen its document.

    Args:
        windows: of both sides.
        labels: True for the author's.
        families: what the verifier looks at.
        told: of the progress.

    Raises:
        UsageError: if a side has too few documents to hold some out.
    """
    own, others = _sides(windows, labels)
    if min(own, others) < LEAST_DOCUMENTS:
        message = (
            f"{own} documents of the author and {others} of others have enough prose; "
            f"{LEAST_DOCUMENTS} of each are the least"
        )
        hint = "take more in, name other people's writing with --others, or lower --words"
        raise UsageError(message, hint)
    verifier = Verifier(families)
    scores = verifier.held_out_scores(windows, labels, told)
    return verifier, scores
