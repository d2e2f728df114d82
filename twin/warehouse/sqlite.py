"""The embedded warehouse: one SQLite file in the home.

In: `Document`s and the path of the file. Out: what `twin.warehouse.protocol.Warehouse` promises.
One connection behind a lock serves all threads; other processes have their own, and writes queue.
"""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from twin.documents import Document, author_slug
from twin.errors import NotFoundError
from twin.warehouse import sqlite_authors as names
from twin.warehouse import sqlite_enrichments as enriching
from twin.warehouse import sqlite_feed as feed
from twin.warehouse import sqlite_scrub as scrubbing
from twin.warehouse import sqlite_versions as writing
from twin.warehouse.protocol import (
    Author,
    Change,
    Counts,
    Cursor,
    Put,
    StoredDocument,
    Summary,
)
from twin.warehouse.rows import canonical, of_one_document, stored_document, summary_of
from twin.warehouse.sqlite_feedback import SQLiteFeedback, forget_feedback
from twin.warehouse.sqlite_quarantine import SQLiteQuarantine, take_out

PAGE: Final = 500
"""Rows read at once by what iterates: no read is open while the caller works."""

LOOK_SECONDS: Final = 0.2
"""How long `wait` sleeps between two looks at the feed."""


class SQLiteWarehouse(SQLiteFeedback, SQLiteQuarantine):
    """Documents at rest in one SQLite file, made with its folder if it is missing.

    Args:
        path: the file; readable and writable by its owner alone when it is made.

    Raises:
        WarehouseError: if the file cannot be opened, is no warehouse, or is of a newer version.
    """

    def put(self, document: Document, *, collection: str) -> Put:
        """Store a document: new, a new version, new metadata, or nothing to do."""
        return self.put_many([document], collection=collection)[0]

    def put_many(self, documents: Sequence[Document], *, collection: str) -> list[Put]:
        """Store several documents in one transaction, with a result each, in order."""
        with self._writing() as connection:
            done = [writing.put(connection, document, collection) for document in documents]
            take_out(connection, [put.document_id for put in done])
            return done

    def get(self, document_id: str, version: int | None = None) -> StoredDocument:
        """Return a version of a document, the newest by default."""
        with self._reading() as connection:
            row = connection.execute(
                """SELECT s.*, c.text, c.raw FROM stored AS s JOIN contents AS c
                ON c.document_id = s.document_id AND c.version = s.version
                WHERE s.document_id = :id
                AND CASE WHEN :version IS NULL THEN s.latest ELSE s.version = :version END""",
                {"id": document_id, "version": version},
            ).fetchone()
        if row is None:
            which = "" if version is None else f" version {version} of"
            message = f"there is no{which} document {document_id}"
            raise NotFoundError(message, "twin status lists what is there")
        return stored_document(row, text=row["text"], raw=row["raw"])

    def get_many(self, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], StoredDocument]:
        """Return several versions at once, without `raw`; missing ones are left out."""
        found = {}
        with self._reading() as connection:
            for key in keys:
                row = connection.execute(
                    """SELECT s.*, c.text FROM stored AS s JOIN contents AS c
                    ON c.document_id = s.document_id AND c.version = s.version
                    WHERE s.document_id = ? AND s.version = ?""",
                    key,
                ).fetchone()
                if row is not None:
                    found[key] = stored_document(row, text=row["text"], raw=None)
        return found

    def text_hashes(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return the hash of each document's newest text, by id; those that are gone are left out."""
        with self._reading() as connection:
            rows = connection.execute(
                """SELECT v.document_id, v.text_hash FROM json_each(?) AS wanted
                JOIN documents AS d ON d.id = wanted.value
                JOIN versions AS v ON v.document_id = d.id AND v.version = d.version""",
                (json.dumps(list(document_ids)),),
            ).fetchall()
        return {row["document_id"]: row["text_hash"] for row in rows}

    def versions(self, document_id: str) -> list[tuple[int, str]]:
        """Return every version with the time it was stored, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT version, fetched_at FROM versions WHERE document_id = ? ORDER BY version",
                (document_id,),
            ).fetchall()
        return [(row["version"], row["fetched_at"]) for row in rows]

    def summaries(
        self,
        *,
        collection: str | None = None,
        author: str | None = None,
        source: str | None = None,
    ) -> Iterator[Summary]:
        """Yield a summary of every document that is not forgotten, ordered by source."""
        wanted = {
            "collection": collection,
            "author": author,
            "source": source,
            "canonical": None if source is None else canonical(source),
            "page": PAGE,
            "after": "",
        }
        while True:
            with self._reading() as connection:
                rows = connection.execute(
                    """SELECT s.* FROM stored AS s
                    WHERE s.latest AND s.source > :after
                    AND (:collection IS NULL OR s.collection = :collection)
                    AND (:author IS NULL OR s.author_slug = :author)
                    AND (:source IS NULL OR s.source IN (:source, :canonical)
                         OR s.url = :source OR s.document_id = :source)
                    ORDER BY s.source LIMIT :page""",
                    wanted,
                ).fetchall()
            yield from map(summary_of, rows)
            if len(rows) < PAGE:
                return
            wanted["after"] = rows[-1]["source"]

    def delete(self, document_ids: Sequence[str]) -> int:
        """Forget documents: texts, raw bytes, metadata and feedback on them go, a tombstone stays.

        The file is written anew so that no trace is left in it, which takes about 1 s for 150 MB:
        forget many documents in one call.
        """
        with self._writing() as connection:
            gone = sum(writing.forget(connection, document_id) for document_id in document_ids)
            also = forget_feedback(connection, document_ids) + take_out(connection, document_ids)
            if gone or also:
                scrubbing.mark(connection)
        if gone or also:
            self._scrub()
        return gone

    def changes(self, after: Cursor | None, *, limit: int = 1000) -> list[Change]:
        """Return the next changes after a cursor, oldest first; None is the beginning."""
        with self._reading() as connection:
            return feed.changes(connection, after, limit)

    def latest_cursor(self) -> Cursor | None:
        """Return the cursor of the newest change, None if nothing ever changed."""
        with self._reading() as connection:
            return feed.newest(connection)

    def backlog(self, after: Cursor | None) -> int:
        """Return how many documents changed after a cursor."""
        with self._reading() as connection:
            return feed.backlog(connection, after)

    def wait(self, after: Cursor | None, seconds: float) -> bool:
        """Wait until something changed after a cursor, at most so many seconds.

        The newest number of the feed is looked at a few times a second: one step down a B-tree,
        which sees the writes of this connection and of every other.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._reading() as connection:
                if feed.changed(connection, after):
                    return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(LOOK_SECONDS, left))

    def cursor(self, consumer: str) -> Cursor | None:
        """Return where a consumer of the feed has come to."""
        with self._reading() as connection:
            return feed.cursor_of(connection, consumer)

    def set_cursor(self, consumer: str, cursor: Cursor | None) -> None:
        """Record durably where a consumer has come to; None sends it to the beginning."""
        with self._writing() as connection:
            feed.set_cursor(connection, consumer, cursor)

    def authors(self) -> list[Author]:
        """Return all authors with their aliases and numbers of documents, by slug."""
        with self._reading() as connection:
            return names.listed(connection)

    def add_alias(self, slug: str, alias: str) -> Author:
        """Make `alias` another name of an author. Documents under that name become theirs."""
        with self._writing() as connection:
            return names.add_alias(connection, slug, alias)

    def resolve_author(self, name: str) -> str | None:
        """Return the slug of a name or alias, compared as slugs; None if nobody has it."""
        with self._reading() as connection:
            return names.resolve(connection, author_slug(name))

    def platforms(self) -> list[str]:
        """Return every platform that a document has, sorted."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT platform FROM stored WHERE latest ORDER BY platform"
            ).fetchall()
        return [row["platform"] for row in rows]

    def unenriched(
        self, recipe: str, *, after: str = "", limit: int = PAGE
    ) -> list[tuple[str, int]]:
        """Return the newest versions that another recipe enriched, or none: (id, version)."""
        with self._reading() as connection:
            return enriching.unenriched(connection, recipe, after, limit)

    def put_enrichments(self, enriched: Sequence[StoredDocument]) -> int:
        """Store what was found out about versions, in one transaction."""
        with self._writing() as connection:
            return enriching.put(connection, enriched)

    def counts(self) -> Counts:
        """Return what the warehouse holds."""
        with self._reading() as connection:
            row = connection.execute(
                """SELECT
                (SELECT count(*) FROM documents WHERE NOT deleted) AS documents,
                (SELECT count(*) FROM versions) AS versions,
                (SELECT count(*) FROM authors) AS authors,
                (SELECT count(*) FROM documents WHERE deleted) AS tombstones,
                (SELECT coalesce(sum(characters), 0) FROM stored WHERE latest) AS characters"""
            ).fetchone()
        return Counts(**dict(row))

    def export(self) -> Iterator[tuple[StoredDocument, list[StoredDocument]]]:
        """Yield every document: its newest version, and all versions oldest first."""
        for summary in self.summaries():
            with self._reading() as connection:
                rows = connection.execute(
                    """SELECT s.*, c.text, c.raw FROM stored AS s JOIN contents AS c
                    ON c.document_id = s.document_id AND c.version = s.version
                    WHERE s.document_id = ? ORDER BY s.version""",
                    (summary.id,),
                ).fetchall()
            versions = [stored_document(row, text=row["text"], raw=row["raw"]) for row in rows]
            if versions:
                yield versions[-1], versions

    def restore(self, versions: Iterable[StoredDocument]) -> Put:
        """Store all versions of one document as they were, in one transaction."""
        given = of_one_document(versions)
        with self._writing() as connection:
            return writing.restore(connection, given)

    def restore_author(self, author: Author) -> None:
        """Record an author with their aliases as they were; to be called before `restore`."""
        with self._writing() as connection:
            names.restore_author(connection, author)
