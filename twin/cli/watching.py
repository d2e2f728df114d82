"""What is shown while a run goes on.

In: how far it is. Out: a bar on a terminal, elsewhere a line now and then; on standard error.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from twin.cli import output

if TYPE_CHECKING:
    from twin.training.metrics import Progress
    from twin.training.runs import Run


@contextmanager
def saying(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is being done, on a terminal alone."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.markup import escape  # noqa: PLC0415 - heavy

    width = shutil.get_terminal_size().columns - 4
    with output.stderr_console().status("") as status:
        yield lambda text: status.update(escape(output.plain(text)[:width]))


@contextmanager
def watching(run: "Run") -> Iterator["Callable[[Progress], None]"]:
    """Show how far a run is: a bar on a terminal, elsewhere a line now and then."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.progress import (  # noqa: PLC0415 - heavy
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415

    with Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[numbers]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=output.stderr_console(),
    ) as bars:
        task = bars.add_task(run.id, total=None, numbers="", left="")

        def told(progress: "Progress") -> None:
            bars.update(
                task,
                description=f"{run.id}: {progress.stage}",
                completed=progress.step,
                total=progress.steps or None,
                numbers=numbers(progress),
                left=remaining(progress),
            )

        yield told


class _Lines:
    """Prints a line when a stage begins, and at most every half minute while it trains."""

    PAUSE = 30.0

    def __init__(self) -> None:
        self._stage, self._at = "", 0.0

    def __call__(self, progress: "Progress") -> None:
        now = time.monotonic()
        if progress.stage == self._stage and now - self._at < self.PAUSE:
            return
        self._stage, self._at = progress.stage, now
        steps = f" {progress.step}/{progress.steps} {numbers(progress)}" if progress.steps else ""
        output.note(f"{progress.stage}{steps} {remaining(progress)}".rstrip())


def numbers(progress: "Progress") -> str:
    """Return the newest numbers of a run, in few words."""
    final = progress.final
    names = {"loss": "loss", "eval_loss": "held out", "rewards/accuracies": "accuracy"}
    return ", ".join(f"{text} {final[name]:.3f}" for name, text in names.items() if name in final)


def remaining(progress: "Progress") -> str:
    """Return how long it will go on, empty while that is not known."""
    left = progress.left(time.time())
    if left is None:
        return ""
    minutes, seconds = divmod(int(left), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} left" if hours else f"{minutes}:{seconds:02} left"
