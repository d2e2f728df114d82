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
from twin.serving.answering import reader
from twin.serving.room import Room

SAVE = "save_correction"


async def open_field(room: Room, payload: dict[str, Any]) -> None:
    """Open a field under an answer, with the answer in it.

    Raises:
        TwinError: if no such answer is known, or none of theirs.
    """
    message_id = str(payload.get("message"))
    given = await room.shown(reader(), message_id)
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
    given = await room.shown(reader(), str(payload.get("message")))
    await asyncio.to_thread(room.say, edit(given, text))
    return True
