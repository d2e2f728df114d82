"""Where the conversations of the page are kept.

In: a home. Out: the URL of its history. Nothing is opened here, and nothing of an extra imported.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import ConfigurationError

if TYPE_CHECKING:
    from twin.home import Home

FOLDER = "chat"
"""The folder of the home that is the page's own."""


def history_file(home: Home) -> Path | None:
    """Return the file of the conversations; None if they are kept in PostgreSQL."""
    if home.settings.chat.history_url_env:
        return None
    return home.folder / FOLDER / "history.sqlite3"


def history_url(home: Home) -> str:
    """Return the URL of the database with the conversations.

    Raises:
        ConfigurationError: if twin.toml names a variable for it that is not set.
    """
    if file := history_file(home):
        return f"sqlite:///{file}"
    name = home.settings.chat.history_url_env
    if url := os.environ.get(name):
        return url
    message = f"chat.history_url_env names {name}, which is not set"
    raise ConfigurationError(message, "set it to a postgresql:// URL, or leave the setting out")
