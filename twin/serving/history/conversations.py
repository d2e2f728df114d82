"""People and their conversations.

In: names and ids. Out: conversations as Chainlit takes them, in an order in which no step comes
before the one that it belongs to, with the thumbs that were given.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select, tuple_, update

from twin.serving.history.database import Body, Database, now
from twin.serving.history.tables import (
    answers,
    documents,
    elements,
    feedbacks,
    steps,
    threads,
    users,
)


class Conversations:
    """Keeps people and their conversations.

    Args:
        database: where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def user(self, identifier: str) -> Body | None:
        """Return a person by the name that they log in with."""
        async with self._database.transaction() as connection:
            found = await connection.execute(select(users).where(users.c.identifier == identifier))
            row = found.mappings().first()
        return dict(row) if row else None

    async def put_user(self, identifier: str, about: Mapping[str, Any]) -> Body:
        """Keep a person, and return them."""
        values = {"identifier": identifier, "about": dict(about)}
        made = {"id": str(uuid.uuid4()), "created_at": now(), **values}
        async with self._database.transaction() as connection:
            statement = self._database.insert(users).values(made)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["identifier"], set_=values)
            )
        return await self.user(identifier) or made

    async def put_thread(self, thread_id: str, values: Mapping[str, Any]) -> None:
        """Keep what is known of a conversation; what is not named stays.

        Args:
            thread_id: which one.
            values: of `name`, `user_id`, `tags`, and `about`, which is merged (None takes out).
        """
        async with self._database.transaction() as connection:
            await self._database.begin(connection, thread_id)
            new = {key: value for key, value in values.items() if value is not None}
            if user_id := new.get("user_id"):
                found = await connection.execute(
                    select(users.c.identifier).where(users.c.id == user_id)
                )
                new["user"] = found.scalar_one_or_none()
            if "about" in new:
                found = await connection.execute(
                    select(threads.c.about).where(threads.c.id == thread_id)
                )
                merged = {**(found.scalar_one() or {}), **new["about"]}
                new["about"] = {k: v for k, v in merged.items() if v is not None}
            if new:
                await connection.execute(
                    update(threads).where(threads.c.id == thread_id).values(**new)
                )

    async def thread(self, thread_id: str) -> Body | None:
        """Return a conversation with its steps, their thumbs, and its elements."""
        async with self._database.transaction() as connection:
            found = await connection.execute(select(threads).where(threads.c.id == thread_id))
            row = found.mappings().first()
            if row is None:
                return None
            written = await connection.execute(
                select(steps.c.body)
                .where(steps.c.thread_id == thread_id)
                .order_by(steps.c.created_at)
            )
            beside = await connection.execute(
                select(elements.c.body).where(elements.c.thread_id == thread_id)
            )
            liked = await connection.execute(
                select(feedbacks).where(feedbacks.c.thread_id == thread_id)
            )
        thumbs = {one["for_id"]: _thumb(one) for one in liked.mappings()}
        return _thread(row) | {
            "steps": [
                {**body, "feedback": thumbs.get(body["id"])}
                for body in parents_first(written.scalars())
            ],
            "elements": list(beside.scalars()),
        }

    async def author(self, thread_id: str) -> str | None:
        """Return the name of the person whose conversation it is."""
        async with self._database.transaction() as connection:
            found = await connection.execute(
                select(threads.c.user).where(threads.c.id == thread_id)
            )
            return found.scalar_one_or_none()

    async def list_threads(
        self, user_id: str, *, most: int, after: str | None, search: str | None, value: int | None
    ) -> tuple[list[Body], bool]:
        """Return a person's conversations, the last changed first, and whether there are more.

        Args:
            user_id: the person.
            most: how many.
            after: the conversation after which the list goes on.
            search: words that were said in it, in any case.
            value: 1 or 0, if one of its answers must have that thumb.
        """
        wanted = select(threads).where(threads.c.user_id == user_id)
        if search:
            said = select(steps.c.thread_id).where(steps.c.said.icontains(search, autoescape=True))
            named = threads.c.name.icontains(search, autoescape=True)
            wanted = wanted.where(threads.c.id.in_(said) | named)
        if value is not None:
            liked = select(feedbacks.c.thread_id).where(feedbacks.c.value == value)
            wanted = wanted.where(threads.c.id.in_(liked))
        async with self._database.transaction() as connection:
            if after:
                place = await connection.execute(
                    select(threads.c.changed_at, threads.c.id).where(threads.c.id == after)
                )
                if last := place.first():
                    order = tuple_(threads.c.changed_at, threads.c.id)
                    wanted = wanted.where(order < tuple_(last[0], last[1]))
            found = await connection.execute(
                wanted.order_by(threads.c.changed_at.desc(), threads.c.id.desc()).limit(most + 1)
            )
            rows = list(found.mappings())
        return [_thread(row) for row in rows[:most]], len(rows) > most

    async def delete_thread(self, thread_id: str) -> None:
        """Forget a conversation and all that belongs to it."""
        async with self._database.transaction() as connection:
            for table in (answers, documents, feedbacks, elements, steps):
                await connection.execute(delete(table).where(table.c.thread_id == thread_id))
            await connection.execute(delete(threads).where(threads.c.id == thread_id))


def parents_first(bodies: Iterable[Body]) -> list[Body]:
    """Return steps so that none comes before the one that it belongs to.

    The page drops a step whose parent it does not know yet, and a parent may be younger by the clock.
    """
    waiting: dict[str, list[Body]] = {}
    known: set[str] = set()
    ordered: list[Body] = []

    def take(body: Body) -> None:
        ordered.append(body)
        known.add(body["id"])
        for child in waiting.pop(body["id"], ()):
            take(child)

    for body in bodies:
        parent = body.get("parentId")
        if parent and parent not in known:
            waiting.setdefault(parent, []).append(body)
        else:
            take(body)
    # Whose parent is gone stands by itself.
    return ordered + [{**one, "parentId": None} for late in waiting.values() for one in late]


def _thread(row: Any) -> Body:
    return {
        "id": row["id"],
        "createdAt": row["created_at"],
        "name": row["name"],
        "userId": row["user_id"],
        "userIdentifier": row["user"],
        "tags": row["tags"],
        "metadata": row["about"],
        "steps": [],
        "elements": [],
    }


def _thumb(row: Any) -> Body:
    return {
        "id": row["id"],
        "forId": row["for_id"],
        "value": row["value"],
        "comment": row["comment"],
    }
