"""What was forgotten must not live on in conversations.

In: the warehouse's feed of changes. Out: a history in which every turn that repeated words of a
document that is forgotten is emptied: its answer, drafts and corrections, the sources beside it, its
steps with the prompt as it was sent, and the thumbs on it. The question stays, and a note in the place
of the answer. What is still to be looked at is known by a cursor in the history itself, so whoever
comes next, a command or a page, does what another could not.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from twin.errors import WarehouseError
from twin.serving.history.database import Body, Database
from twin.serving.history.tables import answers, documents, elements, feedbacks, state, steps

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from twin.warehouse.protocol import Warehouse

NOTE: Final = "*What this answer rested on was forgotten, and the answer with it.*"
"""What stands where an answer stood, as Markdown."""

PAGE: Final = 500
CURSOR, TRACES = "feed", "traces"
"""What the history notes of itself: where in the feed it is, and that the file may hold what was deleted."""

_log = logging.getLogger("twin.page")


async def catch_up(database: Database, warehouse: Warehouse) -> int:
    """Empty what repeats words of documents that were forgotten since the last time.

    Args:
        database: the history.
        warehouse: whose feed says what was forgotten.

    Returns:
        How many turns of conversations were emptied.

    Raises:
        WarehouseError: if the history or the warehouse cannot be read or written.
    """
    begun = await _noted(database, CURSOR)
    emptied, cursor = 0, begun
    while changes := await _next(warehouse, cursor):
        gone = [change.document_id for change in changes if change.deleted]
        emptied += await empty(database, gone) if gone else 0
        cursor = changes[-1].cursor
    if cursor != begun:
        await _note(database, CURSOR, cursor)
    # What cannot be taken off the disk now is tried again the next time.
    if await _noted(database, TRACES) and await database.scrub():
        await _note(database, TRACES, None)
    return emptied


async def settle(database: Database, warehouse: Warehouse, asked_id: str) -> int:
    """Empty a turn that has just ended, if what it rests on was forgotten while it was written.

    Returns:
        How many turns were emptied.

    Raises:
        WarehouseError: if the history or the warehouse cannot be read or written.
    """
    async with database.transaction() as connection:
        found = await connection.execute(
            select(documents.c.document_id).where(documents.c.asked_id == asked_id)
        )
        rests = list(found.scalars())
    gone = await asyncio.to_thread(lambda: [one for one in rests if not warehouse.versions(one)])
    return await empty(database, gone) if gone else 0


async def empty(database: Database, document_ids: Sequence[str]) -> int:
    """Empty all turns that repeat words of documents, and return how many there were."""
    async with database.transaction() as connection:
        found = await connection.execute(
            select(documents.c.thread_id, documents.c.asked_id)
            .where(documents.c.document_id.in_(list(document_ids)))
            .distinct()
        )
        turns: dict[str, list[str]] = defaultdict(list)
        for thread_id, asked_id in found:
            turns[thread_id].append(asked_id)
        for thread_id, asked in turns.items():
            await _empty(connection, thread_id, asked)
        if turns:
            statement = database.insert(state).values(name=TRACES, value="1")
            await connection.execute(statement.on_conflict_do_nothing())
    return sum(map(len, turns.values()))


async def _empty(connection: AsyncConnection, thread_id: str, asked: Sequence[str]) -> None:
    found = await connection.execute(
        select(steps.c.id, steps.c.body)
        .where(steps.c.thread_id == thread_id)
        .order_by(steps.c.created_at)
    )
    bodies = {row.id: row.body for row in found}
    emptied: list[str] = []
    below: dict[str, Body] = {}
    for one in asked:
        came = _below(one, bodies)
        below |= came
        said = [step_id for step_id, body in came.items() if "message" in body.get("type", "")]
        emptied += said[-1:]
    for step_id in emptied:
        # Nothing is left of it that could be judged.
        left = {"output": NOTE, "input": "", "isError": False, "type": "system_message"}
        await connection.execute(
            update(steps)
            .where(steps.c.id == step_id)
            .values(body={**below[step_id], **left}, said="")
        )
    # The run holds them together, and has the question's own words.
    stays = {*emptied, *(i for i, body in below.items() if body.get("type") == "run")}
    await connection.execute(delete(steps).where(steps.c.id.in_(list(below.keys() - stays))))
    shown = list(below)
    for table, column, ids in (
        (elements, elements.c.for_id, shown),
        (feedbacks, feedbacks.c.for_id, shown),
        (answers, answers.c.asked_id, list(asked)),
    ):
        theirs = column.in_(ids) & (table.c.thread_id == thread_id)
        await connection.execute(delete(table).where(theirs))


def _below(asked_id: str, bodies: Mapping[str, Body]) -> dict[str, Body]:
    """Return the steps that came of a question, of all levels, in their order."""
    below: dict[str, Body] = {}
    known = {asked_id}
    while found := {
        step_id: body
        for step_id, body in bodies.items()
        if body.get("parentId") in known and step_id not in below
    }:
        below |= found
        known = set(found)
    return {step_id: body for step_id, body in bodies.items() if step_id in below}


async def _next(warehouse: Warehouse, cursor: str | None) -> list[Any]:
    try:
        return await asyncio.to_thread(warehouse.changes, cursor, limit=PAGE)
    except WarehouseError:
        if cursor is None:
            raise
        # The history came from beside another warehouse, or this one was begun anew.
        _log.info("the history looks through the whole feed of another warehouse")
        return await asyncio.to_thread(warehouse.changes, None, limit=PAGE)


async def _noted(database: Database, name: str) -> str | None:
    async with database.transaction() as connection:
        found = await connection.execute(select(state.c.value).where(state.c.name == name))
        return found.scalar_one_or_none()


async def _note(database: Database, name: str, value: str | None) -> None:
    async with database.transaction() as connection:
        await connection.execute(delete(state).where(state.c.name == name))
        if value is not None:
            await connection.execute(insert(state).values(name=name, value=value))
