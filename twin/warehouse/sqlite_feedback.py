"""Feedback in the SQLite warehouse.

In: `Feedback`. Out: rows of ``feedback``, the whole of it as JSON beside the columns that are asked
for, and the same back. ``feedback_documents`` says which documents it repeats words of.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from twin.warehouse import sqlite_scrub as scrubbing
from twin.warehouse.feedback import (
    Feedback,
    FeedbackKind,
    checked,
    feedback_line,
    moment_of,
    read_feedback,
)
from twin.warehouse.sqlite_connection import Connected

PAGE: Final = 500
"""Rows read at once: no read is open while the caller works."""


class SQLiteFeedback(Connected):
    """The feedback in one SQLite file."""

    def put_feedback(self, feedback: Feedback) -> None:
        """Store an act of a person; the same id replaces what was stored."""
        sound = checked(feedback)
        row = (sound.id, sound.kind.value, sound.at, feedback_line(sound))
        with self._writing() as connection:
            connection.execute("DELETE FROM feedback WHERE id = ?", (sound.id,))
            connection.execute("INSERT INTO feedback (id, kind, at, body) VALUES (?, ?, ?, ?)", row)
            connection.executemany(
                "INSERT INTO feedback_documents (document_id, feedback_id) VALUES (?, ?)",
                [(document, sound.id) for document in sound.documents],
            )

    def feedback(
        self, *, kind: FeedbackKind | None = None, since: str | None = None
    ) -> Iterator[Feedback]:
        """Yield feedback, oldest first."""
        wanted = {
            "kind": None if kind is None else kind.value,
            "at": "" if since is None else moment_of(since, "since"),
            "id": "",
            "page": PAGE,
        }
        while True:
            with self._reading() as connection:
                rows = connection.execute(
                    """SELECT id, at, body FROM feedback
                    WHERE (at, id) > (:at, :id) AND (:kind IS NULL OR kind = :kind)
                    ORDER BY at, id LIMIT :page""",
                    wanted,
                ).fetchall()
            for row in rows:
                yield read_feedback(row["body"])
            if len(rows) < PAGE:
                return
            wanted |= {"at": rows[-1]["at"], "id": rows[-1]["id"]}

    def delete_feedback(self, feedback_id: str) -> bool:
        """Forget one act; return whether it was there."""
        with self._writing() as connection:
            there = connection.execute("DELETE FROM feedback WHERE id = ?", (feedback_id,)).rowcount
            if there:
                scrubbing.mark(connection)
        if there:
            self._scrub()
        return bool(there)


def forget_feedback(connection: sqlite3.Connection, document_ids: Sequence[str]) -> int:
    """Remove what repeats words of documents, in the transaction that forgets these; count it."""
    return connection.executemany(
        """DELETE FROM feedback WHERE id IN
        (SELECT feedback_id FROM feedback_documents WHERE document_id = ?)""",
        [(document_id,) for document_id in document_ids],
    ).rowcount
