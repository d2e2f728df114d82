"""Feedback in a MongoDB warehouse.

In: `Feedback`. Out: rows of ``feedback``, the whole of it as JSON beside the fields that are asked
for, and the same back. ``documents`` says which documents it repeats words of.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from pymongo.errors import DocumentTooLarge

from twin.warehouse.feedback import (
    Feedback,
    FeedbackKind,
    checked,
    feedback_line,
    moment_of,
    read_feedback,
)
from twin.warehouse.mongo_schema import LARGEST_ROW, Row
from twin.warehouse.mongo_server import Server, Unit

PAGE: Final = 500
"""Rows read at once: no cursor is open while the caller works."""


class MongoFeedback:
    """The feedback in one database of a MongoDB server."""

    _server: Server

    def put_feedback(self, feedback: Feedback) -> None:
        """Store an act of a person; the same id replaces what was stored."""
        sound = checked(feedback)
        row: Row = {
            "_id": sound.id,
            "kind": sound.kind.value,
            # Times have one width, so that the id goes on within one. The word in front keeps a
            # server from taking the text for a date.
            "order": f"at {sound.at} {sound.id}",
            "documents": list(sound.documents),
            "body": feedback_line(sound),
        }
        if len(row["body"].encode()) > LARGEST_ROW:
            with self._server.named():
                raise DocumentTooLarge(sound.id)
        self._server.write(
            lambda unit: unit.tables.feedback.replace_one(
                {"_id": sound.id}, row, upsert=True, session=unit.session
            )
        )

    def feedback(
        self, *, kind: FeedbackKind | None = None, since: str | None = None
    ) -> Iterator[Feedback]:
        """Yield feedback, oldest first."""
        wanted: dict[str, Any] = {} if kind is None else {"kind": kind.value}
        after = "" if since is None else f"at {moment_of(since, 'since')}"
        while True:
            rows = self._said_page(wanted | {"order": {"$gt": after}})
            for row in rows:
                yield read_feedback(row["body"])
            if len(rows) < PAGE:
                return
            after = rows[-1]["order"]

    def _said_page(self, wanted: dict[str, Any]) -> list[Row]:
        found = self._server.tables.feedback
        return self._server.read(lambda: list(found.find(wanted).sort("order").limit(PAGE)))

    def delete_feedback(self, feedback_id: str) -> bool:
        """Forget one act; return whether it was there."""
        return self._server.write(
            lambda unit: (
                (
                    unit.tables.feedback.delete_one({"_id": feedback_id}, session=unit.session)
                ).deleted_count
                > 0
            )
        )


def forget_feedback(unit: Unit, document_ids: Sequence[str]) -> None:
    """Remove what repeats words of documents, in the transaction that forgets these."""
    theirs = {"documents": {"$in": list(document_ids)}}
    unit.tables.feedback.delete_many(theirs, session=unit.session)
