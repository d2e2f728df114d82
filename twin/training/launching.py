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
"""Seconds that a process has after a signal."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        status: its exit status, negative for a signal.
        stopped: whether it was asked to.
        progress: how far it came.
    """

    status: int
    stopped: bool
    progress: Progress


def launch(
    command: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    told: Callable[[Progress], None],
    *,
    alone: bool = True,
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
    """
    (folder / STOP).unlink(missing_ok=True)
    follower = Follower(folder)
    follower.look()
    # What an earlier attempt left counts for the numbers, not for how far this one is.
    follower.progress.stage, follower.progress.began_at = "starting", 0.0
    asked = 0
    with (
        (folder / "log").open("ab") as log,
        _terminating(),
        subprocess.Popen(  # noqa: S603 - the person's own environment, arguments as a list
            list(command),
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal reaches us alone, and we decide what it means.
            start_new_session=True,
        ) as child,
    ):
        while True:
            try:
                while child.poll() is None:
                    if follower.look() or not asked:
                        told(follower.progress)
                    time.sleep(LOOK)
                break
            except KeyboardInterrupt:
                asked += 1
                follower.look()
                training = follower.progress.stage not in {
                    "starting",
                    "loading the model",
                    "preparing",
                }
                if asked == 1 and alone and training:
                    (folder / STOP).touch()
                    follower.progress.stage = (
                        "stopping at a checkpoint; Ctrl-C once more ends it at once"
                    )
                    told(follower.progress)
                else:
                    end(child, signal.SIGINT if asked == 1 else signal.SIGKILL)
            except BaseException:
                end(child, signal.SIGKILL)
                raise
    follower.look()
    (folder / STOP).unlink(missing_ok=True)
    return Ended(child.returncode, bool(asked), follower.progress)


def end(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Signal a program and all that it started, and see that they end."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def explain(log: Path, status: int) -> tuple[str, str]:
    """Return why Axolotl failed and what to do, from the end of its log.

    Args:
        log: the run's log.
        status: how it ended.
    """
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 60_000))
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
def _terminating() -> Iterator[None]:
    """Take SIGTERM for Ctrl-C, so that a run that a system ends is stopped at a checkpoint too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        # Not in the main thread: whoever is there decides on signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
