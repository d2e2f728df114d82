"""A twin that stays open: opened once for a process, kept in step, asked by many.

In: a home. Out: answers as streams of events, while a thread follows the warehouse. Opening takes
seconds (models are loaded), so it happens beside whatever else goes on.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from twin.chat.welcome import Welcome, welcome
from twin.errors import TwinError

if TYPE_CHECKING:
    from twin.chat.answer import Answerer, Event
    from twin.home import Home

PATIENCE = 5.0
"""Seconds that closing waits for what is still being written. What is cut off then is safe: the
warehouse and the store are durable after every step."""

PAUSE = 30.0
"""Seconds before the warehouse is followed again after that failed."""

_log = logging.getLogger("twin.serving")


class LiveTwin:
    """One home, open for as long as the process goes on.

    Args:
        home: not yet opened; it is closed by `close`.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._opening = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._stopped = threading.Event()
        self._following = False
        self._open = False

    @property
    def open(self) -> bool:
        """Whether questions are answered at once, without loading anything first."""
        return self._open

    def start(self) -> None:
        """Open the warehouse, and begin to open everything else.

        Raises:
            TwinError: if the settings are wrong or the warehouse cannot be read.
        """
        _ = self._home.warehouse
        self._begin(self._warm, "open")

    def welcome(self) -> Welcome:
        """Return what to say before anything is asked."""
        settings = self._home.settings
        name = settings.person.name
        warehouse = self._home.warehouse
        return welcome(
            warehouse.summaries(),
            person=name,
            slug=warehouse.resolve_author(name) if name else None,
            audience=settings.retrieve.audience,
        )

    async def ask(self, question: str) -> AsyncGenerator[Event, None]:
        """Yield what happens while a question is answered.

        Whoever stops reading stops the answer: closing the iterator ends it at its next token.

        Raises:
            TwinError: if the twin cannot be opened, or the model fails.
        """
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        left = threading.Event()

        def tell(event: Event | Exception | None) -> None:
            # Nobody listens any more once the loop is closed.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(events.put_nowait, event)

        def answer() -> None:
            try:
                self._tell(question, tell, left)
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is read
                tell(error)
            finally:
                tell(None)
            if left.is_set():
                # LlamaIndex leaves the model's connection in a reference cycle: until that is
                # collected, the model goes on writing for nobody.
                gc.collect()

        self._begin(answer, "answer")
        try:
            while (event := await events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            left.set()

    def close(self) -> None:
        """Stop following and answering, and close the home."""
        self._stopped.set()
        deadline = time.monotonic() + PATIENCE
        for thread in tuple(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            _log.warning("closed while something was still being written")
            return
        self._home.close()

    def _tell(self, question: str, tell: Callable[[Event], None], left: threading.Event) -> None:
        audience = self._home.settings.retrieve.audience
        for event in self._answerer().stream(question, audience=audience):
            if left.is_set() or self._stopped.is_set():
                return
            tell(event)

    def _answerer(self) -> Answerer:
        # One thread opens, the others wait. After a failure the next question tries again: what
        # was in the way may be gone by then.
        with self._opening:
            self._home.refresh()
            answerer = self._home.answerer
            if not self._following:
                self._following = True
                self._begin(self._follow, "follow")
            return answerer

    def _warm(self) -> None:
        try:
            self._answerer()
            # The first text loads the embedder; without this the first question would wait for it.
            self._home.embedder.question("a question")
            self._open = True
        except TwinError as error:
            _log.warning("%s", error.message)
        except Exception:  # noqa: BLE001 - logged whole, and met again by the next question
            _log.exception("the twin could not be opened")

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self._home.follow(self._stopped.wait)
            except Exception:  # noqa: BLE001 - one failure must not end the following
                _log.exception("the index could not be brought in step; it is tried again")
                self._stopped.wait(PAUSE)

    def _begin(self, work: Callable[[], None], name: str) -> None:
        def run() -> None:
            try:
                work()
            finally:
                self._threads.discard(threading.current_thread())

        # A daemon, because a model that does not answer must not keep the process from ending.
        thread = threading.Thread(target=run, name=f"twin-{name}", daemon=True)
        self._threads.add(thread)
        thread.start()
