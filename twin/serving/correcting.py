"""What a person would have written in the place of an answer.

In: a click on the button under an answer, and then a text. Out: a field in the page, and the text in
the warehouse.
"""

from __future__ import annotations

import asyncio
from typing import Any

import chainlit as cl

from twin.chat.opinions import edit
from twin.errors import UsageError
from twin.serving.room import Room
from twin.warehouse.feedback import Feedback, read_feedback

SAVE = "save_correction"


async def open_field(room: Room, payload: dict[str, Any]) -> None:
    """Open a field under an answer, with the answer in it.

    Raises:
        TwinError: if the answer is not known any more.
    """
    message_id = str(payload.get("message"))
    given = await _known(room, message_id)
    props = {"message": message_id, "text": given.answer, "saved": False}
    # One field an answer: a second click opens the same one anew.
    field = cl.CustomElement(
        id=f"{message_id}-correction", name="Correction", props=props, display="inline"
    )
    await field.send(for_id=message_id)


async def save(room: Room, payload: dict[str, Any]) -> bool:
    """Keep what the person would have written.

    Raises:
        TwinError: if there is nothing to keep, or it cannot be kept.
    """
    text = str(payload.get("text") or "").strip()
    if not text:
        message = "there is nothing to keep"
        raise UsageError(message, "write what you would have written")
    given = await _known(room, str(payload.get("message")))
    await asyncio.to_thread(room.say, edit(given, text))
    return True


async def _known(room: Room, message_id: str) -> Feedback:
    kept = await room.history.contents.kept(message_id) if room.history else None
    if kept is None:
        message = "this answer is not known any more"
        raise UsageError(message, "ask again")
    return read_feedback(kept.body)
