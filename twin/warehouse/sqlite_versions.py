"""How a document becomes versions in the SQLite warehouse.

In: a `Document`, or all versions of one as they were, within the caller's transaction. Out: rows,
an entry in the change feed where something changed, and a `Put` that says what was done.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from twin.documents import Document, author_slug
from twin.errors import WarehouseError
from twin.warehouse import sqlite_authors as names
from twin.warehouse.protocol import Outcome, Put, StoredDocument, metadata_hash
from twin.warehouse.rows import metadata_of, now
from twin.warehouse.sqlite_feed import enter_feed
from twin.warehouse.sqlite_rows import insert_version, update_version


def put(connection: sqlite3.Connection, document: Document, collection: str) -> Put:
    """Store a document as the protocol's `put` says."""
    try:
        return _put(connection, document, collection)
    except UnicodeEncodeError as error:
        message = f"{document.source!a}: it holds a lone surrogate, which is not Unicode text"
        raise WarehouseError(message, "its reader must replace it") from error


def restore(connection: sqlite3.Connection, given: Sequence[StoredDocument]) -> Put:
    """Add the versions that are missing, oldest first, as the protocol's `restore` says."""
    document_id = given[0].id
    row = _document(connection, document_id)
    here = {
        version["version"]: version["text_hash"]
        for version in connection.execute(
            "SELECT version, text_hash FROM versions WHERE document_id = ?", (document_id,)
        )
    }
    for stored in given:
        if here.get(stored.version, stored.document.text_hash) != stored.document.text_hash:
            message = f"{stored.document.source}: version {stored.version} is here with other text"
            raise WarehouseError(message, "forget it here first, or leave it as it is")
    missing = [stored for stored in given if stored.version not in here]
    if not missing:
        return Put(document_id=document_id, version=max(here), outcome=Outcome.UNCHANGED)
    newest = max(*here, *(stored.version for stored in given), 0)
    _point_at(connection, row, missing[0].document, newest)
    for stored in missing:
        slug = names.claim(connection, stored.author_slug, stored.document.author)
        try:
            insert_version(
                connection,
                replace(stored, author_slug=slug),
                text_hash=stored.document.text_hash,
            )
        except UnicodeEncodeError as error:
            message = f"{stored.document.source!a}: it holds a lone surrogate"
            raise WarehouseError(message) from error
    enter_feed(connection, document_id)
    outcome = Outcome.CHANGED if here else Outcome.NEW
    return Put(document_id=document_id, version=newest, outcome=outcome)


def forget(connection: sqlite3.Connection, document_id: str) -> bool:
    """Remove all versions of a document and leave its tombstone; False if there is nothing."""
    there = connection.execute(
        "UPDATE documents SET deleted = 1 WHERE id = ? AND NOT deleted", (document_id,)
    ).rowcount
    if not there:
        return False
    writers = connection.execute(
        "SELECT DISTINCT author_slug FROM versions WHERE document_id = ?", (document_id,)
    ).fetchall()
    connection.execute("DELETE FROM contents WHERE document_id = ?", (document_id,))
    connection.execute("DELETE FROM versions WHERE document_id = ?", (document_id,))
    for row in writers:
        names.prune(connection, row["author_slug"])
    enter_feed(connection, document_id)
    return True


def _put(connection: sqlite3.Connection, document: Document, collection: str) -> Put:
    document_id = document.id
    slug = names.claim(connection, author_slug(document.author), document.author)
    row = _document(connection, document_id)
    newest = connection.execute(
        """SELECT s.*, c.raw IS NOT NULL AS has_raw FROM stored AS s JOIN contents AS c
        ON c.document_id = s.document_id AND c.version = s.version
        WHERE s.document_id = ? AND s.latest""",
        (document_id,),
    ).fetchone()
    text_hash = document.text_hash
    if newest is not None and newest["text_hash"] == text_hash:
        metadata = metadata_of(document, slug, collection)
        update_version(connection, newest, metadata, document)
        if metadata["metadata_hash"] == newest["metadata_hash"]:
            outcome = Outcome.UNCHANGED
        else:
            outcome = Outcome.CHANGED
            enter_feed(connection, document_id)
            names.prune(connection, newest["author_slug"])
        return Put(document_id=document_id, version=newest["version"], outcome=outcome)
    version = 1 if row is None else row["last_version"] + 1
    _point_at(connection, row, document, version)
    stored = StoredDocument(
        document=document,
        id=document_id,
        version=version,
        author_slug=slug,
        collection=collection,
        fetched_at=now(),
        latest=True,
        metadata_hash=metadata_hash(document, slug),
    )
    insert_version(connection, stored, text_hash=text_hash)
    enter_feed(connection, document_id)
    outcome = Outcome.NEW if newest is None else Outcome.CHANGED
    return Put(document_id=document_id, version=version, outcome=outcome)


def _document(connection: sqlite3.Connection, document_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    return row


def _point_at(
    connection: sqlite3.Connection, row: sqlite3.Row | None, document: Document, version: int
) -> None:
    """Make `version` the newest of the document; numbers once given are never given again."""
    if row is None:
        connection.execute(
            "INSERT INTO documents (id, source, version, last_version) VALUES (?, ?, ?, ?)",
            (document.id, document.source, version, version),
        )
    else:
        connection.execute(
            "UPDATE documents SET version = ?, last_version = ?, deleted = 0 WHERE id = ?",
            (version, max(version, row["last_version"]), row["id"]),
        )
