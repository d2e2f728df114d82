"""Two texts next to each other in the page.

In: texts as they grow. Out: one element, sent anew at a pace that a browser can follow.
"""

from __future__ import annotations

import time
from typing import Any

import chainlit as cl

PACE = 0.15
"""Seconds between two looks at the columns; each sends the whole text."""

Column = dict[str, Any]


class Columns:
    """The element with the texts.

    Args:
        titles: what stands above each.
        question: what stands above both, as Markdown.
    """

    def __init__(self, *titles: str, question: str = "") -> None:
        columns: list[Column] = [
            {"title": title, "text": "", "sources": [], "done": False, "name": "", "kept": False}
            for title in titles
        ]
        props = {"columns": columns, "chosen": None, "choosable": False, "question": question}
        self.element = cl.CustomElement(name="Columns", props=props, display="inline")
        self.columns: list[Column] = columns
        self._last = 0.0

    async def show(self, *, now: bool = False) -> None:
        """Send what there is, unless something was sent a moment ago."""
        if not now and time.monotonic() - self._last < PACE:
            return
        self._last = time.monotonic()
        await cl.context.emitter.send_element(self.element.to_dict())
