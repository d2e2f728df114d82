"""Writing as the person would: two variants next to each other, each sentence with where they said it.

In: what to write about, and the settings. Out: two texts as they are written, which can be chosen
from and edited; both is kept.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import chainlit as cl

from twin.chat import steps
from twin.chat.borne import borne
from twin.chat.drafts import Brief, Draft, DraftToken
from twin.chat.opinions import about_draft, edit, side_id
from twin.chat.page import escaped
from twin.chat.panel import number
from twin.chat.shown import shown
from twin.documents import Kind
from twin.errors import UsageError
from twin.retrieve.passages import Retrieval
from twin.serving.answering import (
    LOOKING,
    Asked,
    as_address,
    keep,
    reader,
    rest_on,
    show_stages,
    wished,
)
from twin.serving.columns import Columns
from twin.serving.room import Room

SAVE = "save_draft"
WORDS, LONGEST = 120, 2000


def brief_of(room: Room, about: str, values: dict[str, Any]) -> Brief:
    """Return what is to be written, as the settings say."""
    kind = Kind.ARTICLE if values.get("form") == Kind.ARTICLE.value else Kind.POST
    length = round(number(values.get("words"), WORDS, 10, LONGEST))
    return Brief(about=about, kind=kind, words=length, audience=room.twin.audience)


async def write(room: Room, asked: Asked) -> None:
    """Write two variants.

    Raises:
        TwinError: if they cannot be written; what was written so far stays.
    """
    brief = brief_of(room, asked.text, cl.context.session.chat_settings)
    shown_in = Columns("One way", "Another way")
    message = cl.Message("", elements=[shown_in.element])
    looking: cl.Step | None = None
    events = room.twin.draft(brief, wish=await wished(room), who=asked.who)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Retrieval):
                await rest_on(room, asked, event)
                async with cl.Step(LOOKING, type="retrieval", icon="search") as looking:
                    looking.name = steps.summary(event)
                    looking.output = steps.notes(event)
                await message.send()  # type: ignore[no-untyped-call]
            elif isinstance(event, DraftToken):
                shown_in.columns[event.variant - 1]["text"] += event.text
                await shown_in.show()
            else:
                await _finish(room, asked, message, shown_in, event)
                if looking is not None:
                    await show_stages(room, looking, event)


async def _finish(
    room: Room, asked: Asked, message: cl.Message, shown_in: Columns, draft: Draft
) -> None:
    props = shown_in.element.props
    del shown_in.columns[len(draft.variants) :]
    props["message"] = message.id
    props["choosable"] = room.access.keeps and len(draft.variants) == 2  # noqa: PLR2004 - both
    props["editing"] = SAVE if room.access.keeps else ""
    for side, variant in enumerate(draft.variants):
        one, column = borne(variant, draft.retrieval), shown_in.columns[side]
        text = shown(one.text)
        column |= {
            "text": f"{text}\n\n{one.legend}" if one.legend else text,
            "plain": variant.text,
            "done": True,
            "sources": [
                {"name": name, "label": line, "url": as_address(beside)}
                for name, line, beside in one.sources
            ],
        }
        shown_in.columns[side] = column
        given = about_draft(
            draft,
            variant,
            thread_id=asked.thread_id,
            message_id=side_id(message.id, side),
            user=asked.who.user,
        )
        column["kept"] = await keep(room, asked, given)
    props["question"] = "\n\n".join(escaped(note) for note in draft.notes)
    await message.update()  # type: ignore[no-untyped-call]


async def save(room: Room, payload: dict[str, Any]) -> bool:
    """Keep what a person made of a variant.

    Raises:
        TwinError: if there is nothing to keep, or the variant is not known any more.
    """
    text = str(payload.get("text") or "").strip()
    if not text:
        message = "there is nothing to keep"
        raise UsageError(message, "write what you would have written")
    side = side_id(str(payload.get("message")), int(payload.get("side") == 1))
    given = await room.shown(reader(), side)
    await asyncio.to_thread(room.say, edit(given, text))
    return True
