"""The verdict: is a candidate better than the base, by one rule that stands in twin.toml?

In: a comparison and the gate's settings. Out: for every candidate each condition with what was
measured, and whether all of them hold. What could not be measured is said, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from twin.evaluation.comparing import Comparison, Measured
from twin.evaluation.intervals import Interval, Rows, bootstrap
from twin.evaluation.perplexity import ratio
from twin.gate import EvaluationSettings

FEWEST_TEXTS: Final = 5
"""Of each side, for the interval of the gain to mean what it says: of two models that write alike the bootstrap
would let half of the comparisons of one text a side pass, and of five texts a side one in twenty-five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of the gate.

    Attributes:
        holds: None if it could not be measured.
    """

    name: str
    holds: bool | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says of one candidate."""

    name: str
    conditions: tuple[Condition, ...]

    @property
    def passes(self) -> bool:
        """Whether no condition is broken."""
        return all(one.holds is not False for one in self.conditions)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        conditions = [{"name": c.name, "holds": c.holds, "said": c.said} for c in self.conditions]
        return {"name": self.name, "passes": self.passes, "conditions": conditions}


def verdicts(comparison: Comparison, gate: EvaluationSettings) -> tuple[Verdict, ...]:
    """Return what the gate says of every candidate but the base."""
    base, *rest = comparison.measured
    return tuple(
        Verdict(
            name=one.name,
            conditions=(
                _style(one, base, gate),
                _memorised(one, gate),
                _perplexity(one, base, gate),
                _accuracy(one, base, gate),
            ),
        )
        for one in rest
    )


def gain(one: Measured, base: Measured) -> Interval:
    """Return how much nearer a candidate's median window is to the author than the base's.

    Texts are drawn anew on both sides, with all their windows; they are not pairs, because they differ
    in length.
    """
    mine, theirs = np.asarray(one.style.distances), np.asarray(base.style.distances)
    both = np.concatenate([mine, theirs])
    sides = np.arange(len(both)) < len(mine)

    def of(rows: Rows) -> float:
        drawn, side = both[rows], sides[rows]
        return float(np.median(drawn[~side]) - np.median(drawn[side]))

    return bootstrap(of, [*one.style.documents, *base.style.documents], strata=sides.tolist())


def _style(one: Measured, base: Measured, gate: EvaluationSettings) -> Condition:
    found = gain(one, base)
    fewest = min(len(set(side.style.documents)) for side in (one, base))
    if fewest < FEWEST_TEXTS:
        # Not "could not be measured": whoever has five texts written can measure it.
        return Condition(
            name="nearer to the author",
            holds=False,
            said=f"by {found}; of {fewest} texts nothing can be said, {FEWEST_TEXTS} of each are the least",
        )
    return Condition(
        name="nearer to the author",
        holds=found.value >= gate.style_gain and found.low > 0,
        said=f"by {found}; at least {gate.style_gain:g}, and the interval above 0",
    )


def _memorised(one: Measured, gate: EvaluationSettings) -> Condition:
    if one.memorised is None:
        return Condition(name="nothing memorised", holds=None, said="no training set is known")
    over, texts = len(one.memorised.over), len(one.memorised.longest)
    longest = max((s.tokens for s in one.memorised.longest), default=0)
    return Condition(
        name="nothing memorised",
        holds=one.memorised.rate <= gate.memorised,
        said=f"{over} of {texts} texts share {one.memorised.limit} tokens or more with the training "
        f"set, the longest span has {longest}; at most {gate.memorised:.0%}",
    )


def _perplexity(one: Measured, base: Measured, gate: EvaluationSettings) -> Condition:
    if one.perplexity is None or base.perplexity is None:
        return Condition(
            name="held-out text is no more surprising", holds=None, said="no two model folders"
        )
    pairs = zip(one.perplexity.documents, base.perplexity.documents, strict=True)
    if any(mine.tokens != theirs.tokens for mine, theirs in pairs):
        return Condition(
            name="held-out text is no more surprising",
            holds=None,
            said="two tokenizers, whose perplexities cannot be compared",
        )
    found = ratio(one.perplexity, base.perplexity)
    return Condition(
        name="held-out text is no more surprising",
        holds=found.value <= gate.perplexity_ratio,
        said=f"{found} of the base's perplexity; at most {gate.perplexity_ratio:g}",
    )


def _accuracy(one: Measured, base: Measured, gate: EvaluationSettings) -> Condition:
    if one.judged is None or base.judged is None:
        return Condition(name="no less accurate", holds=None, said="nobody judged")
    mine, theirs = one.judged.means["accuracy"], base.judged.means["accuracy"]
    return Condition(
        name="no less accurate",
        holds=mine.value >= theirs.value - gate.accuracy_drop,
        said=f"{mine} beside {theirs}, of 3; at most {gate.accuracy_drop:g} less",
    )
