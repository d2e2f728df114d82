"""The chat page: Chainlit's handlers, and nothing that could live elsewhere.

In: what happens in the browser. Out: calls of `twin.serving` and `twin.chat`. `twin chat` runs it.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

import chainlit as cl
from chainlit.types import ThreadDict

from twin.chat.page import apology
from twin.chat.profiles import Doing, chosen
from twin.errors import TwinError
from twin.home import Home
from twin.serving import answering, comparing, correcting, resuming, taking_in, widgets, writing
from twin.serving.access import LOCAL_USER, Login, admitted, vouched_for
from twin.serving.history.layer import History
from twin.serving.page import admitted_by_oauth
from twin.serving.room import Room

PUZZLED = "Something went wrong on my side\\. The terminal that runs `twin chat` says what\\."

_log = logging.getLogger("twin.page")
_room = Room(Home(), admitted())


@cl.on_app_startup
async def start() -> None:
    """Open the twin, once for the process."""
    await _room.open()


@cl.on_app_shutdown
async def stop() -> None:
    """Close it."""
    await asyncio.to_thread(_room.close)


# Who reads


if _room.access.login is Login.LOCAL:

    @cl.header_auth_callback
    async def whoever_sits_here(headers: Any) -> cl.User:
        """Let the one person of this machine in."""
        del headers
        return cl.User(identifier=LOCAL_USER, display_name=_room.twin.person or "You")


if _room.access.login is Login.PASSWORD and _room.users.names():

    @cl.password_auth_callback
    async def log_in(username: str, password: str) -> cl.User | None:
        """Let somebody in whose name and password belong together."""
        known = await asyncio.to_thread(_room.users.check, username, password)
        return cl.User(identifier=username) if known else None


if _room.access.login is Login.PASSWORD and _room.oauth_allowed:
    _vouched = admitted_by_oauth(_room.oauth_allowed)

    @cl.oauth_callback
    async def log_in_elsewhere(
        provider_id: str,
        token: str,
        raw_user_data: dict[str, str],
        default_user: cl.User,
        id_token: str | None = None,
    ) -> cl.User | None:
        """Let somebody in whom an OAuth provider vouches for, and whom twin.toml names."""
        del token, raw_user_data, id_token
        name = vouched_for(provider_id, default_user.identifier)
        shown = default_user.display_name or default_user.identifier
        known = cl.User(identifier=name, display_name=shown, metadata=default_user.metadata)
        return known if name in _vouched else None


if _room.access.keeps:

    @cl.data_layer
    def history() -> History:
        """Return where conversations are kept."""
        assert _room.history is not None  # noqa: S101 - this page keeps them
        return _room.history

    @cl.on_chat_resume
    async def resume(thread: ThreadDict) -> None:
        """Go on with a conversation of old."""
        await resuming.resume(_room, thread)
        cl.user_session.set("settings_shown", False)  # type: ignore[no-untyped-call] # noqa: FBT003
        await _show_settings()

else:

    @cl.data_layer  # type: ignore[arg-type]
    def nothing_is_kept() -> None:
        """Keep nothing; left to itself Chainlit keeps all, where the environment has a DATABASE_URL."""


# What can be done


@cl.set_chat_profiles
async def chat_profiles(reader: cl.User | None) -> list[cl.ChatProfile]:
    """Say whose twin it is, what it holds, what can be done and what could be asked."""
    del reader  # everybody who gets this far may do the same
    welcome = await asyncio.to_thread(_room.twin.welcome)
    found = await asyncio.to_thread(lambda: _room.profiles)
    return [widgets.described(one, welcome) for one in found]


@cl.on_chat_start
async def begin() -> None:
    """Offer the settings of the profile."""
    await _show_settings()


@cl.on_message
async def asked(message: cl.Message) -> None:
    """Take in what came with a message, and answer it."""
    # Chainlit forgets to note this task for an edited question: Stop would not reach it.
    cl.context.session.current_task = asyncio.current_task()
    await _told(_in_turn(message))


async def _in_turn(message: cl.Message) -> None:
    async with _room.turns.turn(answering.asker(_room), answering.waits):
        await _do(message)


async def _do(message: cl.Message) -> None:
    question = answering.asked_by(message)
    await resuming.rewind(_room, question)
    if message.elements:
        await taking_in.take_in(_room, message)
    if not question.text.strip():
        return
    try:
        await _answer(question)
    finally:
        await _room.settle(question.message_id)
        # A browser that connects twice when it opens the page may have missed them.
        if not cl.user_session.get("settings_shown"):  # type: ignore[no-untyped-call]
            cl.user_session.set("settings_shown", True)  # type: ignore[no-untyped-call] # noqa: FBT003
            await _show_settings()


async def _answer(question: answering.Asked) -> None:
    profile = chosen(cl.context.session.chat_profile, _room.profiles)
    if profile.doing is Doing.COMPARE:
        two = widgets.compared(cl.context.session.chat_settings)
        await comparing.compare(_room, question, two)
    elif profile.doing is Doing.WRITE:
        await writing.write(_room, question)
    else:
        await answering.answer(_room, question, profile.model)


# What people think of it


@cl.action_callback(answering.CORRECT)
async def correct(action: cl.Action) -> None:
    """Open the field for what the person would have written."""
    await _told(correcting.open_field(_room, action.payload))


@cl.action_callback(correcting.SAVE)
async def save_correction(action: cl.Action) -> dict[str, Any]:
    """Keep what the person would have written."""
    return await _said(correcting.save(_room, action.payload), "kept")


@cl.action_callback(writing.SAVE)
async def save_draft(action: cl.Action) -> dict[str, Any]:
    """Keep what the person made of a draft."""
    return await _said(writing.save(_room, action.payload), "kept")


@cl.action_callback(comparing.CHOOSE)
async def choose(action: cl.Action) -> dict[str, Any]:
    """Keep which of two answers the person prefers."""
    return await _said(comparing.choose(_room, action.payload), "names")


@cl.action_callback(comparing.RATE)
async def rate(action: cl.Action) -> dict[str, Any]:
    """Keep a thumb on one of two texts."""
    return await _said(comparing.rate(_room, action.payload), "kept")


# The boundary: whatever goes wrong is told in a person's words


async def _show_settings() -> None:
    profile = chosen(cl.context.session.chat_profile, _room.profiles)
    values = cl.context.session.chat_settings
    offered: list[Any] = []
    if profile.doing is Doing.COMPARE:
        offered += widgets.for_comparing(_room.twin.models, values)
    if profile.doing is Doing.WRITE:
        offered += widgets.for_drafts(values)
    authors = await asyncio.to_thread(_room.twin.authors)
    offered += widgets.for_answers(authors, _room.defaults, values)
    await cl.ChatSettings(offered).send()  # type: ignore[no-untyped-call]


async def _told(doing: Awaitable[None]) -> None:
    """Do something, and tell what goes wrong in a message."""
    try:
        await doing
    except TwinError as error:
        await _apologise(apology(error))
    except Exception:  # noqa: BLE001 - the boundary of a Chainlit handler; logged whole
        _log.exception("a question could not be answered")
        await _apologise(PUZZLED)


async def _apologise(words: str) -> None:
    said = cl.ErrorMessage(words)
    said.type = answering.NO_ANSWER
    await said.send()  # type: ignore[no-untyped-call]


async def _said(doing: Awaitable[Any], name: str) -> dict[str, Any]:
    """Do something for an element of the page, and tell it what came of it."""
    try:
        return {name: await doing}
    except TwinError as error:
        return {"error": f"{error.message}. {error.hint}".strip()}
    except Exception:  # noqa: BLE001 - the boundary of a Chainlit handler; logged whole
        _log.exception("an opinion could not be kept")
        return {}
