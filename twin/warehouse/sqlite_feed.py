"""The change feed of the SQLite warehouse, and where its consumers have come to.

In: document ids that changed, cursors, within the caller's transaction. Out: `Change`s, oldest
first, one a document.
"""

import sqlite3

from twin.errors import WarehouseError
from twin.warehouse.protocol import Change, Cursor
from twin.warehouse.rows import now


def enter_feed(connection: sqlite3.Connection, document_id: str) -> None:
    """Make a document the newest change."""
    connection.execute("DELETE FROM changes WHERE document_id = ?", (document_id,))
    connection.execute(
        "INSERT INTO changes (document_id, changed_at) VALUES (?, ?)", (document_id, now())
    )


def changes(connection: sqlite3.Connection, after: Cursor | None, limit: int) -> list[Change]:
    """Return the next changes after a cursor."""
    rows = connection.execute(
        """SELECT c.seq, c.document_id, c.changed_at, d.version, d.deleted
        FROM changes AS c JOIN documents AS d ON d.id = c.document_id
        WHERE c.seq > ? ORDER BY c.seq LIMIT ?""",
        (_sequence(connection, after), limit),
    )
    return [
        Change(
            cursor=str(row["seq"]),
            document_id=row["document_id"],
            version=row["version"],
            deleted=bool(row["deleted"]),
            at=row["changed_at"],
        )
        for row in rows
    ]


def newest(connection: sqlite3.Connection) -> Cursor | None:
    """Return the cursor of the newest change, None if there is none."""
    number = connection.execute("SELECT max(seq) FROM changes").fetchone()[0]
    return None if number is None else str(number)


def backlog(connection: sqlite3.Connection, after: Cursor | None) -> int:
    """Return how many documents changed after a cursor."""
    row = connection.execute(
        "SELECT count(*) FROM changes WHERE seq > ?", (_sequence(connection, after),)
    ).fetchone()
    return int(row[0])


def changed(connection: sqlite3.Connection, after: Cursor | None) -> bool:
    """Return whether something changed after a cursor."""
    number = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0]
    return int(number) > _sequence(connection, after)


def cursor_of(connection: sqlite3.Connection, consumer: str) -> Cursor | None:
    """Return where a consumer has come to."""
    row = connection.execute("SELECT seq FROM cursors WHERE consumer = ?", (consumer,)).fetchone()
    return None if row is None else str(row["seq"])


def set_cursor(connection: sqlite3.Connection, consumer: str, cursor: Cursor | None) -> None:
    """Record where a consumer has come to."""
    if cursor is None:
        connection.execute("DELETE FROM cursors WHERE consumer = ?", (consumer,))
    else:
        connection.execute(
            "INSERT OR REPLACE INTO cursors (consumer, seq) VALUES (?, ?)",
            (consumer, _sequence(connection, cursor)),
        )


def _sequence(connection: sqlite3.Connection, cursor: Cursor | None) -> int:
    """Return the number in a cursor, 0 for None; refuse one that this feed never gave."""
    if cursor is None:
        return 0
    last = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0]
    if cursor.isascii() and cursor.isdigit() and int(cursor) <= last:
        return int(cursor)
    message = f"{cursor!r} is no cursor of this warehouse's change feed"
    raise WarehouseError(message, "send its consumer to the beginning of the feed")
