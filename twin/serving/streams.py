"""What a thread yields, read from the event loop.

In: a function that yields, and blocks. Out: an async iterator over the same. Whoever stops reading
stops the thread at its next item.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class Threads:
    """The threads of one twin.

    They are daemons, because a model that does not answer must not keep the process from ending.
    """

    def __init__(self) -> None:
        self._running: set[threading.Thread] = set()
        self.stopped = threading.Event()
        """Set when nothing new is to be begun, and what runs is to end."""

    def begin(self, work: Callable[[], None], name: str) -> None:
        """Do work in a thread of its own."""

        def run() -> None:
            try:
                work()
            finally:
                self._running.discard(threading.current_thread())

        thread = threading.Thread(target=run, name=f"twin-{name}", daemon=True)
        self._running.add(thread)
        thread.start()

    def end(self, patience: float) -> bool:
        """Have all of them end, and return whether they did within so many seconds."""
        self.stopped.set()
        deadline = time.monotonic() + patience
        for thread in tuple(self._running):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in tuple(self._running))

    async def stream(
        self, produce: Callable[[], Iterator[ItemT]], name: str
    ) -> AsyncGenerator[ItemT, None]:
        """Yield what a function yields in a thread.

        Closing the iterator closes the function's at its next item.

        Raises:
            Exception: whatever the function raises.
        """
        heard: _Heard[ItemT | _Failed | None] = _Heard(asyncio.get_running_loop())
        left = threading.Event()

        def work() -> None:
            cut = False
            try:
                produced = produce()
                try:
                    for item in produced:
                        cut = left.is_set() or self.stopped.is_set()
                        if cut:
                            break
                        heard.tell(item)
                finally:
                    if close := getattr(produced, "close", None):
                        close()
            except Exception as error:  # noqa: BLE001 - it is raised where the items are read
                heard.tell(_Failed(error))
            finally:
                heard.tell(None)
            if cut:
                # After an end in good order it would cost each turn some tenths of a second.
                # LlamaIndex leaves the model's connection in a reference cycle: until that is
                # collected, the model goes on writing for nobody.
                gc.collect()

        self.begin(work, name)
        try:
            while (item := await heard.items.get()) is not None:
                if isinstance(item, _Failed):
                    raise item.error
                yield item
        finally:
            left.set()


class _Failed:
    """What a thread raised."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class _Heard(Generic[ItemT]):
    """What threads tell, as the event loop hears it.

    Many chats at once would wake the loop for every token; what comes while it has not woken yet goes
    along.

    Args:
        loop: that reads `items`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.items: asyncio.Queue[ItemT] = asyncio.Queue()
        self._loop = loop
        self._told: deque[ItemT] = deque()
        self._waking = threading.Event()

    def tell(self, item: ItemT) -> None:
        """Pass an item on, from any thread."""
        self._told.append(item)
        if not self._waking.is_set():
            self._waking.set()
            # Nobody listens any more once the loop is closed.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._hear)

    def _hear(self) -> None:
        self._waking.clear()
        while self._told:
            self.items.put_nowait(self._told.popleft())
