"""Texts and raw bytes in a MongoDB warehouse, in pieces below its limit of 16 MB a document.

In: bytes, within the caller's transaction; ids of what was stored. Out: rows of ``contents``; the
bytes, whole. What was stored under an id never changes: it is there in full, or gone.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bson import ObjectId
from pymongo.client_session import ClientSession

from twin.warehouse.mongo_schema import Row, Tables

PIECE: Final = 8 * 1024 * 1024
"""Bytes of one row: half of the limit, and of the message that several rows travel in a sixth."""

BUFFER: Final = 4 * 1024 * 1024
"""Bytes that are held back, so that small texts travel together."""


class TornError(Exception):
    """A piece is gone: the document was forgotten between two reads."""


class Contents:
    """Writes contents in a transaction; `flush` sends what is held back."""

    def __init__(self, tables: Tables, session: ClientSession) -> None:
        self._tables = tables
        self._session = session
        self._rows: list[Row] = []
        self._size = 0

    def add(self, what: str, document_id: str, data: bytes | None) -> Row:
        """Take the ``text`` or the ``raw`` bytes of a version; return the columns that name it."""
        if data is None:
            return {f"{what}_blob": None, f"{what}_pieces": 0}
        blob = ObjectId()
        starts = range(0, max(len(data), 1), PIECE)
        for number, start in enumerate(starts):
            piece = data[start : start + PIECE]
            row = {"blob": blob, "number": number, "document_id": document_id, "data": piece}
            self._rows.append(row)
            self._size += len(piece)
            if self._size > BUFFER:
                self.flush()
        return {f"{what}_blob": blob, f"{what}_pieces": len(starts)}

    def flush(self) -> None:
        """Send what is held back."""
        if self._rows:
            self._tables.contents.insert_many(self._rows, session=self._session)
        self._rows, self._size = [], 0


def read_contents(
    tables: Tables,
    rows: Iterable[Mapping[str, Any]],
    what: Iterable[str] = ("text", "raw"),
    session: ClientSession | None = None,
) -> dict[ObjectId, bytes]:
    """Return the contents of versions by their ids.

    Raises:
        TornError: if one is not there in full.
    """
    wanted = {
        row[f"{kind}_blob"]: row[f"{kind}_pieces"]
        for row in rows
        for kind in what
        if row[f"{kind}_blob"] is not None
    }
    if not wanted:
        return {}
    pieces: dict[ObjectId, dict[int, bytes]] = {blob: {} for blob in wanted}
    for row in tables.contents.find({"blob": {"$in": list(wanted)}}, session=session):
        pieces[row["blob"]][row["number"]] = row["data"]
    if any(len(pieces[blob]) != count for blob, count in wanted.items()):
        raise TornError
    return {blob: b"".join(found[n] for n in sorted(found)) for blob, found in pieces.items()}
