"""The plots, as PNG.

In: reports. Out: files. Matplotlib draws without a screen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import ComponentUnavailable
from twin.evaluation.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from twin.evaluation.style import StyleReport

COLOURS = ("#2a6f97", "#8d99ae", "#e07a5f", "#81b29a", "#b08968", "#6d597a", "#bc4749")
INK = "#333333"


def figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """Return a figure and its axes, in the manner of all of them.

    Raises:
        ComponentUnavailable: if matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - heavy
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        message = "plots need matplotlib"
        raise ComponentUnavailable(message, "pip install 'twin[evaluation]'") from error
    drawn = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(drawn)
    axes = drawn.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(colors=INK, labelsize=9)
    return drawn, axes


def save(drawn: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    drawn.savefig(part, dpi=140, format="png", metadata={"Software": "twin"})
    part.replace(path)
    return path


def draw_style(report: StyleReport, path: Path) -> Path:
    """Draw the scale: a strip of windows a set, its median with the interval."""
    height = 1.4 + 0.62 * len(report.marks)
    drawn, axes = figure(9, height)
    style_axis(axes[0][0], report)
    auc = report.told_apart.auc
    drawn.suptitle(
        f"How far from {report.author}? Windows of {report.words} words; author and others on "
        f"held-out documents: AUC {auc.value:.3f}",
        fontsize=10,
        color=INK,
        x=0.01,
        ha="left",
    )
    return save(drawn, path)


def style_axis(axis: Axes, report: StyleReport) -> None:
    """Draw the scale into a part of a page."""
    rng = np.random.default_rng(0)
    names = [f"{mark.name} ({mark.texts[0]})" for mark in report.marks]
    everything = np.concatenate([mark.distances for mark in report.marks])
    low, high = np.percentile(everything, [0.5, 99.5])
    margin = 0.05 * (high - low)
    for row, mark in enumerate(report.marks):
        values = np.clip(np.asarray(mark.distances), low, high)
        shown = values if len(values) <= 400 else rng.choice(values, 400, replace=False)  # noqa: PLR2004 - more would be a bar
        colour = COLOURS[row % len(COLOURS)]
        jitter = rng.uniform(-0.22, 0.22, len(shown))
        axis.scatter(shown, row + jitter, s=9, alpha=0.35, color=colour, linewidths=0)
        axis.plot([mark.distance.low, mark.distance.high], [row, row], color=INK, linewidth=2)
        axis.plot(
            [mark.distance.value], [row], "o", color=colour, markeredgecolor=INK, markersize=8
        )
    for place in (0, 1):
        axis.axvline(place, color=INK, linewidth=0.7, linestyle=":")
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xlim(low - margin, high + margin)
    axis.set_xlabel("distance: 0 the author's own held-out writing, 1 other people's", fontsize=9)


def bars(
    axis: Axes,
    groups: Sequence[str],
    series: Mapping[str, Sequence[Interval | None]],
    label: str,
) -> None:
    """Draw groups of bars with intervals; what was not measured has none."""
    width = 0.8 / max(1, len(series))
    for number, (name, values) in enumerate(series.items()):
        known = [(i, v) for i, v in enumerate(values) if v is not None]
        places = [i + (number - (len(series) - 1) / 2) * width for i, _ in known]
        heights = [v.value for _, v in known]
        errors = [
            [max(0.0, v.value - v.low) for _, v in known],
            [max(0.0, v.high - v.value) for _, v in known],
        ]
        axis.bar(
            places,
            heights,
            width * 0.92,
            yerr=errors,
            color=COLOURS[number % len(COLOURS)],
            ecolor=INK,
            error_kw={"linewidth": 1},
            label=name,
        )
    axis.set_xticks(range(len(groups)), groups)
    axis.set_ylabel(label, fontsize=9)
    if len(series) > 1:
        axis.legend(fontsize=8, frameon=False)
