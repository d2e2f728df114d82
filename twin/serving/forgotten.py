"""Taking what was forgotten out of the page's conversations and uploads, from a command.

In: a home in whose warehouse something was forgotten. Out: conversations and folders without it, or
the reason why the page must do it when it is next opened.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twin.errors import TwinError
from twin.serving.history.address import history_file, history_url

if TYPE_CHECKING:
    from twin.home import Home


def empty_conversations(home: Home) -> tuple[int, str]:
    """Empty what the conversations repeat of what was forgotten.

    Returns:
        How many answers went, and why this must wait for the page; empty if it need not.
    """
    file = history_file(home)
    if file is not None and not file.exists():
        return 0, ""
    try:
        url = history_url(home)
        return asyncio.run(_emptied(home, url)), ""
    except ImportError as error:
        return 0, f"{error.name} is not installed"
    except TwinError as error:
        return 0, error.message


async def _emptied(home: Home, url: str) -> int:
    from twin.serving.history.database import Database  # noqa: PLC0415 - an extra
    from twin.serving.history.forgetting import catch_up  # noqa: PLC0415

    database = Database(url)
    try:
        return await catch_up(database, home.warehouse)
    finally:
        await database.close()
