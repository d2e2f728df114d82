"""The tables of the chat's history, the same in SQLite and in PostgreSQL.

In: a URL. Out: an engine, and tables in which what Chainlit gives and takes rests as JSON, beside the
few columns that it is found by; and which documents each turn of a conversation repeats words of.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from twin.errors import ConfigurationError

DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
"""The drivers that can be waited for, by what people write before the colon."""

PATIENCE = 10_000
"""Milliseconds that SQLite waits for another process to end its writing."""

_LOCK = 7_408_229_612
"""Any number: whoever makes the tables in PostgreSQL holds it."""

tables = MetaData()

users = Table(
    "users",
    tables,
    Column("id", Text, primary_key=True),
    Column("identifier", Text, unique=True, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("about", JSON, nullable=False),
)

threads = Table(
    "threads",
    tables,
    Column("id", Text, primary_key=True),
    Column("created_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False, index=True),
    Column("name", Text),
    Column("user_id", Text, index=True),
    Column("user", Text),
    Column("tags", JSON),
    Column("about", JSON, nullable=False),
)


def _of_thread() -> Column[str]:
    return Column(
        "thread_id", Text, ForeignKey("threads.id", ondelete="CASCADE"), index=True, nullable=False
    )


steps = Table(
    "steps",
    tables,
    Column("id", Text, primary_key=True),
    _of_thread(),
    Column("created_at", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("body", JSON, nullable=False),
)

elements = Table(
    "elements",
    tables,
    Column("id", Text, primary_key=True),
    _of_thread(),
    Column("for_id", Text, index=True),
    Column("body", JSON, nullable=False),
)

feedbacks = Table(
    "feedbacks",
    tables,
    Column("id", Text, primary_key=True),
    _of_thread(),
    Column("for_id", Text, index=True, nullable=False),
    Column("value", Integer, nullable=False),
    Column("comment", Text),
)

answers = Table(
    "answers",
    tables,
    Column("message_id", Text, primary_key=True),
    _of_thread(),
    Column("run_id", Text, index=True),
    Column("asked_id", Text),
    Column("created_at", Text, nullable=False),
    Column("body", Text, nullable=False),
)

documents = Table(
    "documents",
    tables,
    Column("asked_id", Text, primary_key=True),
    Column("document_id", Text, primary_key=True, index=True),
    _of_thread(),
)
"""What the answer to a question, its steps and its sources repeat words of."""

state = Table(
    "state",
    tables,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def engine_of(url: str) -> AsyncEngine:
    """Return an engine; nothing is connected yet.

    Args:
        url: as SQLAlchemy and most hosts write it, its password never repeated.

    Raises:
        ConfigurationError: if it is no URL of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        message = "the history's address is no database URL"
        raise ConfigurationError(message, "as in postgresql://user@host/twin") from error
    driver = DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        message = f"the chat's history cannot lie in {parsed.get_backend_name()}"
        raise ConfigurationError(message, "name a postgresql:// URL, or none at all")
    made = create_async_engine(
        parsed.set(drivername=driver),
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False),
        pool_pre_ping=True,
    )
    if driver.startswith("sqlite"):
        event.listen(made.sync_engine, "connect", _prepare)
        event.listen(made.sync_engine, "begin", _begin)
    return made


def _begin(connection: Connection) -> None:
    # Whoever is going to write says so first, or two pages wait for each other until one fails.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def make_tables(connection: Connection) -> None:
    """Make what is not there yet; another page may be doing the same."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    there = set(inspect(connection).get_table_names())
    tables.create_all(connection)
    if answers.name in there and documents.name not in there:
        _note_documents(connection)


def _note_documents(connection: Connection) -> None:
    """Note what the answers of an older history rest on."""
    columns = (answers.c.thread_id, answers.c.asked_id, answers.c.body)
    rows = {
        (thread, asked, source["document_id"])
        for thread, asked, body in connection.execute(select(*columns))
        for source in json.loads(body).get("sources", ())
        if asked
    }
    if rows:
        names = ("thread_id", "asked_id", "document_id")
        connection.execute(
            insert(documents), [dict(zip(names, row, strict=True)) for row in sorted(rows)]
        )


def _prepare(connection: Any, _record: Any) -> None:
    # SQLAlchemy's own way to have SQLite begin a transaction when it is told to, not later.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Two pages may write at once; what is deleted is to be gone; a crash may cost the last words.
    for pragma in (
        f"busy_timeout = {PATIENCE}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
