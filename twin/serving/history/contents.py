"""What is in a conversation: steps and messages, what stands beside them, thumbs, and answers.

In: what Chainlit says of each, and what there is to know of an answer. Out: the same again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from twin.serving.history.database import Body, Database, now
from twin.serving.history.tables import answers, elements, feedbacks, steps, threads

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer as it is kept for what people may say of it later.

    Attributes:
        message_id: the message that shows it.
        run_id: the run that made it; Chainlit's thumbs point at that.
        asked_id: the message with the question.
        thread_id: the conversation.
        body: what there is to know of it, in its owner's own form.
    """

    message_id: str
    run_id: str
    asked_id: str
    thread_id: str
    body: str


class Contents:
    """Keeps what is in conversations.

    Args:
        database: where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_step(self, body: Mapping[str, Any]) -> None:
        """Keep a step or a message; the same id replaces what was kept, at its old place."""
        thread_id = body["threadId"]
        async with self._database.transaction() as connection:
            await self._database.begin(connection, thread_id)
            message = "message" in body.get("type", "")
            values = {
                "thread_id": thread_id,
                "said": str(body.get("output") or "") if message else "",
                "body": dict(body),
            }
            made = {"id": body["id"], "created_at": body.get("createdAt") or now(), **values}
            statement = self._database.insert(steps).values(made)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_=values)
            )
            await connection.execute(
                update(threads).where(threads.c.id == thread_id).values(changed_at=now())
            )

    async def delete_step(self, step_id: str) -> None:
        """Forget a step, its thumbs and its elements."""
        async with self._database.transaction() as connection:
            await self._drop(connection, [step_id])

    async def rewind(self, thread_id: str, step_id: str, until: str) -> None:
        """Forget what came of a message, because it is asked anew.

        Args:
            thread_id: the conversation.
            step_id: the message; it stays.
            until: the step with which the new answer begins; it stays, and so does what follows.
        """
        place = select(steps.c.created_at).where(steps.c.id == step_id).scalar_subquery()
        end = select(steps.c.created_at).where(steps.c.id == until).scalar_subquery()
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(steps.c.id).where(
                    steps.c.thread_id == thread_id,
                    steps.c.created_at > place,
                    steps.c.created_at < end,
                )
            )
            await self._drop(connection, list(found.scalars()))

    async def put_element(self, body: Mapping[str, Any]) -> None:
        """Keep what stands beside a message; the same id replaces what was kept."""
        async with self._database.transaction() as connection:
            await self._database.begin(connection, body["threadId"])
            values = {
                "thread_id": body["threadId"],
                "for_id": body.get("forId"),
                "body": dict(body),
            }
            statement = self._database.insert(elements).values({"id": body["id"], **values})
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_=values)
            )

    async def element(self, thread_id: str, element_id: str) -> Body | None:
        """Return an element of a conversation."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(elements.c.body).where(
                    elements.c.id == element_id, elements.c.thread_id == thread_id
                )
            )
            return found.scalar_one_or_none()

    async def delete_element(self, element_id: str) -> None:
        """Forget an element."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(elements).where(elements.c.id == element_id))

    async def put_thumb(self, thread_id: str, body: Mapping[str, Any]) -> None:
        """Keep a thumb: `id`, `for_id`, `value` and `comment`."""
        async with self._database.transaction() as connection:
            await self._database.begin(connection, thread_id)
            values = {"thread_id": thread_id, **body}
            statement = self._database.insert(feedbacks).values(values)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_=values)
            )

    async def delete_thumb(self, thumb_id: str) -> None:
        """Forget a thumb."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(feedbacks).where(feedbacks.c.id == thumb_id))

    async def keep(self, answer: Kept) -> None:
        """Keep an answer for what people may say of it later."""
        values = {name: getattr(answer, name) for name in Kept.__slots__}
        async with self._database.transaction() as connection:
            await self._database.begin(connection, answer.thread_id)
            statement = self._database.insert(answers).values({**values, "created_at": now()})
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["message_id"], set_=values)
            )

    async def kept(self, some_id: str) -> Kept | None:
        """Return the last answer of a message or of a run."""
        of_it = (answers.c.message_id == some_id) | (answers.c.run_id == some_id)
        found = await self._kept(of_it)
        return found[-1] if found else None

    async def kept_of(self, thread_id: str) -> list[Kept]:
        """Return the answers of a conversation, oldest first."""
        return await self._kept(answers.c.thread_id == thread_id)

    async def _kept(self, where: Any) -> list[Kept]:
        columns = [answers.c[name] for name in Kept.__slots__]
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(*columns).where(where).order_by(answers.c.created_at)
            )
            return [Kept(**row) for row in found.mappings()]

    async def _drop(self, connection: AsyncConnection, ids: Sequence[str]) -> None:
        # A message of two texts has an answer for each.
        said = [*ids, *(f"{one}:{side}" for one in ids for side in (0, 1))]
        await connection.execute(delete(answers).where(answers.c.message_id.in_(said)))
        for table, column in (
            (feedbacks, feedbacks.c.for_id),
            (elements, elements.c.for_id),
            (steps, steps.c.id),
        ):
            await connection.execute(delete(table).where(column.in_(ids)))
