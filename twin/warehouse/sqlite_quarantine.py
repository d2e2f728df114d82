"""The quarantine of the SQLite warehouse.

In: `Held` documents. Out: rows of ``quarantine``, with the document as JSON, and the same back.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from twin.warehouse import sqlite_scrub as scrubbing
from twin.warehouse import sqlite_versions as writing
from twin.warehouse.jsonl_lines import held_of, held_text
from twin.warehouse.protocol import Put
from twin.warehouse.quarantine import Held
from twin.warehouse.sqlite_connection import Connected

PAGE: Final = 20
"""Documents read at once: no read is open while the caller works."""


class SQLiteQuarantine(Connected):
    """The quarantine in one SQLite file."""

    def hold(self, held: Sequence[Held]) -> None:
        """Put documents into quarantine, all or none; one that is there is replaced."""
        rows = [
            (one.document.id, one.document.source, one.collection, held_text(one)) for one in held
        ]
        with self._writing() as connection:
            connection.executemany(
                """INSERT OR REPLACE INTO quarantine (document_id, source, collection, body)
                VALUES (?, ?, ?, ?)""",
                rows,
            )

    def held(self, *, collection: str | None = None) -> Iterator[Held]:
        """Yield what is in quarantine, ordered by source."""
        wanted = {"collection": collection, "after": "", "page": PAGE}
        while True:
            with self._reading() as connection:
                rows = connection.execute(
                    """SELECT source, body FROM quarantine WHERE source > :after
                    AND (:collection IS NULL OR collection = :collection)
                    ORDER BY source LIMIT :page""",
                    wanted,
                ).fetchall()
            for row in rows:
                yield held_of(row["body"])
            if len(rows) < PAGE:
                return
            wanted["after"] = rows[-1]["source"]

    def quarantined(self) -> int:
        """Return how many documents are in quarantine."""
        with self._reading() as connection:
            return int(connection.execute("SELECT count(*) FROM quarantine").fetchone()[0])

    def release(self, document_ids: Sequence[str]) -> list[Put]:
        """Store documents as `put` does, and take them out of quarantine, in one transaction."""
        done = []
        with self._writing() as connection:
            for document_id in dict.fromkeys(document_ids):
                row = connection.execute(
                    "SELECT body FROM quarantine WHERE document_id = ?", (document_id,)
                ).fetchone()
                if row is not None:
                    one = held_of(row["body"])
                    done.append(writing.put(connection, one.document, one.collection))
            take_out(connection, document_ids)
        return done

    def discard(self, document_ids: Sequence[str]) -> int:
        """Forget what is in quarantine, and only that; return how many were there."""
        with self._writing() as connection:
            gone = take_out(connection, document_ids)
            if gone:
                scrubbing.mark(connection)
        if gone:
            self._scrub()
        return gone


def take_out(connection: sqlite3.Connection, document_ids: Iterable[str]) -> int:
    """Remove documents from quarantine, in the caller's transaction; return how many were there."""
    return connection.executemany(
        "DELETE FROM quarantine WHERE document_id = ?",
        [(document_id,) for document_id in document_ids],
    ).rowcount
