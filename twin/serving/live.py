"""A twin that stays open: opened once for a process, kept in step, asked by many.

In: a home. Out: answers as streams of events, while a thread follows the warehouse. Opening takes
seconds (models are loaded), so it happens beside whatever else goes on.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from twin import observe
from twin.chat.welcome import Welcome, welcome
from twin.chat.wish import NO_WISH, History, Wish
from twin.documents import Audience
from twin.errors import TwinError, UsageError
from twin.serving.streams import Threads
from twin.tracing import asked_by

if TYPE_CHECKING:
    from twin.chat.answer import Answerer, Event
    from twin.chat.drafting import Event as Drafted
    from twin.chat.drafts import Brief
    from twin.home import Home
    from twin.retrieve.passages import Retrieval

PATIENCE = 5.0
"""Seconds that closing waits for what is still being written. What is cut off then is safe: the
warehouse and the store are durable after every step."""

PAUSE = 30.0
"""Seconds before the warehouse is followed again after that failed."""

_log = logging.getLogger("twin.serving")


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, and in which conversation; both may be empty."""

    user: str = ""
    session: str = ""


NOBODY = Who()


class LiveTwin:
    """One home, open for as long as the process goes on.

    Args:
        home: not yet opened; it is closed by `close`.
        audience: whom all answers are for; None takes the one of twin.toml.
        followed: called, in another thread, when the warehouse has changed and the index has followed.
        lasting: whether the process is there for this twin, and ends with it.
    """

    def __init__(
        self,
        home: Home,
        audience: Audience | None = None,
        followed: Callable[[], None] = lambda: None,
        *,
        lasting: bool = False,
    ) -> None:
        self.home = home
        self._lasting = lasting
        self._followed = followed
        self._audience = audience
        self.observer = observe.Observer()
        """Who watches: it takes the scores of answers, and says where a trace is shown."""
        self._opening = threading.Lock()
        self._threads = Threads()
        self._following = False
        self._open = False

    @property
    def open(self) -> bool:
        """Whether questions are answered at once, without loading anything first."""
        return self._open

    @property
    def audience(self) -> Audience:
        """Whom all answers are for."""
        return self._audience or self.home.settings.retrieve.audience

    @property
    def person(self) -> str:
        """Whose twin it is, as twin.toml names them; may be empty."""
        return self.home.settings.person.name

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The adapters that can answer besides the default model, in the order of twin.toml.

        One whose `run` learned from writing above the audience is none of them: what was learned can
        be asked out of a model, whatever is retrieved.
        """
        adapters = self.home.settings.models.adapters
        return tuple(adapter.name for adapter in adapters if self._may_answer(adapter.run))

    @cached_property
    def _default_may_answer(self) -> bool:
        return self._may_answer(self.home.settings.models.chat_run)

    def _may_answer(self, run: str) -> bool:
        from twin.training.runs import audience_of  # noqa: PLC0415 - only once the page is open

        return not run or audience_of(run, self.home.folder) in {None, *self.audience.visible}

    def start(self) -> None:
        """Open the warehouse, and begin to open everything else.

        Raises:
            TwinError: if the settings are wrong or the warehouse cannot be read.
        """
        _ = self.home.warehouse
        self.observer = observe.start(
            self.home.settings, folder=self.home.folder, mask=self.home.mask
        )
        self._threads.begin(self._warm, "open")

    def welcome(self) -> Welcome:
        """Return what to say before anything is asked."""
        name, warehouse = self.person, self.home.warehouse
        return welcome(
            warehouse.summaries(),
            person=name,
            slug=warehouse.resolve_author(name) if name else None,
            audience=self.audience,
        )

    def authors(self) -> dict[str, str]:
        """Return the names of those who may be chosen, each with its slug."""
        summaries = self.home.warehouse.summaries()
        seen = {s.author: s.author_slug for s in summaries if s.audience in self.audience.visible}
        return dict(sorted((name, slug) for name, slug in seen.items() if name))

    async def ask(
        self,
        question: str,
        *,
        wish: Wish = NO_WISH,
        history: History = (),
        retrieval: Retrieval | None = None,
        who: Who = NOBODY,
    ) -> AsyncGenerator[Event, None]:
        """Yield what happens while a question is answered.

        Whoever stops reading stops the answer: closing the iterator ends it at its next token.

        Args:
            question: as it was asked.
            wish: what is wished beyond it.
            history: the turns before it.
            retrieval: what was retrieved for this question already, for a second model.
            who: asks; it stands on the trace.

        Raises:
            TwinError: if the twin cannot be opened, or the model fails.
        """

        def events() -> Iterator[Event]:
            self._check(wish)
            # All of it happens in one thread, so this may hold across the yields.
            with asked_by(user=who.user, session=who.session):
                yield from self._answerer().stream(
                    question,
                    audience=self.audience,
                    wish=wish,
                    history=history,
                    retrieval=retrieval,
                )

        stream = self._threads.stream(events, "answer")
        try:
            async for event in stream:
                yield event
        finally:
            await stream.aclose()

    async def draft(
        self, brief: Brief, *, wish: Wish = NO_WISH, who: Who = NOBODY
    ) -> AsyncGenerator[Drafted, None]:
        """Yield what happens while two variants of a text are written.

        Raises:
            TwinError: if the twin cannot be opened, or the model fails.
        """

        def events() -> Iterator[Drafted]:
            self._check(wish)
            with asked_by(user=who.user, session=who.session):
                _ = self._answerer()
                yield from self.home.drafter.stream(brief, wish=wish)

        stream = self._threads.stream(events, "draft")
        try:
            async for event in stream:
                yield event
        finally:
            await stream.aclose()

    def close(self) -> None:
        """Stop following and answering, and close the home."""
        if not self._threads.end(PATIENCE):
            _log.warning("closed while something was still being written")
            self.observer.close()
            return
        self.observer.close()
        self.home.close()

    def _check(self, wish: Wish) -> None:
        if wish.model and wish.model not in self.models:
            message = f"there is no model {wish.model!r} for whom this page is for"
            raise UsageError(message, f"there are: {', '.join(self.models) or 'the default alone'}")
        if not wish.model and not self._default_may_answer:
            message = (
                "the model of this page learned from writing that is not for whom the page is for"
            )
            raise UsageError(message, "set another models.chat for guests, or choose an adapter")

    def _answerer(self) -> Answerer:
        # One thread opens, the others wait. After a failure the next question tries again: what
        # was in the way may be gone by then.
        with self._opening:
            self.home.refresh()
            answerer = self.home.answerer
            if not self._following:
                self._following = True
                self._threads.begin(self._follow, "follow")
            return answerer

    def _warm(self) -> None:
        try:
            self._answerer()
            # The first text loads the embedder; without this the first question would wait for it.
            self.home.embedder.question("a question")
            self._open = True
            if self._lasting:
                # What was loaded stays: to look through it for garbage would hold up all chats for
                # two tenths of a second now and then.
                gc.collect()
                gc.freeze()
        except TwinError as error:
            _log.warning("%s", error.message)
        except Exception:  # noqa: BLE001 - logged whole, and met again by the next question
            _log.exception("the twin could not be opened")

    def _follow(self) -> None:
        while not self._threads.stopped.is_set():
            try:
                self.home.follow(self._threads.stopped.wait, lambda _: self._followed())
            except Exception:  # noqa: BLE001 - one failure must not end the following
                _log.exception("the index could not be brought in step; it is tried again")
                self._threads.stopped.wait(PAUSE)
