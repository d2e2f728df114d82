"""The numbers of a run: what the trainer logged, as rows and as CSV.

In: ``events.jsonl``, which our plugin writes. Out: one row a step, and ``metrics.csv``. A run that was
resumed logs the steps after its checkpoint once more; the later ones count.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

EVENTS: Final = "events.jsonl"
CSV: Final = "metrics.csv"


@dataclass(slots=True)
class Progress:
    """How far a run is, as its events tell.

    Attributes:
        step: the last one done.
        steps: in all; 0 while that is not known.
        stage: what is being done before the first step.
        rows: step to its numbers.
        trainable: parameters that are trained.
        parameters: of the model in all.
        began_at: seconds since 1970 at which training itself began, this time.
        began_step: the step at which it began, this time.
    """

    step: int = 0
    steps: int = 0
    stage: str = "starting"
    rows: dict[int, dict[str, float]] = field(default_factory=dict)
    trainable: int = 0
    parameters: int = 0
    began_at: float = 0.0
    began_step: int = 0

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        step = int(event.get("step") or 0)
        match event["event"]:
            case "begin":
                self.steps, self.step, self.stage = int(event["steps"]), step, "training"
                self.began_at, self.began_step = float(event["at"]), step
                self.rows = {at: row for at, row in self.rows.items() if at <= step}
            case "log":
                self.step = max(self.step, step)
                values = {str(name): float(value) for name, value in event["values"].items()}
                if event.get("epoch") is not None:
                    values["epoch"] = float(event["epoch"])
                self.rows.setdefault(step, {}).update(values)
            case "save":
                self.step = max(self.step, step)
            case "stop":
                self.stage = "writing a checkpoint"
            case "end":
                self.step, self.stage = step, "writing the result"
            case "hook":
                self._hook(event)
            case _:
                pass

    def _hook(self, event: Mapping[str, Any]) -> None:
        name = event.get("name")
        if name == "pre_model_load":
            self.stage = "loading the model"
        elif name == "post_model_load":
            self.stage = "preparing"
            self.parameters = int(event.get("parameters") or 0)
            self.trainable = int(event.get("trainable") or 0)

    @property
    def final(self) -> dict[str, float]:
        """The last value of each metric."""
        last: dict[str, float] = {}
        for step in sorted(self.rows):
            last |= self.rows[step]
        last.pop("epoch", None)
        return last

    def left(self, now: float) -> float | None:
        """Return the seconds that are left, None while nothing is known."""
        done = self.step - self.began_step
        if not self.began_at or done <= 0 or not self.steps:
            return None
        return (now - self.began_at) / done * (self.steps - self.step)


class Follower:
    """Reads the events of a run as they come."""

    def __init__(self, folder: Path) -> None:
        self.progress = Progress()
        self._path = folder / EVENTS
        self._read = 0

    def look(self) -> bool:
        """Take what is new; return whether there was anything."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                new = file.read()
        except FileNotFoundError:
            return False
        # The last line may be half written.
        whole, _, _ = new.rpartition(b"\n")
        self._read += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            event = _event(line)
            if event is not None:
                self.progress.take(event)
        return bool(whole)


def read(folder: Path) -> Progress:
    """Return all that the events of a run tell."""
    follower = Follower(folder)
    follower.look()
    return follower.progress


def write_csv(folder: Path, rows: Mapping[int, Mapping[str, float]]) -> Path:
    """Write ``metrics.csv``, one row a step, whole or not at all."""
    names = columns(rows.values())
    path = folder / CSV
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", *names])
        for step in sorted(rows):
            writer.writerow([step, *(rows[step].get(name, "") for name in names)])
    unfinished.replace(path)
    return path


def columns(rows: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the names of all metrics, those of interest first."""
    first = ("epoch", "loss", "eval_loss", "rewards/accuracies", "rewards/margins", "learning_rate")
    names = {name for row in rows for name in row}
    return [name for name in first if name in names] + sorted(names.difference(first))


def series(rows: Mapping[int, Mapping[str, float]], name: str) -> tuple[list[int], list[float]]:
    """Return the steps at which a metric was logged, and its values."""
    steps = [step for step in sorted(rows) if name in rows[step]]
    return steps, [rows[step][name] for step in steps]


def smoothed(values: Sequence[float], weight: float = 0.8) -> list[float]:
    """Return the exponential moving average, corrected for its start (as TensorBoard draws it)."""
    last, done = 0.0, []
    for number, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        done.append(last / (1 - weight**number))
    return done


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
