"""The chat page: Chainlit's handlers, and nothing that could live elsewhere.

In: what happens in the browser. Out: calls of `twin.serving.live` and `twin.chat`. `twin chat` runs it.
"""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

import chainlit as cl

from twin.chat import page
from twin.chat.answer import Answer, Token
from twin.chat.shown import Shown, shown
from twin.errors import TwinError
from twin.home import Home
from twin.retrieve.passages import Retrieval
from twin.serving.live import LiveTwin

ICON = "/public/favicon.svg"
SETTLED = 0.3
"""Seconds after which the browser has taken in new sources."""

_log = logging.getLogger("twin.page")
_twin = LiveTwin(Home())


@cl.on_app_startup
async def start() -> None:
    """Open the twin, once for the process."""
    await asyncio.to_thread(_twin.start)


@cl.on_app_shutdown
async def stop() -> None:
    """Close it."""
    await asyncio.to_thread(_twin.close)


@cl.set_chat_profiles
async def profiles(reader: cl.User | None) -> list[cl.ChatProfile]:
    """Say whose twin it is, what it holds, and what it could be asked."""
    del reader  # there is no login yet
    welcome = await asyncio.to_thread(_twin.welcome)
    starters = [cl.Starter(label=s.label, message=s.question) for s in welcome.starters]
    name = welcome.person or "twin"
    return [
        cl.ChatProfile(
            name=name,
            markdown_description=welcome.text,
            icon=ICON,
            starters=starters,
            default=True,
        )
    ]


@cl.on_message
async def answer(message: cl.Message) -> None:
    """Answer a question; each stands alone."""
    try:
        await _answer(message.content)
    except TwinError as error:
        await cl.ErrorMessage(page.apology(error)).send()  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - the boundary of a Chainlit handler; logged whole
        _log.exception("a question could not be answered")
        text = "Something went wrong on my side\\. The terminal that runs `twin chat` says what\\."
        await cl.ErrorMessage(text).send()  # type: ignore[no-untyped-call]


async def _answer(question: str) -> None:
    said, stream = cl.Message(""), Shown()
    async with aclosing(_twin.ask(question)) as events:
        async with cl.Step("what was written", type="retrieval", icon="search") as step:
            if not _twin.open:
                step.name = "what was written (the models are being loaded, once)"
                await step.update()
            retrieval = await anext(events)
            assert isinstance(retrieval, Retrieval)  # noqa: S101 - what every stream begins with
            step.name = page.step_name(retrieval)
            step.output = page.retrieval_markdown(retrieval)
        try:
            async for event in events:
                if isinstance(event, Token):
                    await said.stream_token(stream.feed(event.text))
                elif isinstance(event, Answer):
                    await _finish(said, event)
        except asyncio.CancelledError:
            # The Stop button: what was said so far stays.
            await said.update()  # type: ignore[no-untyped-call]
            raise


async def _finish(said: cl.Message, finished: Answer) -> None:
    elements: list[Any] = [
        cl.Text(
            name=page.source_name(source.n),
            content=page.source_markdown(source),
            display="side",
        )
        for source in finished.sources
    ]
    said.elements = elements
    parts = (shown(finished.text), page.sources_line(finished.sources))
    said.content = "\n\n".join(part for part in parts if part)
    await said.update()  # type: ignore[no-untyped-call]
    # Chainlit opens the sources of the whole conversation at once; these are the ones that count.
    await asyncio.sleep(SETTLED)
    await cl.context.emitter.emit(
        "set_sidebar_elements",
        {"elements": [element.to_dict() for element in elements], "key": said.id},
    )
    if elements:
        await cl.context.emitter.emit("set_sidebar_title", "Sources")
