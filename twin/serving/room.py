"""The room that a page is served from: the twin, who reads, and what is kept of it.

In: a home, and who was admitted. Out: what Chainlit's handlers work with, each made on first use.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twin.chat.opinions import thumb
from twin.chat.panel import Defaults
from twin.chat.profiles import Profile, profiles_of
from twin.errors import ConfigurationError
from twin.home import Home
from twin.serving import uploads
from twin.serving.access import Access
from twin.serving.live import LiveTwin
from twin.serving.turns import Turns
from twin.serving.users import Users
from twin.warehouse.feedback import Feedback, read_feedback

if TYPE_CHECKING:
    from twin.ingest.intake import Intake
    from twin.serving.history.contents import Kept
    from twin.serving.history.layer import History


class Room:
    """One page and all that it works with.

    Args:
        home: not yet opened.
        access: who reads.
    """

    def __init__(self, home: Home, access: Access) -> None:
        self.twin = LiveTwin(home, access.audience)
        self.access = access
        self._home = home

    @cached_property
    def folder(self) -> Path:
        """Where the chat keeps what is its own."""
        return self._home.folder / "chat"

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

        return History(self._history_url(), self._thumbed)

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
        comment = feedback.edited or feedback.comment
        self.twin.observer.score(feedback.trace_id, feedback.kind.value, value, comment)

    def take_in(self, files: Sequence[tuple[str, Path]], user: str) -> list[tuple[str, Intake]]:
        """Take files into the twin, as theirs who gave them, and return an account of each.

        Raises:
            TwinError: if one of them cannot be begun.
        """
        return uploads.take_in(self._home, files, user)

    def _history_url(self) -> str:
        name = self._home.settings.chat.history_url_env
        if not name:
            return f"sqlite:///{self.folder / 'history.sqlite3'}"
        if url := os.environ.get(name):
            return url
        message = f"chat.history_url_env names {name}, which is not set"
        raise ConfigurationError(message, "set it to a postgresql:// URL, or leave the setting out")

    async def _thumbed(
        self, thumb_id: str, kept: Kept | None, value: int | None, comment: str
    ) -> None:
        if value is None:
            await asyncio.to_thread(self._home.warehouse.delete_feedback, thumb_id)
        elif kept is not None:
            given = thumb(read_feedback(kept.body), thumb_id, value, comment)
            await asyncio.to_thread(self.say, given)
