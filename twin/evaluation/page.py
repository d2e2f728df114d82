"""The page of a comparison: style, perplexity, memorisation and the judge in four plots.

In: a comparison and its verdicts. Out: a PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.evaluation.comparing import Comparison, Measured
from twin.evaluation.plots import COLOURS, INK, bars, figure, save, style_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from twin.evaluation.intervals import Interval
    from twin.evaluation.verdict import Verdict


def draw_comparison(comparison: Comparison, said: Sequence[Verdict], path: Path) -> Path:
    """Draw a comparison on one page."""
    drawn, axes = figure(13, 3.2 + 0.55 * len(comparison.style.marks) + 3.2, rows=2, columns=2)
    style_axis(axes[0][0], comparison.style)
    axes[0][0].set_title(f"Distance from {comparison.style.author}", fontsize=10, loc="left")
    _perplexities(axes[0][1], comparison.measured)
    _spans(axes[1][0], comparison.measured)
    _judges(axes[1][1], comparison.measured)
    told = "; ".join(f"{v.name} {'passes' if v.passes else 'does not pass'}" for v in said)
    drawn.suptitle(told, fontsize=12, color=INK, x=0.01, ha="left")
    return save(drawn, path)


def _perplexities(axis: Axes, measured: Sequence[Measured]) -> None:
    values: list[Interval | None] = [
        m.perplexity.perplexity if m.perplexity else None for m in measured
    ]
    axis.set_title("Perplexity on the author's held-out text", fontsize=10, loc="left")
    if not any(values):
        _nothing(axis, "no model folder and held-out text")
        return
    bars(axis, [m.name for m in measured], {"perplexity": values}, "lower is better")


def _spans(axis: Axes, measured: Sequence[Measured]) -> None:
    axis.set_title("Longest span shared with the training set", fontsize=10, loc="left")
    known = [m for m in measured if m.memorised is not None]
    if not known:
        _nothing(axis, "no training set is known")
        return
    for row, one in enumerate(known):
        lengths = [s.tokens for s in one.memorised.longest] if one.memorised else []
        axis.plot(lengths, [row] * len(lengths), "|", markersize=14, color=COLOURS[row])
    limit = known[0].memorised.limit if known[0].memorised else 0
    axis.axvline(limit, color=INK, linestyle=":", linewidth=1)
    axis.set_yticks(range(len(known)), [m.name for m in known])
    axis.set_ylim(len(known) - 0.5, -0.5)
    axis.set_xlim(left=0)
    axis.set_xlabel(f"tokens, a mark a text; {limit} and more count as memorised", fontsize=9)


def _judges(axis: Axes, measured: Sequence[Measured]) -> None:
    axis.set_title("Judge, 1 to 3", fontsize=10, loc="left")
    if not any(m.judged for m in measured):
        _nothing(axis, "nobody judged")
        return
    series: dict[str, list[Interval | None]] = {
        m.name: [m.judged.means[a] if m.judged else None for a in ("accuracy", "style")]
        for m in measured
    }
    bars(axis, ["accuracy", "style"], series, "mean mark")
    axis.set_ylim(1, 3)


def _nothing(axis: Axes, reason: str) -> None:
    axis.axis("off")
    axis.text(0, 0.8, f"Not measured: {reason}.", fontsize=9, color=INK, transform=axis.transAxes)
