"""The events of a run, as JSON lines.

In: what the trainer tells. Out: ``events.jsonl`` in the run's folder, one object a line, flushed at
once, so that whoever follows it sees a step when it is done, and a killed run keeps what it had.

====== ==============================================================================
event   besides `at` (seconds since 1970)
====== ==============================================================================
hook    `name`: a hook of the plugin was called
begin   `step` (more than 0 after a resume), `steps` in all, `epochs`
log     `step`, `epoch`, `values`: name to number, as the trainer logs them
save    `step`: a checkpoint was written
stop    `step`: the run was asked to stop, and will write a checkpoint
end     `step`
====== ==============================================================================
"""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

EVENTS: Final = "events.jsonl"
STOP: Final = "stop"
"""The file whose presence in the run's folder asks the trainer to stop at a checkpoint."""


class Recorder:
    """Appends the events of one run to its file.

    Args:
        folder: the run's folder; None records nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._last: tuple[int, frozenset[str]] | None = None

    def write(self, event: str, **more: object) -> None:
        """Append one event."""
        if self.folder is None:
            return
        line = json.dumps({"event": event, "at": round(time.time(), 3), **more})
        with (self.folder / EVENTS).open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def log(self, step: int, epoch: float | None, logs: Mapping[str, Any]) -> None:
        """Append the numbers of one step; the same once more is left out.

        What is no finite number is left out too: JSON has no word for it.
        """
        values = {
            name: number for name, value in logs.items() if (number := _number(value)) is not None
        }
        values.pop("epoch", None)
        seen = (step, frozenset(values))
        if not values or seen == self._last:
            return
        self._last = seen
        self.write("log", step=step, epoch=_number(epoch), values=values)

    @property
    def stopping(self) -> bool:
        """Whether somebody asked the run to stop."""
        return self.folder is not None and (self.folder / STOP).exists()


def _number(value: Any) -> float | int | None:
    """Return a finite number, None for anything else; Axolotl logs some numbers as text."""
    if isinstance(value, bool):
        return None
    try:
        number = value if isinstance(value, int) else float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
