"""The change feed of a MongoDB warehouse: cursors, and what changed after one.

In: cursors. Out: `Change`s by their numbers, oldest first, one a document. A cursor is the id of
the feed and a number, so that a cursor of another warehouse is refused.
"""

import re
from typing import Final

from twin.errors import WarehouseError
from twin.warehouse.mongo_schema import STATE, Tables
from twin.warehouse.protocol import Change, Cursor

CURSOR: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})")


class Feed:
    """The feed of one warehouse.

    Args:
        tables: its collections.
        name: the id of the feed.
    """

    def __init__(self, tables: Tables, name: str) -> None:
        self._tables = tables
        self._name = name

    def newest(self) -> int:
        """Return the newest number; 0 if nothing ever changed."""
        state = self._tables.state.find_one({"_id": STATE})
        return 0 if state is None else int(state["seq"])

    def cursor(self, number: int) -> Cursor:
        """Return the cursor of a number."""
        return f"{self._name}-{number}"

    def number(self, cursor: Cursor | None) -> int:
        """Return the number in a cursor, 0 for None; refuse one that this feed never gave."""
        if cursor is None:
            return 0
        found = CURSOR.fullmatch(cursor)
        if found and found[1] == self._name and int(found[2]) <= self.newest():
            return int(found[2])
        message = f"{cursor!r} is no cursor of this warehouse's change feed"
        raise WarehouseError(message, "send its consumer to the beginning of the feed")

    def changes(self, after: Cursor | None, limit: int) -> list[Change]:
        """Return the next changes after a cursor."""
        wanted = {"seq": {"$gt": self.number(after)}}
        return [
            Change(
                cursor=self.cursor(row["seq"]),
                document_id=row["_id"],
                version=row["version"],
                deleted=row["deleted"],
                at=row["changed_at"],
            )
            for row in self._tables.documents.find(wanted).sort("seq").limit(limit)
        ]

    def backlog(self, after: Cursor | None) -> int:
        """Return how many documents changed after a cursor."""
        return self._tables.documents.count_documents({"seq": {"$gt": self.number(after)}})
