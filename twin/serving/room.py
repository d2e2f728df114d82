"""The room that a page is served from: the twin, who reads, and what is kept of it.

In: a home, and who was admitted. Out: what Chainlit's handlers work with, each made on first use.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twin.chat.opinions import is_side, thumb
from twin.chat.panel import Defaults
from twin.chat.profiles import Profile, profiles_of
from twin.errors import TwinError, UsageError
from twin.home import Home
from twin.serving import uploads
from twin.serving.access import Access
from twin.serving.history.address import FOLDER, history_url
from twin.serving.live import LiveTwin
from twin.serving.turns import Turns
from twin.serving.users import Users
from twin.warehouse.feedback import Feedback, read_feedback

if TYPE_CHECKING:
    from twin.ingest.intake import Intake
    from twin.serving.history.layer import History

_log = logging.getLogger("twin.page")


class Room:
    """One page and all that it works with.

    Args:
        home: not yet opened.
        access: who reads.
    """

    def __init__(self, home: Home, access: Access) -> None:
        self.twin = LiveTwin(home, access.audience, self._followed, lasting=True)
        self.access = access
        self._home = home
        self._loop: asyncio.AbstractEventLoop | None = None
        self._forgetting: asyncio.Task[None] | None = None

    @cached_property
    def folder(self) -> Path:
        """Where the chat keeps what is its own."""
        return self._home.folder / FOLDER

    @cached_property
    def users(self) -> Users:
        """Those who may log in."""
        return Users(self.folder)

    @cached_property
    def history(self) -> History | None:
        """The conversations; None where nothing is kept of them.

        Raises:
            ConfigurationError: if the database's address is missing, or none.
        """
        if not self.access.keeps:
            return None
        from twin.serving.history.layer import History  # noqa: PLC0415 - only where it is kept

        return History(history_url(self._home), self._thumbed)

    @property
    def defaults(self) -> Defaults:
        """What twin.toml says, from which the settings panel begins."""
        settings = self._home.settings
        temperature = settings.models.chat.options.get("temperature", 0.2)
        return Defaults(settings.retrieve.passages, float(temperature))

    @property
    def oauth_allowed(self) -> Sequence[str]:
        """Who may log in by OAuth."""
        return self._home.settings.chat.oauth_allowed

    @cached_property
    def turns(self) -> Turns:
        """Who is answered now, and who waits."""
        wanted = self._home.settings.chat
        return Turns(wanted.at_once, wanted.at_once_each)

    @cached_property
    def profiles(self) -> list[Profile]:
        """What can be done on the page."""
        return profiles_of(self.twin.models)

    async def open(self) -> None:
        """Open the twin, and take out of the conversations what was forgotten meanwhile.

        Raises:
            TwinError: if the settings are wrong or the warehouse cannot be read.
        """
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self.twin.start)
        self._begin_forgetting()

    async def settle(self, asked_id: str) -> None:
        """See, once a question is answered, that nothing of it was forgotten meanwhile."""
        if self.history is not None:
            await self.history.settle(self._home.warehouse, asked_id)

    def _followed(self) -> None:
        """See, from another thread, that the conversations follow the warehouse as the index does."""
        # Nobody listens any more once the loop is closed.
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._begin_forgetting)

    def _begin_forgetting(self) -> None:
        if self.history is not None:
            self._forgetting = asyncio.create_task(self._forget(self.history))

    async def _forget(self, history: History) -> None:
        try:
            await history.catch_up(self._home.warehouse)
        except TwinError as error:
            _log.warning("%s", error.message)

    def close(self) -> None:
        """Close the twin."""
        self.twin.close()

    def say(self, feedback: Feedback) -> None:
        """Keep what somebody thinks of an answer, and have it stand on its trace.

        Raises:
            WarehouseError: if it cannot be kept.
        """
        self._home.warehouse.put_feedback(feedback)
        value = 1.0 if feedback.value is None else feedback.value
        name, comment = feedback.kind.value, feedback.edited or feedback.comment
        # The variants of a draft are of one turn: each has a score of its own.
        told = f"twin:{feedback.message_id}:{name}" if is_side(feedback.message_id) else ""
        score_id = str(uuid.uuid5(uuid.NAMESPACE_OID, told)) if told else ""
        self.twin.observer.score(feedback.trace_id, name, value, comment, score_id=score_id)

    async def shown(self, user: str, message_id: str) -> Feedback:
        """Return what there is to know of a text that somebody was shown.

        Raises:
            UsageError: if no such text is kept in a conversation of theirs.
        """
        kept = await self.history.contents.kept(message_id, user) if self.history else None
        if kept is None:
            message = "this answer is not known any more"
            raise UsageError(message, "ask again")
        return read_feedback(kept.body)

    async def rate(self, rated: Feedback, value: int | None, comment: str) -> None:
        """Keep a thumb on one of two texts of a message, or take it back if its value is None."""
        await self._thumbed(f"{rated.message_id}:thumb", rated, value, comment)

    def take_in(self, files: Sequence[tuple[str, Path]], user: str) -> list[tuple[str, Intake]]:
        """Take files into the twin, as theirs who gave them, and return an account of each.

        Raises:
            TwinError: if one of them cannot be begun.
        """
        return uploads.take_in(self._home, files, user)

    async def _thumbed(
        self, thumb_id: str, rated: Feedback | None, value: int | None, comment: str
    ) -> None:
        if value is None:
            await asyncio.to_thread(self._home.warehouse.delete_feedback, thumb_id)
        elif rated is not None:
            await asyncio.to_thread(self.say, thumb(rated, thumb_id, value, comment))
