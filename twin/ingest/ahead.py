"""Do the next thing while the last one is still in use.

In: an iterable. Out: the same items, made in a thread that is a little ahead. What it raises is
raised where its items are read.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK = 0.1
"""Seconds between two looks at whether anyone still wants the items."""


class _End:
    """The last thing in the queue, with what broke the thread off."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Ahead(Generic[T]):
    def __init__(self, make: Callable[[Callable[[], bool]], Iterable[T]], depth: int) -> None:
        self._make = make
        self._queue: queue.Queue[T | _End] = queue.Queue(depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="twin-ahead", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        # Whoever leaves closes what the thread uses, so it is waited for; it looks up often.
        self._thread.join()

    def items(self) -> Iterator[T]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._make(self._stop.is_set):
                if not self._put(item):
                    return
        except BaseException as raised:  # noqa: BLE001 - it belongs to whoever reads the items
            error = raised
        self._put(_End(error))

    def _put(self, item: T | _End) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False


@contextmanager
def ahead(
    make: Callable[[Callable[[], bool]], Iterable[T]], depth: int = 1
) -> Iterator[Iterator[T]]:
    """Make items in a thread, so many ahead of where they are read.

    Args:
        make: returns the items. It is called in the thread, with a function that says whether
            nobody wants them any more.
        depth: items that may wait; besides them one is being made and one is in use.
    """
    thread = _Ahead(make, depth)
    thread.begin()
    try:
        yield thread.items()
    finally:
        thread.end()
