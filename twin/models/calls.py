"""A request to a chat model while it runs.

In: what says the parts of the answer: a coroutine for a server, a function for a model in this
process. Out: the parts as they come; whoever stops reading ends the request at once.

Nothing in Python interrupts a thread that waits for a server. So servers are spoken to in one event
loop that all calls share, where a task can be cancelled whatever it waits for. And while nothing comes,
the reader is given a `Pause` a few times a second, so that it too can go away.
"""

from __future__ import annotations

import asyncio
import atexit
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

PULSE = 0.25
"""Seconds of silence after which the reader is given a pause, and may leave."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing has come for a moment.

    Attributes:
        why: what is waited for, as a person would say it; empty if nothing is known.
    """

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an answer came to its end.

    Attributes:
        finish_reason: ``stop``, or ``length`` if the limit of tokens cut it; else what the model says.
        prompt_tokens: tokens that the model read; None if it does not tell.
        completion_tokens: tokens that it wrote; None if it does not tell.
    """

    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


Said = str | Pause | Ending
"""A part of an answer's text, a pause in it, or its ending."""


class Call:
    """One request. Nothing happens before its parts are read.

    Args:
        start: begins it, given the call to tell the parts to, and returns how to end it early.
    """

    def __init__(self, start: Callable[[Call], Callable[[], None]]) -> None:
        self._start = start
        self._end: Callable[[], None] = lambda: None
        self._said: queue.SimpleQueue[Said | Exception | None] = queue.SimpleQueue()
        self._why = ""
        self.gone = threading.Event()
        """Set once nobody reads any more."""

    def tell(self, said: Said | Exception | None) -> None:
        """Pass a part on; an exception is raised where the parts are read, None is the end."""
        if isinstance(said, Pause):
            self._why = said.why
        else:
            self._why = ""
        self._said.put(said)

    def give_up(self) -> None:
        """End the request, from any thread and as often as one likes."""
        if not self.gone.is_set():
            self.gone.set()
            self._end()

    def parts(self) -> Iterator[Said]:
        """Yield the parts; closing the iterator gives the request up.

        Raises:
            ModelError: whatever stopped the answer.
        """
        if self.gone.is_set():
            return
        self._end = self._start(self)
        if self.gone.is_set():  # given up by another thread in that moment
            self._end()
        try:
            while not self.gone.is_set():
                try:
                    said = self._said.get(timeout=PULSE)
                except queue.Empty:
                    yield Pause(self._why)
                    continue
                if said is None:
                    return
                if isinstance(said, Exception):
                    raise said
                yield said
        finally:
            self.give_up()


def from_server(say: Callable[[], AsyncIterator[Said]]) -> Call:
    """Return a call whose parts come from a server.

    Args:
        say: yields the parts; it is cancelled when the call is given up.
    """

    def start(call: Call) -> Callable[[], None]:
        async def pass_on() -> None:
            try:
                parts = say()
                try:
                    async for said in parts:
                        call.tell(said)
                finally:
                    if close := getattr(parts, "aclose", None):
                        await close()
                call.tell(None)
            except Exception as error:  # noqa: BLE001 - raised again where the parts are read
                call.tell(error)

        future = asyncio.run_coroutine_threadsafe(pass_on(), _loop())
        return lambda: _cancel(future)

    return Call(start)


def from_thread(say: Callable[[Call], Iterator[Said]]) -> Call:
    """Return a call whose parts come from a function that runs in a thread of its own.

    Args:
        say: yields the parts, and looks at ``call.gone`` wherever it may stop.
    """

    def start(call: Call) -> Callable[[], None]:
        def pass_on() -> None:
            try:
                parts = say(call)
                try:
                    for said in parts:
                        if call.gone.is_set():
                            return
                        call.tell(said)
                finally:
                    if close := getattr(parts, "close", None):
                        close()
                call.tell(None)
            except Exception as error:  # noqa: BLE001 - raised again where the parts are read
                call.tell(error)

        threading.Thread(target=pass_on, name="twin-model", daemon=True).start()
        return lambda: None

    return Call(start)


def run(work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
    """Run a coroutine in the loop of all calls, and return what it returns.

    Raises:
        TimeoutError: after so many seconds; the coroutine is cancelled.
    """
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result(timeout)
    finally:
        future.cancel()


def _cancel(future: Any) -> None:
    # The loop may be closed already when the process ends.
    with suppress(RuntimeError):
        future.cancel()


_starting = threading.Lock()
_running: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop of all calls; its thread starts with the first."""
    with _starting:
        if not _running:
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=loop.run_forever, name="twin-models", daemon=True)
            thread.start()
            _running.append(loop)
            atexit.register(_stop, loop, thread)
        return _running[0]


def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join(1.0)
    if not thread.is_alive():
        loop.close()
