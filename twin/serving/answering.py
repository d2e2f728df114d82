"""One question in the page: its steps, its answer as it is written, its sources beside it.

In: a message, and the room. Out: what the browser shows, and what is kept of it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal

import chainlit as cl

from twin.chat import page, steps
from twin.chat.answer import Answer, Source, Token
from twin.chat.drafts import Draft
from twin.chat.marks import legend, marked
from twin.chat.opinions import about, is_side
from twin.chat.panel import question_of, read_wish
from twin.chat.shown import Shown, shown
from twin.chat.wish import Turn, Wish
from twin.retrieve.passages import Retrieval
from twin.serving.access import Login
from twin.serving.conversation import Conversation
from twin.serving.history.contents import Kept
from twin.serving.history.database import now
from twin.serving.live import Who
from twin.serving.room import Room
from twin.warehouse.feedback import Feedback, feedback_line, read_feedback

SETTLED, PATIENCE = "settled", 3
"""What the browser answers once it has shown all that came before (public/page.js), and the seconds
that this is waited for: one that is gone, or has an older page.js in its cache, does not answer."""

LOOKING = "Looking through what was written"
NO_ANSWER: Literal["system_message"] = "system_message"
"""The type of a message that nobody judges: Chainlit offers thumbs under all others."""

CORRECT = "correct"
"""The action that opens the field for what the person would have written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it came in the page.

    Attributes:
        run_id: the run that answers it; thumbs point at that.
    """

    text: str
    message_id: str
    run_id: str
    thread_id: str
    who: Who


def asked_by(message: cl.Message) -> Asked:
    """Return a question with all that says where it was asked.

    Raises:
        UsageError: if it is too long.
    """
    session = cl.context.session
    run = cl.context.current_run
    return Asked(
        text=question_of(message.content),
        message_id=message.id,
        run_id=run.id if run else message.id,
        thread_id=session.thread_id,
        who=Who(reader(), session.thread_id),
    )


def reader() -> str:
    """Return who has this page open, as they log in; empty where nobody does."""
    user = cl.context.session.user
    return user.identifier if user else ""


def asker(room: Room) -> str:
    """Return whose share of the turns a question takes; empty where one person has the page."""
    session = cl.context.session
    if room.access.login is Login.LOCAL:
        return ""
    # Of a guest nothing is known but the page that is open.
    return f"user {session.user.identifier}" if session.user else f"page {session.id}"


async def waits() -> None:
    """Say that others are first."""
    words = "Others asked before you: yours is answered once one of them is done."
    await cl.context.emitter.send_toast(words, "info")


def conversation() -> Conversation:
    """Return what was said so far in this session."""
    found = cl.user_session.get("conversation")  # type: ignore[no-untyped-call]
    if not isinstance(found, Conversation):
        found = Conversation()
        cl.user_session.set("conversation", found)  # type: ignore[no-untyped-call]
    return found


async def before(room: Room, asked: Asked) -> list[Turn]:
    """Return the turns before a question: as they are kept, or as a guest's session knows them.

    What is forgotten is gone from what is kept, and so no model hears of it again.
    """
    if room.history is None:
        return conversation().before(asked.message_id)
    kept = await room.history.contents.kept_of(asked.thread_id)
    given = [(one.asked_id, read_feedback(one.body)) for one in kept]
    turns = ((asked_id, Turn(said.question, said.answer)) for asked_id, said in given)
    return Conversation(turns).before(asked.message_id)


async def rest_on(room: Room, asked: Asked, retrieval: Retrieval) -> None:
    """Note what the answer and its steps will repeat words of, before they are shown."""
    if room.history is not None:
        understood = retrieval.asked[0] if retrieval.asked else asked.text
        await room.history.contents.rest_on(
            asked.thread_id,
            asked.message_id,
            (passage.document_id for passage in retrieval.passages),
            on_all=understood.strip() != asked.text.strip(),
        )


async def wished(room: Room, model: str = "") -> Wish:
    """Return what the settings of this session wish, and say what could not be read."""
    wish, notes = read_wish(cl.context.session.chat_settings, room.defaults, model)
    for note in notes:
        await cl.context.emitter.send_toast(note, "warning")
    return wish


async def answer(room: Room, asked: Asked, model: str = "") -> None:
    """Answer a question by one model.

    Raises:
        TwinError: if it cannot be answered; what was said so far stays.
    """
    said, stream = cl.Message(""), Shown()
    looking: cl.Step | None = None
    seen: Retrieval | Answer | None = None
    events = room.twin.ask(
        asked.text,
        wish=await wished(room, model),
        history=await before(room, asked),
        who=asked.who,
    )
    try:
        async with aclosing(events):
            async with cl.Step(LOOKING, type="retrieval", icon="search") as looking:
                if not room.twin.open:
                    looking.name = f"{LOOKING} (the models are being loaded, once)"
                    await looking.update()
                first = await anext(events)
                assert isinstance(first, Retrieval)  # noqa: S101 - what every stream begins with
                seen = first
                await rest_on(room, asked, seen)
                looking.name = steps.summary(seen)
                looking.output = steps.notes(seen)
            async for event in events:
                if isinstance(event, Token):
                    if not event.text:  # the model is silent
                        continue
                    said.created_at = said.created_at or now()
                    await said.stream_token(stream.feed(event.text))
                elif isinstance(event, Answer):
                    seen = event
                    await finish(room, asked, said, event)
    finally:
        # Also of an answer that was stopped, or that failed.
        if said.created_at and not isinstance(seen, Answer):
            said.type = NO_ANSWER
            await said.update()  # type: ignore[no-untyped-call]
        if looking is not None and seen is not None:
            await show_stages(room, looking, seen)


async def finish(room: Room, asked: Asked, said: cl.Message, finished: Answer) -> None:
    """Show the end of an answer, with its sources, and keep it."""
    understood = steps.understood(finished.retrieval)
    parts = (
        f"*{understood}*" if understood else "",
        shown(page.linked(marked(finished.text, finished.support))),
        legend(finished.support),
        page.sources_line(finished.sources),
    )
    said.content = "\n\n".join(part for part in parts if part)
    elements: list[Any] = [beside(source) for source in finished.sources]
    said.elements = elements
    given = about(
        finished,
        thread_id=asked.thread_id,
        message_id=said.id,
        user=asked.who.user,
    )
    if await keep(room, asked, given):
        said.actions = correcting(said.id)
    else:
        conversation().add(asked.message_id, Turn(given.question, finished.text))
    await said.update()  # type: ignore[no-untyped-call]
    await open_beside(said.elements, said.id)


async def keep(room: Room, asked: Asked, given: Feedback) -> bool:
    """Keep an answer for what may be said of it, also after a restart; return whether it is kept.

    Args:
        room: where.
        asked: the question.
        given: all that there is to know of it; it is found by its `message_id`. A thumb on the run is
            about it, unless it is one of two texts.
    """
    if room.history is None:
        return False
    await room.history.contents.keep(
        Kept(
            message_id=given.message_id,
            run_id="" if is_side(given.message_id) else asked.run_id,
            asked_id=asked.message_id,
            thread_id=asked.thread_id,
            body=feedback_line(given),
        )
    )
    return True


async def show_stages(room: Room, looking: cl.Step, seen: Retrieval | Answer | Draft) -> None:
    """Put the single steps into the one that sums them up."""
    stages = steps.stages(seen if isinstance(seen, Retrieval) else seen.retrieval)
    if not isinstance(seen, Retrieval):
        trace = room.twin.observer.trace_url(seen.trace_id)
        wrote = (
            steps.generation(seen, trace)
            if isinstance(seen, Answer)
            else steps.drafting(seen, trace)
        )
        stages.append(wrote)
    for stage in stages:
        step = cl.Step(stage.name, type="tool", parent_id=looking.id)
        step.output = stage.text
        step.start = step.end = now()
        await step.send()  # type: ignore[no-untyped-call]


def beside(source: Source, prefix: str = "") -> cl.Text:
    """Return what stands beside an answer for a source.

    Its text travels in its address, so that it opens after any restart.
    """
    return cl.Text(
        name=f"{prefix}{page.source_name(source.n)}",
        url=as_address(page.source_markdown(source)),
        display="side",
    )


def as_address(markdown: str) -> str:
    """Return text as an address that holds it."""
    encoded = base64.b64encode(markdown.encode()).decode()
    return f"data:text/plain;charset=utf-8;base64,{encoded}"


def correcting(message_id: str) -> list[cl.Action]:
    """Return the button under an answer that lets a person write it themselves."""
    return [
        cl.Action(
            name=CORRECT,
            payload={"message": message_id},
            label="I would have written…",
            tooltip="Write it as you would have: the twin learns from it",
            icon="pencil",
        )
    ]


async def open_beside(elements: Sequence[Any], key: str) -> None:
    """Show these elements beside the conversation, and no others; none where they would hide it.

    Chainlit opens the sources of the whole conversation as soon as it has shown the new ones; these
    are the ones that count.
    """
    emitter = cl.context.emitter
    settled = await emitter.send_call_fn(SETTLED, {}, timeout=PATIENCE)
    wide = settled is None or settled.get("wide", True)
    shown_now = [one if isinstance(one, dict) else one.to_dict() for one in elements if wide]
    await emitter.emit("set_sidebar_elements", {"elements": shown_now, "key": key})
    if shown_now:
        await emitter.emit("set_sidebar_title", "Sources")
