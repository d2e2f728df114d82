"""Processes that are forked from one which has imported everything already.

In: a function and its arguments. Out: a process of its own, begun within milliseconds, whose end
several threads may wait for.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable
from multiprocessing import connection, forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent.parent
PATIENCE = 120.0
"""Seconds after which a process that does not end counts as hanging."""

_ASKING = threading.Lock()
"""How a process ended can be read once. To start one asks after all others, so of two threads, one
of which starts and one of which waits, either may read it, and the other is told 255 (6% of 1,500
processes that end at once)."""


class Started:
    """A process that runs, or has ended."""

    def __init__(self, process: BaseProcess) -> None:
        with _ASKING:
            process.start()
        self._process = process

    @property
    def exitcode(self) -> int | None:
        """How it ended: negative by a signal, None as long as it runs."""
        with _ASKING:
            return self._process.exitcode

    @property
    def pid(self) -> int | None:
        """Its number."""
        return self._process.pid

    def join(self, seconds: float | None = None) -> None:
        """Wait for its end, but no longer than so many seconds."""
        connection.wait([self._process.sentinel], seconds)

    def kill(self) -> None:
        """End it at once."""
        with _ASKING:
            self._process.kill()


def started(target: Callable[..., None], *arguments: Any) -> Started:
    """Start a function in a process of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.crash.warm"])
    kept = dict(os.environ)
    # What measures coverage in every process would make each begin slowly, and is killed anyway.
    for name in [name for name in os.environ if name.startswith(("COVERAGE_", "TWIN_"))]:
        del os.environ[name]
    os.environ |= {
        "PYTHONPATH": str(REPOSITORY),
        "OPENBLAS_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ |= kept
    return Started(context.Process(target=target, args=arguments))


def ended(process: Started) -> int:
    """Wait for the end of a process; return its exit code.

    Raises:
        RuntimeError: if it does not end.
    """
    process.join(PATIENCE)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
        message = f"a process did not end within {PATIENCE:.0f} s"
        raise RuntimeError(message)
    return code
