"""One database of the chat's history, written in turns.

In: a URL. Out: transactions, one after the other, in the order in which they were asked for: Chainlit
begins its writes without waiting for them.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from twin.errors import TwinError, WarehouseError
from twin.serving.history.tables import PATIENCE, engine_of, make_tables, threads

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncConnection

_log = logging.getLogger("twin.page")

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

    async def scrub(self) -> bool:
        """Leave no trace of what was deleted in the file; return whether that is done.

        SQLite leaves copies in the gaps of a page when it moves rows, and in its journal: so the file
        is written anew. PostgreSQL does this by itself, in its own time.
        """
        path = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or not path:
            return True
        async with self._turn:
            try:
                return await asyncio.to_thread(_written_anew, path)
            except sqlite3.OperationalError as error:
                _log.warning(
                    "traces of what was forgotten are still in %s (%s); they go when the page is "
                    "next opened",
                    path,
                    error,
                )
                return False

    async def close(self) -> None:
        """Wait for what is being written, and let go of the database."""
        async with self._turn:
            await self._engine.dispose()


def _written_anew(path: str) -> bool:
    with closing(
        sqlite3.connect(path, timeout=PATIENCE / 1000, isolation_level=None)
    ) as connection:
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def now() -> str:
    """Return the time as Chainlit writes it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _told(error: Exception) -> TwinError:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    message = f"the chat's history cannot be read or written: {reason}"
    return WarehouseError(message, "is its disk full, or its server away?")
