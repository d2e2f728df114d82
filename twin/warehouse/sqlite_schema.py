"""The SQLite file of a warehouse: its tables, how it is opened, and what its errors mean.

In: a path. Out: an open connection to a warehouse of this version, or a `WarehouseError`.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from twin.errors import WarehouseError

APPLICATION_ID: Final = 0x7477696E
"""``twin`` in ASCII, in the file's header: tells a warehouse from any other SQLite file."""

SCHEMA_VERSION: Final = 4

BUSY_SECONDS: Final = 30.0
"""How long a write waits for another process; a transaction of a thousand documents takes less."""

FEEDBACK: Final = """
CREATE TABLE feedback (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX feedback_by_time ON feedback (at, id);

CREATE TABLE feedback_documents (
    document_id TEXT NOT NULL,
    feedback_id TEXT NOT NULL REFERENCES feedback (id) ON DELETE CASCADE,
    PRIMARY KEY (document_id, feedback_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX feedback_documents_by_feedback ON feedback_documents (feedback_id);
"""

QUARANTINE: Final = """
CREATE TABLE quarantine (
    document_id TEXT PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    collection TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
"""

ENRICHMENT: Final = """
ALTER TABLE versions ADD COLUMN recipe TEXT NOT NULL DEFAULT '';

ALTER TABLE versions ADD COLUMN enrichment TEXT NOT NULL DEFAULT ''
"""

UPGRADES: Final[Mapping[int, str]] = {
    1: "ALTER TABLE changes ADD COLUMN changed_at TEXT NOT NULL DEFAULT ''",
    2: FEEDBACK + QUARANTINE,
    3: ENRICHMENT,
}
"""What each older version lacks, by its number; a new file gets it all at once."""

# Metadata and contents are apart so that a list, or a new title, never touches the texts.
# A change takes the next number and drops the document's earlier one: the feed coalesces itself,
# and AUTOINCREMENT never gives a number twice.
TABLES: Final = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
    document_id TEXT NOT NULL REFERENCES documents (id),
    version INTEGER NOT NULL,
    text_hash TEXT NOT NULL,
    metadata_hash TEXT NOT NULL,
    characters INTEGER NOT NULL,
    fetched_at TEXT NOT NULL,
    collection TEXT NOT NULL,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    author_slug TEXT NOT NULL,
    name_slug TEXT NOT NULL,
    kind TEXT NOT NULL,
    platform TEXT NOT NULL,
    audience TEXT NOT NULL,
    published_at TEXT,
    url TEXT,
    language TEXT,
    tags TEXT NOT NULL,
    media_type TEXT NOT NULL,
    extra TEXT NOT NULL,
    recipe TEXT NOT NULL DEFAULT '',
    enrichment TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (document_id, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX versions_by_author ON versions (author_slug);
CREATE INDEX versions_by_name ON versions (name_slug);
CREATE INDEX versions_by_url ON versions (url);

CREATE TABLE contents (
    key INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    raw BLOB,
    UNIQUE (document_id, version),
    FOREIGN KEY (document_id, version) REFERENCES versions (document_id, version)
) STRICT;

CREATE TABLE authors (
    slug TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE aliases (
    slug TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    author TEXT NOT NULL REFERENCES authors (slug)
) STRICT, WITHOUT ROWID;

CREATE INDEX aliases_by_author ON aliases (author);

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id TEXT NOT NULL UNIQUE REFERENCES documents (id),
    changed_at TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE cursors (
    consumer TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE unscrubbed (
    note INTEGER PRIMARY KEY AUTOINCREMENT
) STRICT;

CREATE VIEW stored AS
    SELECT v.*, d.source, d.version = v.version AS latest
    FROM documents AS d JOIN versions AS v ON v.document_id = d.id;
"""

SCHEMA: Final = TABLES + FEEDBACK + QUARANTINE


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises inside the block into a `WarehouseError` that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; the rest says where it came from.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        message = f"{path}: {error}"
        hint = _HINTS.get(code, "")
        raise WarehouseError(message, hint) from error


_HINTS: Final = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again when that has finished",
    sqlite3.SQLITE_CANTOPEN: "check that the path is a file that you may read and write",
    sqlite3.SQLITE_READONLY: "make the file and its folder writable",
    sqlite3.SQLITE_FULL: "make room on the disk; nothing of this write was kept",
    sqlite3.SQLITE_IOERR: "is the disk full, or failing? nothing of this write was kept",
    sqlite3.SQLITE_CORRUPT: "restore it from an export (twin warehouse import) or a backup",
    sqlite3.SQLITE_NOTADB: "move the file away, or choose another home",
}


def open_database(path: Path) -> sqlite3.Connection:
    """Open the warehouse at `path`, making the file and its folder where they are missing.

    A file that is not a warehouse is refused before anything in it is changed.

    Raises:
        WarehouseError: if it cannot be opened, is no warehouse, or is of a newer version.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its side files the rights of the main one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise WarehouseError(message, _HINTS[sqlite3.SQLITE_CANTOPEN]) from error
    with named_errors(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _refuse_strangers(connection, path)
    _write_ahead(connection)
    for pragma in (
        "PRAGMA foreign_keys = ON",
        # FULL: a commit is on the disk when it returns, even if the power fails.
        "PRAGMA synchronous = FULL",
        # What is deleted is overwritten with zeros.
        "PRAGMA secure_delete = ON",
    ):
        connection.execute(pragma)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made the tables while this one waited.
        _refuse_strangers(connection, path)
        version = _number(connection, "PRAGMA user_version")
        missing = [UPGRADES[one] for one in range(version, SCHEMA_VERSION)] if version else [SCHEMA]
        for statement in (one for part in missing for one in part.split(";\n")):
            connection.execute(statement)
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _refuse_strangers(connection: sqlite3.Connection, path: Path) -> None:
    empty = _number(connection, "SELECT count(*) FROM sqlite_schema") == 0
    if empty and _number(connection, "PRAGMA user_version") == 0:
        return
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        message = f"{path}: a SQLite database, but not a warehouse"
        raise WarehouseError(message, _HINTS[sqlite3.SQLITE_NOTADB])
    version = _number(connection, "PRAGMA user_version")
    if version > SCHEMA_VERSION:
        message = f"{path}: written by a newer twin (schema {version}, this one: {SCHEMA_VERSION})"
        raise WarehouseError(message, "update twin: pip install --upgrade twin")


def _write_ahead(connection: sqlite3.Connection) -> None:
    # Switching to WAL does not wait as other statements do: two processes that open a new file
    # at once meet here.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _number(connection: sqlite3.Connection, query: str) -> int:
    with closing(connection.execute(query)) as cursor:
        return int(cursor.fetchone()[0])
