"""The warehouse on a MongoDB server, for whoever has outgrown a file.

In: `Document`s and the URL of a server. Out: what `twin.warehouse.protocol.Warehouse` promises. The
server needs transactions, which a replica set has, also one of a single node.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, Self, TypeVar

from pymongo.client_session import ClientSession

from twin.documents import Document, author_slug
from twin.errors import NotFoundError, WarehouseError
from twin.warehouse import mongo_authors as names
from twin.warehouse import mongo_enrichments as enriching
from twin.warehouse import mongo_versions as writing
from twin.warehouse.mongo_contents import TornError, read_contents
from twin.warehouse.mongo_feed import Feed
from twin.warehouse.mongo_feedback import MongoFeedback
from twin.warehouse.mongo_quarantine import MongoQuarantine, take_out
from twin.warehouse.mongo_schema import Row
from twin.warehouse.mongo_server import Server, Unit
from twin.warehouse.mongo_stream import LONGEST_AWAIT, Waiting
from twin.warehouse.protocol import Author, Change, Counts, Cursor, Put, StoredDocument, Summary
from twin.warehouse.rows import canonical, of_one_document, stored_document, summary_of

PAGE: Final = 500
"""Rows read at once by what iterates: no cursor is open while the caller works."""

ATTEMPTS: Final = 5
"""How often a document is read that is forgotten and stored again meanwhile."""

PATIENCE: Final = 30.0
"""Seconds that a call goes on trying while the server is away: an election takes about 12."""

T = TypeVar("T")


class MongoWarehouse(MongoFeedback, MongoQuarantine):
    """Documents at rest in one database of a MongoDB server, made if it is missing.

    Args:
        url: where the server is, with credentials if it wants them; it is never shown.
        database: the name of the database.
        patience: seconds that a call goes on trying while the server is away.

    Raises:
        ConfigurationError: if the URL is none.
        WarehouseError: if the server cannot be reached, has no transactions, or the database is no
            warehouse or of a newer version.
    """

    def __init__(self, url: str, database: str, *, patience: float = PATIENCE) -> None:
        self._server = Server(url, database, patience=patience)
        self._tables = self._server.tables
        self._feed = Feed(self._tables, self._server.feed)
        self._waiting = Waiting(self._tables, self._feed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect; closing twice is no error."""
        self._server.close()

    def put(self, document: Document, *, collection: str) -> Put:
        """Store a document: new, a new version, new metadata, or nothing to do."""
        return self.put_many([document], collection=collection)[0]

    def put_many(self, documents: Sequence[Document], *, collection: str) -> list[Put]:
        """Store several documents in one transaction, with a result each, in order."""
        # All of them are here before the transaction begins: the server ends it after a minute.
        given = list(documents)

        def body(unit: Unit) -> list[Put]:
            done = writing.put_many(unit, given, collection)
            take_out(unit, [put.document_id for put in done])
            return done

        return self._server.write(body)

    def get(self, document_id: str, version: int | None = None) -> StoredDocument:
        """Return a version of a document, the newest by default."""
        which = {"latest": True} if version is None else {"version": version}

        def body() -> list[StoredDocument]:
            row = self._tables.versions.find_one({"document_id": document_id, **which})
            return [] if row is None else self._stored([row], raw=True)

        found = self._whole(body)
        if not found:
            named = "" if version is None else f" version {version} of"
            message = f"there is no{named} document {document_id}"
            raise NotFoundError(message, "twin status lists what is there")
        return found[0]

    def get_many(self, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], StoredDocument]:
        """Return several versions at once, without `raw`; missing ones are left out."""
        wanted = {"_id": {"$in": [f"{document_id}:{version}" for document_id, version in keys]}}

        def body() -> list[StoredDocument]:
            return self._stored(list(self._tables.versions.find(wanted)), raw=False)

        return {(stored.id, stored.version): stored for stored in self._whole(body)}

    def text_hashes(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return the hash of each document's newest text, by id; those that are gone are left out."""
        wanted = {"document_id": {"$in": list(document_ids)}, "latest": True}
        columns = {"document_id": 1, "text_hash": 1}
        rows = self._server.read(lambda: list(self._tables.versions.find(wanted, columns)))
        return {row["document_id"]: row["text_hash"] for row in rows}

    def versions(self, document_id: str) -> list[tuple[int, str]]:
        """Return every version with the time it was stored, oldest first."""
        columns = {"version": 1, "fetched_at": 1}

        def body() -> list[tuple[int, str]]:
            rows = self._tables.versions.find({"document_id": document_id}, columns)
            return [(row["version"], row["fetched_at"]) for row in rows.sort("version")]

        return self._server.read(body)

    def summaries(
        self,
        *,
        collection: str | None = None,
        author: str | None = None,
        source: str | None = None,
    ) -> Iterator[Summary]:
        """Yield a summary of every document that is not forgotten, ordered by source."""
        wanted: dict[str, Any] = {"latest": True, "source": {"$gt": ""}}
        if collection is not None:
            wanted["collection"] = collection
        if author is not None:
            wanted["author_slug"] = author
        if source is not None:
            spellings = {"$in": [source, canonical(source)]}
            wanted["$or"] = [{"source": spellings}, {"url": source}, {"document_id": source}]
        while True:
            rows = self._server.read(
                lambda: list(self._tables.versions.find(wanted).sort("source").limit(PAGE))
            )
            yield from map(summary_of, rows)
            if len(rows) < PAGE:
                return
            wanted["source"] = {"$gt": rows[-1]["source"]}

    def delete(self, document_ids: Sequence[str]) -> int:
        """Forget documents: texts, raw bytes, metadata and feedback on them go, a tombstone stays.

        They leave the collections at once. The server's files and its log of changes let go of them
        when they are next written over, which is the server's own affair.
        """
        given = list(document_ids)

        def body(unit: Unit) -> int:
            take_out(unit, given)
            return writing.forget(unit, given)

        return self._server.write(body)

    def changes(self, after: Cursor | None, *, limit: int = 1000) -> list[Change]:
        """Return the next changes after a cursor, oldest first; None is the beginning."""
        return self._server.read(lambda: self._feed.changes(after, limit))

    def latest_cursor(self) -> Cursor | None:
        """Return the cursor of the newest change, None if nothing ever changed."""
        number = self._server.read(self._feed.newest)
        return self._feed.cursor(number) if number else None

    def backlog(self, after: Cursor | None) -> int:
        """Return how many documents changed after a cursor."""
        return self._server.read(lambda: self._feed.backlog(after))

    def wait(self, after: Cursor | None, seconds: float) -> bool:
        """Wait until something changed after a cursor, at most so many seconds.

        On a replica set the server says when, by a change stream; elsewhere the newest number of
        the feed is looked at twice a second.
        """
        deadline = time.monotonic() + seconds
        number = self._server.read(lambda: self._feed.number(after))
        while True:
            # Step by step: how patient each is does not depend on how long the last one took.
            until = min(deadline, time.monotonic() + LONGEST_AWAIT)
            if self._server.read(
                partial(self._waiting.wait, number, until, self._server.connected)
            ):
                return True
            if time.monotonic() >= deadline:
                return False

    def cursor(self, consumer: str) -> Cursor | None:
        """Return where a consumer of the feed has come to."""
        row = self._server.read(lambda: self._tables.cursors.find_one({"_id": consumer}))
        return None if row is None else self._feed.cursor(row["seq"])

    def set_cursor(self, consumer: str, cursor: Cursor | None) -> None:
        """Record durably where a consumer has come to; None sends it to the beginning.

        The newest resume token that belongs to the place rests in the same row.
        """

        def body() -> None:
            if cursor is None:
                self._tables.cursors.delete_one({"_id": consumer})
                return
            number = self._feed.number(cursor)
            token = self._waiting.token_for(number)
            if token is None:
                # What was kept for an earlier place serves a later one too.
                earlier = {"_id": consumer, "seq": {"$lte": number}}
                token = (self._tables.cursors.find_one(earlier) or {}).get("token")
            place: Row = {"_id": consumer, "seq": number, "token": token}
            self._tables.cursors.replace_one({"_id": consumer}, place, upsert=True)

        self._server.read(body)

    def authors(self) -> list[Author]:
        """Return all authors with their aliases and numbers of documents, by slug."""
        return self._server.snapshot(lambda session: names.listed(self._tables, session))

    def add_alias(self, slug: str, alias: str) -> Author:
        """Make `alias` another name of an author. Documents under that name become theirs."""
        return self._server.write(lambda unit: names.add_alias(unit, slug, alias))

    def resolve_author(self, name: str) -> str | None:
        """Return the slug of a name or alias, compared as slugs; None if nobody has it."""
        slug = author_slug(name)
        return self._server.read(lambda: names.resolve(self._tables, slug))

    def platforms(self) -> list[str]:
        """Return every platform that a document has, sorted."""
        return self._server.read(
            lambda: sorted(self._tables.versions.distinct("platform", {"latest": True}))
        )

    def unenriched(
        self, recipe: str, *, after: str = "", limit: int = PAGE
    ) -> list[tuple[str, int]]:
        """Return the newest versions that another recipe enriched, or none: (id, version)."""
        return self._server.read(lambda: enriching.unenriched(self._tables, recipe, after, limit))

    def put_enrichments(self, enriched: Sequence[StoredDocument]) -> int:
        """Store what was found out about versions, in one transaction."""
        given = list(enriched)
        return self._server.write(lambda unit: enriching.put(unit, given))

    def counts(self) -> Counts:
        """Return what the warehouse holds."""

        def body(session: ClientSession) -> Counts:
            documents, versions = self._tables.documents, self._tables.versions
            total = versions.aggregate(
                [
                    {"$match": {"latest": True}},
                    {"$group": {"_id": None, "characters": {"$sum": "$characters"}}},
                ],
                session=session,
            )
            return Counts(
                documents=documents.count_documents({"deleted": False}, session=session),
                versions=versions.count_documents({}, session=session),
                authors=self._tables.authors.count_documents({}, session=session),
                tombstones=documents.count_documents({"deleted": True}, session=session),
                characters=next((int(row["characters"]) for row in total), 0),
            )

        return self._server.snapshot(body)

    def export(self) -> Iterator[tuple[StoredDocument, list[StoredDocument]]]:
        """Yield every document: its newest version, and all versions oldest first."""
        for summary in self.summaries():
            document_id = summary.id

            def body(session: ClientSession, wanted: str = document_id) -> list[StoredDocument]:
                rows = self._tables.versions.find({"document_id": wanted}, session=session)
                return self._stored(list(rows.sort("version")), raw=True, session=session)

            versions = self._server.snapshot(body)
            if versions:
                yield versions[-1], versions

    def restore(self, versions: Iterable[StoredDocument]) -> Put:
        """Store all versions of one document as they were, in one transaction."""
        given = of_one_document(versions)
        return self._server.write(lambda unit: writing.restore(unit, given))

    def restore_author(self, author: Author) -> None:
        """Record an author with their aliases as they were; to be called before `restore`."""
        self._server.write(lambda unit: names.restore_author(unit, author))

    def _stored(
        self, rows: list[Row], *, raw: bool, session: ClientSession | None = None
    ) -> list[StoredDocument]:
        kinds = ("text", "raw") if raw else ("text",)
        found = read_contents(self._tables, rows, kinds, session)
        return [
            stored_document(
                row,
                text=found[row["text_blob"]].decode(),
                raw=found[row["raw_blob"]] if raw and row["raw_blob"] is not None else None,
            )
            for row in rows
        ]

    def _whole(self, body: Callable[[], T]) -> T:
        """Read metadata and contents; once more where the document changed in between."""
        for _ in range(ATTEMPTS):
            try:
                return self._server.read(body)
            except TornError:
                continue
        message = f"{self._server.where}: a document is there without all of its contents"
        raise WarehouseError(message, "restore it from an export (twin warehouse import)")
