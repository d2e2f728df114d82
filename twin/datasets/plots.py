"""The plots of a set, as PNG: where rows were lost, how long they are, what they are about.

In: a set's manifest and figures. Out: files, the same bytes for the same values. Without matplotlib
there are none, and the card says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twin.datasets.quality import Quality

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN: Final = 15
"""Topics in the plot; the manifest has them all."""

INK, QUIET, STRONG = "#22313f", "#9fb3c8", "#1f6f8b"


def draw(values: Mapping[str, Any], figures: Quality, folder: Path) -> tuple[str, ...]:
    """Draw the plots of a set into a folder, and return their names; none without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - heavy
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ModuleNotFoundError:
        return ()
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, (title, paint) in _PLOTS.items():
        figure = Figure(figsize=(7, 3.6), dpi=110, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        if not paint(axes, values, figures):
            continue
        axes.set_title(title, loc="left", fontsize=11, color=INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, colors=INK)
        # Who drew it and when would make the bytes differ.
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
        made.append(f"{name}.png")
    return tuple(made)


def _steps(axes: Axes, values: Mapping[str, Any], figures: Quality) -> bool:
    del figures
    steps = values["steps"]
    names = ["made", *(step["name"] for step in steps)]
    left = [values["made"], *(step["after"] for step in steps)]
    axes.barh(names, left, color=[QUIET, *[STRONG] * len(steps)])
    lost = [0, *(step["before"] - step["after"] for step in steps)]
    for place, (count, gone) in enumerate(zip(left, lost, strict=True)):
        axes.text(
            count,
            place,
            f" {count:,}" + (f"  (-{gone:,})" if gone else ""),
            va="center",
            fontsize=8,
        )
    axes.invert_yaxis()
    axes.set_xlim(0, max(left, default=1) * 1.2)
    axes.set_xlabel("rows left", fontsize=8)
    return True


def _lengths(axes: Axes, values: Mapping[str, Any], figures: Quality) -> bool:
    del values
    labels = [f"≤ {bound}" if bound != "more" else "more" for bound in figures.lengths]
    axes.bar(labels, list(figures.lengths.values()), color=STRONG)
    axes.set_xlabel("characters of the target", fontsize=8)
    axes.set_ylabel("training rows", fontsize=8)
    return True


def _topics(axes: Axes, values: Mapping[str, Any], figures: Quality) -> bool:
    del values
    topics = list(figures.topics.items())[:SHOWN]
    if not topics:
        return False
    axes.barh([name[:32] for name, _ in topics], [count for _, count in topics], color=STRONG)
    axes.invert_yaxis()
    axes.set_xlabel("training rows", fontsize=8)
    return True


def _yield(axes: Axes, values: Mapping[str, Any], figures: Quality) -> bool:
    del figures
    shares = [
        min(one["taken"] / one["characters"], 1.0) for one in values["sources"] if one["characters"]
    ]
    if not shares:
        return False
    axes.hist(shares, bins=[n / 20 for n in range(21)], color=STRONG)
    axes.set_xlabel("share of a document's text that is a target", fontsize=8)
    axes.set_ylabel("documents", fontsize=8)
    return True


_PLOTS: Final = {
    "steps": ("What every step left", _steps),
    "lengths": ("How long the targets are", _lengths),
    "topics": ("What they are about", _topics),
    "yield": ("What every document gave", _yield),
}
