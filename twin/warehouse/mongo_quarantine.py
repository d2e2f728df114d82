"""The quarantine of a MongoDB warehouse.

In: `Held` documents. Out: rows of ``quarantine``, the document as JSON in pieces of ``contents``, and
the same back.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from twin.warehouse import mongo_versions as writing
from twin.warehouse.jsonl_lines import held_of, held_text
from twin.warehouse.mongo_contents import Contents, TornError, read_contents
from twin.warehouse.mongo_schema import Row
from twin.warehouse.mongo_server import Server, Unit
from twin.warehouse.protocol import Put
from twin.warehouse.quarantine import Held

PAGE: Final = 20
"""Documents read at once: no cursor is open while the caller works."""


class MongoQuarantine:
    """The quarantine in one database of a MongoDB server."""

    _server: Server

    def hold(self, held: Sequence[Held]) -> None:
        """Put documents into quarantine, all or none; one that is there is replaced."""
        given = [(one, held_text(one).encode()) for one in held]

        def body(unit: Unit) -> None:
            take_out(unit, [one.document.id for one, _ in given])
            contents = Contents(unit.tables, unit.session)
            for one, text in given:
                row: Row = {
                    "_id": one.document.id,
                    "source": one.document.source,
                    "collection": one.collection,
                    **contents.add("body", one.document.id, text),
                }
                unit.tables.quarantine.replace_one(
                    {"_id": row["_id"]}, row, upsert=True, session=unit.session
                )
            contents.flush()

        self._server.write(body)

    def held(self, *, collection: str | None = None) -> Iterator[Held]:
        """Yield what is in quarantine, ordered by source."""
        wanted: dict[str, Any] = {} if collection is None else {"collection": collection}
        after = ""
        while True:
            rows, found = self._held_page({**wanted, "source": {"$gt": after}})
            yield from found
            if len(rows) < PAGE:
                return
            after = rows[-1]["source"]

    def quarantined(self) -> int:
        """Return how many documents are in quarantine."""
        return self._server.read(lambda: self._server.tables.quarantine.count_documents({}))

    def release(self, document_ids: Sequence[str]) -> list[Put]:
        """Store documents as `put` does, and take them out of quarantine, in one transaction."""
        given = list(dict.fromkeys(document_ids))

        def body(unit: Unit) -> list[Put]:
            wanted = {"_id": {"$in": given}}
            rows = list(unit.tables.quarantine.find(wanted, session=unit.session).sort("source"))
            texts = read_contents(unit.tables, rows, ("body",), unit.session)
            done: list[Put] = []
            for row in rows:
                one = held_of(texts[row["body_blob"]])
                done += writing.put_many(unit, [one.document], one.collection)
            take_out(unit, given)
            return done

        return self._server.write(body)

    def discard(self, document_ids: Sequence[str]) -> int:
        """Forget what is in quarantine, and only that; return how many were there."""
        given = list(document_ids)
        return self._server.write(lambda unit: take_out(unit, given))

    def _held_page(self, wanted: dict[str, Any]) -> tuple[list[Row], list[Held]]:
        tables = self._server.tables

        def body() -> tuple[list[Row], list[Held]]:
            rows = list(tables.quarantine.find(wanted).sort("source").limit(PAGE))
            found = []
            for row in rows:
                try:
                    texts = read_contents(tables, [row], ("body",))
                except TornError:
                    continue  # it was released, replaced or forgotten in between
                found.append(held_of(texts[row["body_blob"]]))
            return rows, found

        return self._server.read(body)


def take_out(unit: Unit, document_ids: Iterable[str]) -> int:
    """Remove documents from quarantine, in the caller's transaction; return how many were there."""
    tables, session = unit.tables, unit.session
    wanted = {"_id": {"$in": sorted({*document_ids})}}
    blobs = [
        row["body_blob"]
        for row in tables.quarantine.find(wanted, {"body_blob": 1}, session=session)
    ]
    if blobs:
        # By their own ids: the contents of stored versions of the same documents stay.
        tables.contents.delete_many({"blob": {"$in": blobs}}, session=session)
        tables.quarantine.delete_many(wanted, session=session)
    return len(blobs)
