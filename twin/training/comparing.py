"""Runs beside one another: what they differ in, and where each ended.

In: runs. Out: rows of what differs, for a table or JSON, and their curves in one picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twin.errors import TrainingError
from twin.training import curves, metrics
from twin.training.recipes import read
from twin.training.runs import Run

MISSING: Final = "-"
OF_EACH_RUN: Final = frozenset({"output_dir", "dataset_prepared_path", "twin_run", "twin_run_id"})
"""Keys that differ between any two runs, and say nothing."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Runs beside one another.

    Attributes:
        runs: their ids.
        facts: what is worth telling of each, by name.
        differing: keys of the configuration that are not the same in all.
        final: the last value of each metric.
    """

    runs: tuple[str, ...]
    facts: dict[str, list[str]]
    differing: dict[str, list[Any]]
    final: dict[str, list[float | None]]


def compare(chosen: Sequence[Run]) -> Compared:
    """Set runs beside one another."""
    configs = [_flat(read(run.config)) if run.config.is_file() else {} for run in chosen]
    names = sorted({key for config in configs for key in config} - OF_EACH_RUN)
    differing = {}
    for name in names:
        values = [config.get(name, MISSING) for config in configs]
        if any(value != values[0] for value in values):
            differing[name] = values
    numbers = [metrics.read(run.folder).final for run in chosen]
    wanted = metrics.columns(numbers)
    return Compared(
        runs=tuple(run.id for run in chosen),
        facts={
            "state": [run.state.value for run in chosen],
            "kind": [run.manifest.kind for run in chosen],
            "from": [run.manifest.base_run or run.manifest.base_model for run in chosen],
            "dataset": [f"{run.manifest.dataset} ({run.manifest.rows:,} rows)" for run in chosen],
            "steps": [f"{run.manifest.steps[0]}/{run.manifest.steps[1]}" for run in chosen],
        },
        differing=differing,
        final={name: [numbers_of.get(name) for numbers_of in numbers] for name in wanted},
    )


def draw(chosen: Sequence[Run], path: Path) -> None:
    """Draw the curves of runs over one another.

    Raises:
        TrainingError: if there is nothing to draw.
    """
    rows = {run.id: metrics.read(run.folder).rows for run in chosen}
    if not curves.draw(rows, path):
        message = "none of these runs has logged anything"
        raise TrainingError(message, "`twin runs show` says how far each came")


def _flat(config: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}"] = value
    return flat
