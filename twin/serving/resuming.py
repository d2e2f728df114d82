"""Going on with a conversation: after a restart, or from an earlier question.

In: a conversation as it is kept, or a question that is asked anew. Out: a page on which everything
works as it did.
"""

from __future__ import annotations

import asyncio
from typing import Any

from chainlit.types import ThreadDict

from twin.chat.opinions import is_side
from twin.serving.answering import Asked, correcting, open_beside
from twin.serving.room import Room


async def resume(room: Room, thread: ThreadDict) -> None:
    """Bring back what may be done about what was said."""
    if room.history is None:
        return
    kept = await room.history.contents.kept_of(thread["id"])
    # Buttons are not kept by Chainlit. A message of two answers has none.
    for one in kept:
        if not is_side(one.message_id):
            for action in correcting(one.message_id):
                await action.send(for_id=one.message_id)
    elements: list[Any] = list(thread.get("elements") or ())
    last = [one for one in elements if kept and one.get("forId") == kept[-1].message_id]
    _later(open_beside([one for one in last if one.get("display") == "side"], thread["id"]))


async def rewind(room: Room, asked: Asked) -> None:
    """Forget what came of a question before, if it is asked anew."""
    if room.history is not None:
        await room.history.contents.rewind(asked.thread_id, asked.message_id, asked.run_id)


_waiting: set[asyncio.Task[None]] = set()


def _later(work: Any) -> None:
    """Do something once Chainlit has sent what it is about to send."""
    task = asyncio.create_task(work)
    _waiting.add(task)
    task.add_done_callback(_waiting.discard)
