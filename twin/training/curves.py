"""The curves of one run, or of several over one another, as a picture.

In: runs and their metrics. Out: a PNG. Which panels it has depends on what was logged.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twin.errors import TrainingError
from twin.training.metrics import series, smoothed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME: Final = "curves.png"
SMOOTH_FROM: Final = 30
"""Points from which a line is smoothed, with the raw one behind it."""

PANELS: Final = (
    ("loss", ("loss", "eval_loss"), "cross-entropy, nats a token"),
    ("accuracy of preferences", ("rewards/accuracies", "eval_rewards/accuracies"), "chosen above rejected"),
    ("margin of preferences", ("rewards/margins", "eval_rewards/margins"), "chosen less rejected"),
    ("gradient norm", ("grad_norm",), "before clipping"),
    ("learning rate", ("learning_rate",), ""),
)  # fmt: skip

Metrics = Mapping[int, Mapping[str, float]]


def draw(runs: Mapping[str, Metrics], path: Path) -> bool:
    """Draw the curves of runs; return whether there was anything to draw.

    Args:
        runs: name to its metrics by step.
        path: of the picture.

    Raises:
        TrainingError: if matplotlib is not installed.
    """
    panels = [
        (title, names, unit)
        for title, names, unit in PANELS
        if any(name in row for rows in runs.values() for row in rows.values() for name in names)
    ]
    if not panels:
        return False
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy
    except ImportError as error:
        message = "curves cannot be drawn: matplotlib is not installed"
        raise TrainingError(message, "pip install 'twin[train]'") from error
    wide = 2 if len(panels) > 1 else 1
    high = -(-len(panels) // wide)
    figure = Figure(figsize=(6.2 * wide, 3.4 * high), layout="constrained")
    grid: Any = figure.subplots(high, wide, squeeze=False)
    flat = [axes for line in grid for axes in line]
    for axes, (title, names, unit) in zip(flat, panels, strict=False):
        if title == "loss" and any(
            "rewards/accuracies" in row for rows in runs.values() for row in rows.values()
        ):
            unit = "loss as trained"  # noqa: PLW2901 - DPO's loss is no cross-entropy
        _panel(axes, runs, names)
        axes.set_title(title, loc="left", fontsize=10)
        axes.set_ylabel(unit, fontsize=8)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(visible=True, alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if len(axes.get_legend_handles_labels()[0]) > 1:
            axes.legend(fontsize=8, frameon=False)
    for axes in flat[len(panels) :]:
        axes.set_visible(False)
    if len(runs) == 1:
        figure.suptitle(next(iter(runs)), fontsize=11, x=0.01, ha="left")
    unfinished = path.with_suffix(".part.png")
    figure.savefig(unfinished, dpi=110)
    unfinished.replace(path)
    return True


def _panel(axes: "Axes", runs: Mapping[str, Metrics], names: tuple[str, ...]) -> None:
    for number, (run, rows) in enumerate(runs.items()):
        for name in names:
            steps, values = series(rows, name)
            if not steps:
                continue
            colour = f"C{number if len(runs) > 1 else names.index(name)}"
            held_out = name.startswith("eval_")
            label = name if len(runs) == 1 else f"{run}{' held out' if held_out else ''}"
            style: dict[str, Any] = (
                {"linestyle": "--", "marker": "o", "markersize": 3} if held_out else {}
            )
            if len(values) < SMOOTH_FROM or name == "learning_rate":
                axes.plot(steps, values, color=colour, label=label, linewidth=1.4, **style)
                continue
            axes.plot(steps, values, color=colour, alpha=0.25, linewidth=0.8)
            axes.plot(steps, smoothed(values), color=colour, label=label, linewidth=1.6, **style)
