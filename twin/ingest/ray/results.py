"""What comes back from the workers, in order, for as long as anyone wants it.

In: a dataset of Ray, each block of which is one result. Out: the results. What a stage raised is
raised here.
"""

from __future__ import annotations

import pickle
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from twin.errors import ComponentUnavailable
from twin.ingest.ray.stages import COLUMN

if TYPE_CHECKING:
    from ray.data import Dataset

_LOOK = 0.1
"""Seconds between two looks at whether anyone still wants the results."""

_PATIENCE = 3.0
"""Seconds that a dataset nobody wants any more has to end by itself, before Ray ends it."""


class _End:
    """The last thing in the queue, with what broke Ray off."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def results(dataset: Dataset, count: int, stopped: Callable[[], bool]) -> Iterator[Any]:
    """Yield what the blocks of a dataset become, in order.

    Args:
        dataset: with its stages; it is run now.
        count: of its blocks.
        stopped: whether nobody wants any more; then the results end early.

    Raises:
        Exception: what a stage raised, as it was raised there.
        ComponentUnavailable: if Ray itself gave up.
    """
    found: queue.Queue[bytes | _End] = queue.Queue(2)
    unwanted = threading.Event()
    # Ray's iterator cannot be woken up. Whoever stops may have to leave it: it ends with Ray.
    thread = threading.Thread(target=_read, args=(dataset, found, unwanted), daemon=True)
    thread.start()
    try:
        came = 0
        while not stopped():
            try:
                item = found.get(timeout=_LOOK)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                _complete(item, came, count)
                return
            came += 1
            result = pickle.loads(item)  # noqa: S301 - it comes from our own workers
            if isinstance(result, Exception):
                raise result
            yield result
    finally:
        unwanted.set()
        if (executor := getattr(dataset, "_current_executor", None)) is not None:
            # Ray has no public way to end a dataset early; without this it ends when Ray does.
            executor.shutdown(force=True)
        thread.join(_PATIENCE)


def _complete(end: _End, came: int, count: int) -> None:
    error = end.error
    if error is None and came == count:
        return
    reason = f"{came} of {count} blocks came back"
    if error is not None:
        reason = str(error).strip() or type(error).__name__
    message = f"Ray gave up: {reason}"
    hint = "run it again, it goes on where it was; the engine `local` does it on this machine"
    raise ComponentUnavailable(message, hint) from error


def _read(dataset: Dataset, found: queue.Queue[bytes | _End], unwanted: threading.Event) -> None:
    def put(item: bytes | _End) -> bool:
        while not unwanted.is_set():
            try:
                found.put(item, timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False

    end = _End()
    try:
        for row in dataset.iter_rows():
            if not put(row[COLUMN]):
                return
    except Exception as error:  # noqa: BLE001 - raised where the results are read
        end = _End(error)
    put(end)
