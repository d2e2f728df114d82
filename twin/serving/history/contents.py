"""What is in a conversation: steps and messages, what stands beside them, thumbs, and answers.

In: what Chainlit says of each, and what there is to know of an answer. Out: the same again. A row of
one conversation is never replaced by what is said in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, literal, select, update

from twin.serving.history.database import Body, Database, now
from twin.serving.history.tables import (
    answers,
    documents,
    elements,
    feedbacks,
    steps,
    threads,
)

if TYPE_CHECKING:
    from sqlalchemy import Table
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
        message = "message" in body.get("type", "")
        values = {
            "id": body["id"],
            "thread_id": thread_id,
            "said": str(body.get("output") or "") if message else "",
            "body": dict(body),
        }
        async with self._database.transaction() as connection:
            await self._put(connection, steps, values, created_at=body.get("createdAt") or now())
            await connection.execute(
                update(threads).where(threads.c.id == thread_id).values(changed_at=now())
            )

    async def delete_step(self, thread_id: str, step_id: str) -> None:
        """Forget a step of a conversation, its thumbs and its elements."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(steps.c.id).where(steps.c.id == step_id, steps.c.thread_id == thread_id)
            )
            await self._drop(connection, list(found.scalars()))

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
            await connection.execute(delete(documents).where(documents.c.asked_id == step_id))

    async def put_element(self, body: Mapping[str, Any]) -> None:
        """Keep what stands beside a message; the same id replaces what was kept."""
        values = {
            "id": body["id"],
            "thread_id": body["threadId"],
            "for_id": body.get("forId"),
            "body": dict(body),
        }
        async with self._database.transaction() as connection:
            await self._put(connection, elements, values)

    async def element(self, thread_id: str, element_id: str) -> Body | None:
        """Return an element of a conversation."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(elements.c.body).where(
                    elements.c.id == element_id, elements.c.thread_id == thread_id
                )
            )
            return found.scalar_one_or_none()

    async def delete_element(self, thread_id: str, element_id: str) -> None:
        """Forget an element of a conversation."""
        async with self._database.transaction() as connection:
            await connection.execute(
                delete(elements).where(
                    elements.c.id == element_id, elements.c.thread_id == thread_id
                )
            )

    async def thumb(self, for_id: str) -> str | None:
        """Return the id of the thumb that is about something."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(feedbacks.c.id).where(feedbacks.c.for_id == for_id)
            )
            return found.scalars().first()

    async def put_thumb(self, thread_id: str, body: Mapping[str, Any]) -> None:
        """Keep a thumb: `id`, `for_id`, `value` and `comment`."""
        async with self._database.transaction() as connection:
            await self._put(connection, feedbacks, {"thread_id": thread_id, **body})

    async def has_thumb(self, thumb_id: str, user: str) -> bool:
        """Return whether there is such a thumb in a conversation of somebody's."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(feedbacks.c.id)
                .join(threads, threads.c.id == feedbacks.c.thread_id)
                .where(feedbacks.c.id == thumb_id, threads.c.user == user)
            )
            return found.first() is not None

    async def delete_thumb(self, thumb_id: str) -> None:
        """Forget a thumb."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(feedbacks).where(feedbacks.c.id == thumb_id))

    async def keep(self, answer: Kept) -> None:
        """Keep an answer for what people may say of it later."""
        values = {name: getattr(answer, name) for name in Kept.__slots__}
        async with self._database.transaction() as connection:
            await self._put(connection, answers, values, key="message_id", created_at=now())

    async def prefer(self, message_id: str) -> None:
        """Let an answer count as the last one to its question: of two, the one that was chosen."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(answers).where(answers.c.message_id == message_id).values(created_at=now())
            )

    async def kept(self, some_id: str, user: str) -> Kept | None:
        """Return the last answer of a message or of a run, in a conversation of somebody's."""
        theirs = select(threads.c.id).where(threads.c.user == user)
        of_it = (answers.c.message_id == some_id) | (answers.c.run_id == some_id)
        found = await self._kept(of_it & answers.c.thread_id.in_(theirs))
        return found[-1] if found else None

    async def kept_of(self, thread_id: str) -> list[Kept]:
        """Return the answers of a conversation, oldest first."""
        return await self._kept(answers.c.thread_id == thread_id)

    async def rest_on(
        self, thread_id: str, asked_id: str, document_ids: Iterable[str], *, on_all: bool = False
    ) -> None:
        """Note which documents the answer to a question, and all that stands around it, repeats.

        Args:
            thread_id: the conversation.
            asked_id: the message with the question.
            document_ids: the documents.
            on_all: whether it may repeat what was said before in this conversation, too.
        """
        rows = [
            {"thread_id": thread_id, "asked_id": asked_id, "document_id": one}
            for one in dict.fromkeys(document_ids)
        ]
        async with self._database.transaction() as connection:
            await self._database.begin(connection, thread_id)
            if rows:
                statement = self._database.insert(documents).values(rows)
                await connection.execute(statement.on_conflict_do_nothing())
            if on_all:
                before = (
                    select(documents.c.thread_id, literal(asked_id), documents.c.document_id)
                    .where(documents.c.thread_id == thread_id)
                    .distinct()
                )
                statement = self._database.insert(documents).from_select(
                    ["thread_id", "asked_id", "document_id"], before
                )
                await connection.execute(statement.on_conflict_do_nothing())

    async def _kept(self, where: Any) -> list[Kept]:
        columns = [answers.c[name] for name in Kept.__slots__]
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(*columns).where(where).order_by(answers.c.created_at)
            )
            return [Kept(**row) for row in found.mappings()]

    async def _put(
        self,
        connection: AsyncConnection,
        table: Table,
        values: Mapping[str, Any],
        *,
        key: str = "id",
        **made: str,
    ) -> None:
        """Write a row of a conversation, or replace the one with its key.

        Args:
            connection: in its transaction.
            table: that it is of.
            values: of all columns but those in `made`.
            key: the column that it is known by.
            made: values of a new row alone.
        """
        await self._database.begin(connection, values["thread_id"])
        changed = {name: value for name, value in values.items() if name != key}
        statement = self._database.insert(table).values({**values, **made})
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[key],
                set_=changed,
                where=table.c.thread_id == values["thread_id"],
            )
        )

    async def _drop(self, connection: AsyncConnection, ids: Sequence[str]) -> None:
        # A message of two texts has an answer for each.
        said = [*ids, *(f"{one}:{side}" for one in ids for side in (0, 1))]
        await connection.execute(delete(answers).where(answers.c.message_id.in_(said)))
        for table, column in (
            (feedbacks, feedbacks.c.for_id),
            (elements, elements.c.for_id),
            (documents, documents.c.asked_id),
            (steps, steps.c.id),
        ):
            await connection.execute(delete(table).where(column.in_(ids)))
