"""Axolotl as a program: started, followed, and stopped so that it can go on later.

In: its arguments and a run's folder. Out: how it ended. While it runs, its own output goes to the
run's log, and its events tell how far it is.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from twin.training.metrics import Follower, Progress

STOP: Final = "stop"
"""A file in the run's folder; our plugin stops at a checkpoint when it is there."""

LOOK: Final = 0.25
"""Seconds between two looks at the events."""

GRACE: Final = 20.0
"""Seconds that a process has after a signal, if it has nothing to save."""

BEFORE: Final = frozenset({"starting", "loading the model", "preparing"})
"""Stages in which nothing is learned yet, so that nothing is to be saved."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        status: its exit status, negative for a signal.
        stopped: whether it ended because it was asked to. One that was through already, or that failed
            while it wrote its checkpoint, did not.
        progress: how far it came.
        said_from: where in the log it began to speak.
    """

    status: int
    stopped: bool
    progress: Progress
    said_from: int = 0


@dataclass(slots=True)
class _Asked:
    """How often it was asked to end, what is done about it, and whether anybody looks on."""

    times: int = 0
    answered: int = 0
    softly: bool = False
    unseen: bool = False
    until: float = float("inf")


def launch(
    command: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    told: Callable[[Progress], None],
    *,
    alone: bool = True,
    keep: Sequence[int] = (),
) -> Ended:
    """Run a program of Axolotl until it ends.

    Ctrl-C asks it to stop at a checkpoint, and this goes on until it has; once more ends it at once.

    Args:
        command: with its arguments.
        environ: its environment.
        folder: the run's folder; the program runs in it.
        told: told how far it is, some times a second.
        alone: whether it trains in one process; several are stopped by a signal, on which Axolotl
            saves what it has, because they would have to agree on the step.
        keep: open files that the program and all that it starts hold, too.
    """
    (folder / STOP).unlink(missing_ok=True)
    follower = Follower(folder)
    follower.look()
    # What an earlier attempt left counts for the numbers, not for how far this one is.
    follower.progress.stage, follower.progress.began_at = "starting", 0.0
    with (
        (folder / "log").open("ab") as log,
        _asking() as asked,
        subprocess.Popen(  # noqa: S603 - the person's own environment, arguments as a list
            list(command),
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(keep),
            # Ctrl-C at the terminal reaches us alone, and we decide what it means.
            start_new_session=True,
        ) as child,
    ):
        said_from = log.tell()
        try:
            while child.poll() is None:
                new = follower.look() or not asked.times
                if asked.times > asked.answered:
                    _answer(asked, child, folder, follower.progress, alone=alone)
                    new = True
                elif time.monotonic() > asked.until:
                    _signal(child, signal.SIGKILL)
                if new and not asked.unseen:
                    told(follower.progress)
                time.sleep(LOOK)
        except BaseException:
            end(child, signal.SIGKILL)
            raise
    follower.look()
    (folder / STOP).unlink(missing_ok=True)
    progress = follower.progress
    through = child.returncode == 0 and 0 < progress.steps <= progress.step
    stopped = bool(asked.times) and not through and not (asked.softly and child.returncode > 0)
    return Ended(child.returncode, stopped, progress, said_from)


def _answer(
    asked: _Asked,
    child: "subprocess.Popen[bytes]",
    folder: Path,
    progress: Progress,
    *,
    alone: bool,
) -> None:
    """Do what the person asks for who interrupts: never wait here, since they may ask once more."""
    first = not asked.answered
    asked.answered = asked.times
    if not first or asked.times > 1:
        asked.softly = False
        _signal(child, signal.SIGKILL)
        return
    if progress.stage in BEFORE:
        asked.until = time.monotonic() + GRACE
        _signal(child, signal.SIGINT)
        return
    if alone:
        asked.softly = True
        (folder / STOP).touch()
    else:
        # A whole model takes minutes to write; what was cut off there would be of no use.
        _signal(child, signal.SIGINT)
    what = "stopping at a checkpoint" if alone else "saving the model"
    progress.stage = f"{what}; Ctrl-C once more ends it at once"


def _signal(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def end(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Signal a program and all that it started, and see that they end."""
    _signal(child, number)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()


def explain(log: Path, status: int, said_from: int = 0) -> tuple[str, str]:
    """Return why Axolotl failed and what to do, from the end of its log.

    Args:
        log: the run's log.
        status: how it ended.
        said_from: where its part of the log begins; what stands before is of an earlier attempt.
    """
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(said_from, log.stat().st_size - 60_000))
        text = file.read().decode("utf-8", "replace")
        for signs, message, hint in _KNOWN:
            if any(sign in text for sign in signs):
                return message, hint
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if _is_error(line)]
        if errors:
            return f"Axolotl failed: {errors[-1][:500]}", f"{log} has the whole of it"
    if status == -signal.SIGKILL:
        return "Axolotl was killed", "the machine ran out of memory, or somebody ended it"
    return f"Axolotl ended with exit status {status}", f"{log} has what it said"


_KNOWN: Final = (
    (
        ("No space left on device", "Errno 28"),
        "the disk is full",
        "make room, then `twin train resume`: it goes on from the last checkpoint",
    ),
    (
        ("CUDA out of memory", "OutOfMemoryError", "DefaultCPUAllocator: can't allocate"),
        "the memory was not enough",
        "lower micro_batch_size or sequence_len with --set, or take a smaller model",
    ),
    (
        ("Access to model", "gated repo", "401 Client Error", "GatedRepoError"),
        "the base model is gated, and this machine has no right to it",
        "accept its licence on the hub, `hf auth login`, and run it with --online",
    ),
    (
        ("couldn't connect to", "LocalEntryNotFoundError", "OfflineModeIsEnabled", "is not a local folder"),
        "the base model, or a file of it, is not on this machine",
        "fetch it with `hf download NAME`, or run it with --online",
    ),
    (
        ("FlashAttention2 has been toggled on",),
        "flash-attn is not installed",
        "--set attn_implementation=sdpa --set sample_packing=false",
    ),
    (
        ("The dataset could not be loaded",),
        "Axolotl could not load the dataset",
        "`twin dataset check` looks at every row of it",
    ),
)  # fmt: skip


def _is_error(line: str) -> bool:
    head, colon, _ = line.partition(":")
    kind = head.rsplit(".", 1)[-1]
    chained = "CalledProcessError" in head or "ChildFailedError" in head
    return bool(colon) and kind.endswith(("Error", "Exception")) and " " not in kind and not chained


@contextmanager
def _asking() -> Iterator[_Asked]:
    """Count Ctrl-C, and SIGTERM and the end of a terminal for it, instead of being interrupted by them.

    So a run that a system ends is stopped at a checkpoint too, and none comes at a moment at which the
    program would be left behind.
    """
    asked = _Asked()

    def count(number: int, frame: FrameType | None) -> None:
        del frame
        if number == signal.SIGHUP:
            # It may come twice, from the terminal and from its shell; and nothing can be shown there.
            asked.times, asked.unseen = max(asked.times, 1), True
        else:
            asked.times += 1

    before: dict[signal.Signals, object] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup`, and a shell for what runs in the background, ignore one on purpose.
            if number is signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, count)
    except ValueError:
        # Not in the main thread: whoever is there decides on signals.
        yield asked
        return
    try:
        yield asked
    finally:
        for number, known in before.items():
            signal.signal(number, known)  # type: ignore[arg-type]
