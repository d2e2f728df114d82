"""The room that a page is served from: the twin, who reads, and what is kept of it.

In: a home, and who was admitted. Out: what Chainlit's handlers work with, each made on first use.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twin.chat.opinions import thumb
from twin.chat.panel import Defaults
from twin.chat.profiles import Profile, profiles_of
from twin.collecting import Wanted, collect
from twin.documents import Audience
from twin.errors import ConfigurationError
from twin.home import Home
from twin.serving.access import Access
from twin.serving.live import LiveTwin
from twin.serving.users import Users
from twin.warehouse.feedback import Feedback, read_feedback

if TYPE_CHECKING:
    from twin.ingest.intake import Intake
    from twin.serving.history.contents import Kept
    from twin.serving.history.layer import History

UPLOADS = "uploads"
"""The folder of the home, and hence the collection, that holds what was given in the page."""

LONGEST_NAME = 120
"""Bytes before the suffix."""

_log = logging.getLogger("twin.page")


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

    def take_in(self, files: Sequence[tuple[str, Path]]) -> list[tuple[str, Intake]]:
        """Take files into the twin, and return an account of each.

        They are private, whatever their reader proposes: somebody may have meant only to ask about
        them.

        Args:
            files: the name that each had, and where it lies now.

        Raises:
            TwinError: if one of them cannot be begun.
        """
        folder = self._home.folder / UPLOADS
        folder.mkdir(exist_ok=True, mode=0o700)
        done = []
        for name, path in files:
            target = folder / safe_name(name)
            shutil.copyfile(path, target)
            wanted = Wanted(source=str(target), audience=Audience.PRIVATE)
            [intake] = collect(self._home, [wanted])
            done.append((target.name, intake))
        return done

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


def safe_name(name: str) -> str:
    """Return the name of a file without any folder, short, and not hidden."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip().lstrip(".")
    plain = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in plain)
    stem, dot, suffix = plain.rpartition(".")
    if not dot:
        return _cut(plain, LONGEST_NAME) or "unnamed"
    return f"{_cut(stem, LONGEST_NAME)}.{_cut(suffix, 20)}"


def _cut(text: str, most: int) -> str:
    """Return as much of a text as has so many bytes: a file system counts those."""
    return text.encode()[:most].decode(errors="ignore")
