"""Work of a plugin, cut off where it makes no progress.

In: something to call or to iterate, and a limit in seconds. Out: what it gives, or a `TimedOut`
where it gave nothing for that long. It runs in a thread of its own, which is left behind then: a
thread cannot be ended from outside, but it is told nothing more and heard no more.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final, TypeVar

from twin.errors import TwinError

Found = TypeVar("Found")

AHEAD: Final = 4
"""Items that are read before they are asked for; a document has a few megabytes at most."""

LOOK: Final = 0.2
"""Seconds between two looks: at the clock, and at whether anybody still listens."""

THREAD: Final = "twin-reader"
"""Name of the threads. The command line ends without waiting for one that was left behind."""


class TimedOut(TwinError):
    """A plugin made no progress for too long."""


@dataclass(frozen=True, slots=True)
class _End:
    """The end of the items: regular, or by an error."""

    error: BaseException | None = None


def watched(
    begin: Callable[[], Iterator[Found]],
    limit: float,
    progress: Callable[[], object] = lambda: None,
) -> Iterator[Found]:
    """Yield items of an iterator that runs in a thread of its own.

    The clock runs only while an item is waited for, never while the caller works on one.

    Args:
        begin: makes the iterator, in the thread.
        limit: seconds without progress after which it is cut off.
        progress: returns something that changes with progress other than an item, such as the
            number of items that were skipped.

    Raises:
        TimedOut: if it was cut off.
        BaseException: whatever the iterator raised, once all items before it were yielded.
    """
    items: queue.Queue[Found | _End] = queue.Queue(AHEAD)
    closed = threading.Event()
    context = copy_context()
    thread = threading.Thread(
        target=context.run, args=(_feed, begin, items, closed), name=THREAD, daemon=True
    )
    thread.start()
    try:
        while True:
            item = _next(items, limit, progress)
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        closed.set()


def within(make: Callable[[], Found], limit: float) -> Found:
    """Return what `make` makes.

    Raises:
        TimedOut: if it takes longer than `limit` seconds.
        BaseException: what it raised.
    """

    def once() -> Iterator[Found]:
        yield make()

    return next(watched(once, limit))


def _next(
    items: queue.Queue[Found | _End], limit: float, progress: Callable[[], object]
) -> Found | _End:
    last, since = progress(), time.monotonic()
    while True:
        try:
            return items.get(timeout=min(LOOK, limit))
        except queue.Empty:
            now, moved = time.monotonic(), progress()
            if moved != last:
                last, since = moved, now
            elif now - since >= limit:
                message = f"gave nothing for {limit:g} s and was cut off"
                hint = "if it needs longer, raise ingest.reader_timeout in twin.toml"
                raise TimedOut(message, hint) from None


def _feed(
    begin: Callable[[], Iterator[Found]],
    items: queue.Queue[Found | _End],
    closed: threading.Event,
) -> None:
    """Put the items into the queue; runs in the thread."""
    end = _End()
    try:
        for item in begin():
            if not _put(items, item, closed):
                return
    except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits
        end = _End(error)
    _put(items, end, closed)


def _put(items: queue.Queue[Found | _End], item: Found | _End, closed: threading.Event) -> bool:
    """Put an item where there is room; return False once nobody listens any more."""
    while not closed.is_set():
        try:
            items.put(item, timeout=LOOK)
        except queue.Full:
            continue
        return True
    return False
