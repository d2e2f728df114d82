"""Two models side by side, unnamed until the person has chosen.

In: a question and two models. Out: two answers next to each other as they are written, from the same
passages; then a choice and thumbs, which are kept.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import chainlit as cl

from twin.chat import page, steps
from twin.chat.answer import Answer, Token
from twin.chat.marks import marked
from twin.chat.opinions import about, choice, side_id
from twin.chat.shown import shown
from twin.chat.wish import Turn, Wish
from twin.errors import TwinError, UsageError
from twin.retrieve.passages import Retrieval
from twin.serving.answering import (
    LOOKING,
    Asked,
    as_address,
    before,
    conversation,
    keep,
    reader,
    rest_on,
    show_stages,
    wished,
)
from twin.serving.columns import Columns
from twin.serving.room import Room
from twin.warehouse.feedback import FeedbackKind

CHOOSE, RATE = "choose", "rate"
QUESTION = "Which one is more like you?"


async def compare(room: Room, asked: Asked, models: tuple[str, str]) -> None:
    """Answer a question by two models next to each other.

    Raises:
        TwinError: if there is nothing to compare, or neither of the two answered.
    """
    if models[0] == models[1]:
        same = "both sides have the same model"
        raise UsageError(same, "choose two in the settings, beside the question field")
    first, second = models if secrets.randbelow(2) else models[::-1]
    wish, history = await wished(room), await before(room, asked)
    shown_in = Columns("One", "The other", question=QUESTION)
    # Without words of its own, so that Chainlit offers no thumbs: each of the two has its own.
    message = cl.Message("", elements=[shown_in.element])
    events = room.twin.ask(
        asked.text, wish=replace(wish, model=first), history=history, who=asked.who
    )
    async with aclosing(events):
        async with cl.Step(LOOKING, type="retrieval", icon="search") as looking:
            retrieval = await anext(events)
            assert isinstance(retrieval, Retrieval)  # noqa: S101 - what every stream begins with
            await rest_on(room, asked, retrieval)
            looking.name = steps.summary(retrieval)
            looking.output = steps.notes(retrieval)
        await message.send()  # type: ignore[no-untyped-call]
        done = await asyncio.gather(
            _fill(shown_in, 0, events),
            _second(room, asked, replace(wish, model=second), retrieval, shown_in),
            return_exceptions=True,
        )
    answers = [one if isinstance(one, Answer) else None for one in done]
    for column, one in zip(shown_in.columns, done, strict=True):
        if isinstance(one, TwinError):
            column["text"] = page.apology(one)
        elif isinstance(one, BaseException):
            raise one
        column["done"] = True
    given = [one for one in answers if one is not None]
    await show_stages(room, looking, given[0] if given else retrieval)
    await _settle(room, asked, message, shown_in, answers)
    if not given:
        nothing = "neither of the two models answered"
        raise UsageError(nothing, "the columns say why")


async def _second(
    room: Room, asked: Asked, wish: Wish, retrieval: Retrieval, shown_in: Columns
) -> Answer | None:
    events = room.twin.ask(asked.text, wish=wish, retrieval=retrieval, who=asked.who)
    async with aclosing(events):
        return await _fill(shown_in, 1, events)


async def _fill(shown_in: Columns, side: int, events: Any) -> Answer | None:
    """Show one answer in its column as it is written, and return it."""
    column = shown_in.columns[side]
    async for event in events:
        if isinstance(event, Token):
            if event.text:
                column["text"] += event.text
                await shown_in.show()
        elif isinstance(event, Answer):
            column["text"] = shown(page.linked(marked(event.text, event.support)))
            column["sources"] = [
                {
                    "name": page.source_name(source.n),
                    "url": as_address(page.source_markdown(source)),
                    "label": page.sources_line([source]),
                }
                for source in event.sources
            ]
            await shown_in.show(now=True)
            return event
    return None


async def _settle(
    room: Room,
    asked: Asked,
    message: cl.Message,
    shown_in: Columns,
    answers: Sequence[Answer | None],
) -> None:
    """Keep both answers, and let the person choose."""
    props = shown_in.element.props
    props["choosable"] = room.access.keeps and None not in answers
    props["message"] = message.id
    for side, answer in enumerate(answers):
        if answer is None:
            continue
        given = about(
            answer,
            thread_id=asked.thread_id,
            message_id=side_id(message.id, side),
            user=asked.who.user,
        )
        shown_in.columns[side]["kept"] = await keep(room, asked, given)
        conversation().add(asked.message_id, Turn(given.question, given.answer))
    await message.update()  # type: ignore[no-untyped-call]


async def choose(room: Room, payload: dict[str, Any]) -> list[str]:
    """Keep a choice, and return the names of both models, which may be known now.

    Raises:
        TwinError: if the answers are not known any more, or not theirs, or it cannot be kept.
    """
    message_id, chosen = str(payload.get("message")), int(payload.get("chosen") == 1)
    given = await room.shown(reader(), side_id(message_id, chosen))
    rejected = await room.shown(reader(), side_id(message_id, 1 - chosen))
    await asyncio.to_thread(room.say, choice(given, rejected, message_id))
    if room.history is not None:
        # What is asked next is understood by what the person took for the answer.
        await room.history.contents.prefer(side_id(message_id, chosen))
    if rejected.trace_id != given.trace_id:  # the variants of a draft are of one turn
        room.twin.observer.score(rejected.trace_id, FeedbackKind.CHOICE.value, 0.0)
    names = [given.adapter or given.model, rejected.adapter or rejected.model]
    return names if chosen == 0 else names[::-1]


async def rate(room: Room, payload: dict[str, Any]) -> bool:
    """Keep a thumb on one of two texts, or take it back.

    Raises:
        TwinError: if the text is not known any more, or not theirs, or it cannot be kept.
    """
    message_id, side = str(payload.get("message")), int(payload.get("side") == 1)
    value = payload.get("value")
    rated = await room.shown(reader(), side_id(message_id, side))
    comment = str(payload.get("comment") or "")
    await room.rate(rated, None if value is None else int(value == 1), comment)
    return True
