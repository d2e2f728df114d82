"""One database of the chat's history, written in turns.

In: a URL. Out: transactions, one after the other, in the order in which they were asked for: Chainlit
begins its writes without waiting for them.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from twin.errors import TwinError, WarehouseError
from twin.serving.history.tables import engine_of, make_tables, threads

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection

Body = dict[str, Any]
"""JSON values as Chainlit spells them; they are kept, and given back, unread."""


class Database:
    """SQLite or PostgreSQL; its tables are made with the first transaction.

    Args:
        url: of the database.
    """

    def __init__(self, url: str) -> None:
        self._engine = engine_of(url)
        # Both have the same clauses for a row that is there already.
        self.insert: Any = (
            postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        )
        self._turn = asyncio.Lock()
        self._made = False

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[AsyncConnection, None]:
        """Hold a transaction; first come, first served, also for whoever only reads.

        Raises:
            WarehouseError: if the database cannot be read or written.
        """
        async with self._turn:
            try:
                async with self._engine.begin() as connection:
                    if not self._made:
                        await connection.run_sync(make_tables)
                        self._made = True
                    yield connection
            except (SQLAlchemyError, OSError) as error:
                raise _told(error) from error

    async def begin(self, connection: AsyncConnection, thread_id: str) -> None:
        """See that there is a conversation, since what is in it may come first."""
        at = now()
        made = {"id": thread_id, "created_at": at, "changed_at": at, "about": {}}
        await connection.execute(self.insert(threads).values(made).on_conflict_do_nothing())

    async def close(self) -> None:
        """Wait for what is being written, and let go of the database."""
        async with self._turn:
            await self._engine.dispose()


def now() -> str:
    """Return the time as Chainlit writes it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _told(error: Exception) -> TwinError:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    message = f"the chat's history cannot be read or written: {reason}"
    return WarehouseError(message, "is its disk full, or its server away?")
