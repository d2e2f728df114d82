"""Conversations of the page, without a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twin.serving.history.contents import Contents
from twin.serving.history.conversations import Conversations
from twin.serving.history.database import Database


class Past:
    """A history in one file, or at an address."""

    def __init__(self, where: Path | str) -> None:
        self.database = Database(where if isinstance(where, str) else f"sqlite:///{where}")
        self.conversations = Conversations(self.database)
        self.contents = Contents(self.database)


def step(name: str, at: int, parent: str | None = None, **more: Any) -> dict[str, Any]:
    body = {
        "id": name,
        "threadId": "t",
        "parentId": parent,
        "type": "assistant_message",
        "output": f"said {name}",
        "createdAt": f"2026-01-01T00:00:{at:02}.000001Z",
    }
    return body | more
