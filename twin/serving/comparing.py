"""Two models side by side, unnamed until the person has chosen.

In: a question and two models. Out: two answers next to each other as they are written, from the same
passages; then a choice, which is kept.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import chainlit as cl

from twin.chat import page, steps
from twin.chat.answer import Answer, Token
from twin.chat.marks import marked
from twin.chat.opinions import about, choice
from twin.chat.shown import shown
from twin.chat.wish import Turn, Wish
from twin.errors import TwinError, UsageError
from twin.retrieve.passages import Retrieval
from twin.serving.answering import (
    LOOKING,
    Asked,
    as_address,
    conversation,
    keep,
    show_stages,
    wished,
)
from twin.serving.columns import Columns
from twin.serving.room import Room
from twin.warehouse.feedback import FeedbackKind, read_feedback

CHOOSE = "choose"
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
    wish, history = await wished(room), conversation().before(asked.message_id)
    shown_in = Columns("One", "The other")
    message = cl.Message(QUESTION, elements=[shown_in.element])
    events = room.twin.ask(
        asked.text, wish=replace(wish, model=first), history=history, who=asked.who
    )
    async with aclosing(events):
        async with cl.Step(LOOKING, type="retrieval", icon="search") as looking:
            retrieval = await anext(events)
            assert isinstance(retrieval, Retrieval)  # noqa: S101 - what every stream begins with
            looking.name = steps.summary(retrieval)
            looking.output = steps.notes(retrieval)
        await message.send()  # type: ignore[no-untyped-call]
        done = await asyncio.gather(
            _fill(shown_in, 0, events),
            _second(room, asked, replace(wish, model=second), retrieval, shown_in),
            return_exceptions=True,
        )
    answers = [one for one in done if isinstance(one, Answer)]
    for column, one in zip(shown_in.columns, done, strict=True):
        if isinstance(one, TwinError):
            column["text"] = page.apology(one)
        elif isinstance(one, BaseException):
            raise one
        column["done"] = True
    await show_stages(room, looking, answers[0] if answers else retrieval)
    await _settle(room, asked, message, shown_in, answers)


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
            column["text"] = shown(marked(event.text, event.support))
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
    room: Room, asked: Asked, message: cl.Message, shown_in: Columns, answers: list[Answer]
) -> None:
    """Keep both answers, and let the person choose."""
    props = shown_in.element.props
    props["choosable"] = room.access.keeps and len(answers) == 2  # noqa: PLR2004 - both
    props["message"] = message.id
    if answers:
        turn = Turn(answers[0].question, answers[0].text)
        conversation().add(asked.message_id, turn)
    for side, answer in enumerate(answers if props["choosable"] else ()):
        given = about(answer, thread_id=asked.thread_id, message_id=message.id, user=asked.who.user)
        await keep(room, asked, f"{message.id}:{side}", given, of_run=False)
    await message.update()  # type: ignore[no-untyped-call]
    if not answers:
        message_text = "neither of the two models answered"
        raise UsageError(message_text, "the columns say why")


async def choose(room: Room, payload: dict[str, Any]) -> list[str]:
    """Keep a choice, and return the names of both models, which may be known now.

    Raises:
        TwinError: if the answers are not known any more, or the choice cannot be kept.
    """
    message_id, chosen = str(payload.get("message")), int(payload.get("chosen", 0))
    history = room.history
    found = [
        await history.contents.kept(f"{message_id}:{side}") if history else None for side in (0, 1)
    ]
    one, other = found[chosen], found[1 - chosen]
    if one is None or other is None:
        message = "these answers are not known any more"
        raise UsageError(message, "ask again")
    given, rejected = read_feedback(one.body), read_feedback(other.body)
    await asyncio.to_thread(room.say, choice(given, rejected, message_id))
    if rejected.trace_id != given.trace_id:  # the variants of a draft are of one turn
        room.twin.observer.score(rejected.trace_id, FeedbackKind.CHOICE.value, 0.0)
    names = [given.adapter or given.model, rejected.adapter or rejected.model]
    return names if chosen == 0 else names[::-1]
