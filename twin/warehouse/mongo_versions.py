"""How documents become versions in a MongoDB warehouse.

In: `Document`s, or all versions of one as they were, within the caller's transaction. Out: rows, an
entry in the change feed where something changed, and a `Put` a document.

The rows that a batch touches are read in a few queries, changed here, and written in a few more: a
document alone costs the server as many commands as a thousand.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import bson
from bson.errors import InvalidDocument
from pymongo import ReplaceOne
from pymongo.errors import DocumentTooLarge

from twin.documents import Document, author_slug
from twin.errors import WarehouseError
from twin.warehouse import mongo_authors as names
from twin.warehouse.mongo_contents import Contents
from twin.warehouse.mongo_feedback import forget_feedback
from twin.warehouse.mongo_schema import LARGEST_ROW, Row
from twin.warehouse.mongo_server import Unit
from twin.warehouse.protocol import Outcome, Put, StoredDocument, metadata_hash
from twin.warehouse.rows import enrichment_columns, metadata_of, now


def put_many(unit: Unit, documents: Sequence[Document], collection: str) -> list[Put]:
    """Store documents as the protocol's `put` says."""
    if not documents:
        return []
    batch = _Batch(unit, documents, [author_slug(document.author) for document in documents])
    puts = [batch.put(document, collection) for document in documents]
    batch.flush()
    return puts


def restore(unit: Unit, given: Sequence[StoredDocument]) -> Put:
    """Add the versions that are missing, oldest first, as the protocol's `restore` says."""
    document_id = given[0].id
    wanted = {"document_id": document_id}
    found = unit.tables.versions.find(wanted, {"version": 1, "text_hash": 1}, session=unit.session)
    here = {row["version"]: row["text_hash"] for row in found}
    for stored in given:
        if here.get(stored.version, stored.document.text_hash) != stored.document.text_hash:
            message = f"{stored.document.source}: version {stored.version} is here with other text"
            raise WarehouseError(message, "forget it here first, or leave it as it is")
    missing = [stored for stored in given if stored.version not in here]
    if not missing:
        return Put(document_id=document_id, version=max(here), outcome=Outcome.UNCHANGED)
    documents = [stored.document for stored in missing]
    batch = _Batch(unit, documents, [stored.author_slug for stored in missing])
    newest = max(*here, *(stored.version for stored in given), 0)
    for stored in missing:
        slug = batch.claims.claim(stored.author_slug, stored.document.author)
        batch.insert(replace(stored, author_slug=slug, latest=stored.version == newest))
    batch.point_at(missing[0].document, newest)
    batch.flush()
    outcome = Outcome.CHANGED if here else Outcome.NEW
    return Put(document_id=document_id, version=newest, outcome=outcome)


def forget(unit: Unit, document_ids: Sequence[str]) -> int:
    """Remove all versions of documents and leave their tombstones; return how many were there."""
    tables, session = unit.tables, unit.session
    forget_feedback(unit, document_ids)
    there = {"_id": {"$in": sorted({*document_ids})}, "deleted": False}
    rows = list(tables.documents.find(there, session=session).sort("_id"))
    if not rows:
        return 0
    theirs = {"document_id": {"$in": [row["_id"] for row in rows]}}
    writers = {
        row["author_slug"]
        for row in tables.versions.find(theirs, {"author_slug": 1}, session=session)
    }
    tables.contents.delete_many(theirs, session=session)
    tables.versions.delete_many(theirs, session=session)
    names.prune(unit, writers)
    for row in rows:
        row.update(deleted=True, seq=unit.next_number(), changed_at=now())
    tables.documents.bulk_write([ReplaceOne({"_id": r["_id"]}, r) for r in rows], session=session)
    return len(rows)


class _Batch:
    """The rows of some documents, as they become in a transaction."""

    def __init__(self, unit: Unit, documents: Sequence[Document], slugs: Sequence[str]) -> None:
        self._unit = unit
        tables, session = unit.tables, unit.session
        ids = sorted({document.id for document in documents})
        self.claims = names.Claims(unit, slugs)
        found = tables.documents.find({"_id": {"$in": ids}}, session=session)
        self._documents: dict[str, Row] = {row["_id"]: row for row in found}
        newest = tables.versions.find(
            {"document_id": {"$in": ids}, "latest": True}, session=session
        )
        self._newest: dict[str, Row] = {row["document_id"]: row for row in newest}
        self._contents = Contents(tables, session)
        self._changed_documents: dict[str, Row] = {}
        self._changed_versions: dict[str, Row] = {}
        self._left: set[str] = set()

    def put(self, document: Document, collection: str) -> Put:
        """Store one document."""
        document_id, text_hash = document.id, document.text_hash
        slug = self.claims.claim(author_slug(document.author), document.author)
        newest = self._newest.get(document_id)
        if newest is not None and newest["text_hash"] == text_hash:
            return self._update(newest, document, metadata_of(document, slug, collection))
        row = self._documents.get(document_id)
        version = 1 if row is None else row["last_version"] + 1
        self.insert(
            StoredDocument(
                document=document,
                id=document_id,
                version=version,
                author_slug=slug,
                collection=collection,
                fetched_at=now(),
                latest=True,
                metadata_hash=metadata_hash(document, slug),
            ),
            text_hash,
        )
        self.point_at(document, version)
        outcome = Outcome.NEW if newest is None else Outcome.CHANGED
        return Put(document_id=document_id, version=version, outcome=outcome)

    def insert(self, stored: StoredDocument, text_hash: str | None = None) -> None:
        """Add a version."""
        document = stored.document
        row = {
            "_id": f"{stored.id}:{stored.version}",
            "document_id": stored.id,
            "version": stored.version,
            "source": document.source,
            "latest": stored.latest,
            "text_hash": text_hash or document.text_hash,
            "characters": len(document.text),
            "fetched_at": stored.fetched_at,
            "media_type": document.media_type,
            **metadata_of(document, stored.author_slug, stored.collection),
            **enrichment_columns(stored.enrichment),
        }
        _check(row, document)
        row |= self._contents.add("text", stored.id, document.text.encode())
        row |= self._contents.add("raw", stored.id, document.raw)
        self._changed_versions[row["_id"]] = row
        if stored.latest:
            before = self._newest.get(stored.id)
            if before is not None:
                before["latest"] = False
                self._changed_versions[before["_id"]] = before
            self._newest[stored.id] = row

    def point_at(self, document: Document, version: int) -> None:
        """Make `version` the newest of its document; numbers once given are never given again."""
        before = self._documents.get(document.id, {"last_version": 0})
        self._documents[document.id] = self._changed_documents[document.id] = {
            "_id": document.id,
            "source": document.source,
            "version": version,
            "last_version": max(version, before["last_version"]),
            "deleted": False,
            "seq": self._unit.next_number(),
            "changed_at": now(),
        }

    def flush(self) -> None:
        """Write what was changed."""
        tables, session = self._unit.tables, self._unit.session
        self.claims.flush()
        self._contents.flush()
        for table, rows in (
            (tables.documents, self._changed_documents),
            (tables.versions, self._changed_versions),
        ):
            if rows:
                table.bulk_write(
                    [ReplaceOne({"_id": key}, row, upsert=True) for key, row in rows.items()],
                    session=session,
                )
        names.prune(self._unit, self._left)

    def _update(self, row: Row, document: Document, metadata: dict[str, Any]) -> Put:
        """Write what differs of a version whose text stays.

        The bytes, and the media type that names them, are those that the text was first made of: a
        page that is fetched again differs in its nonces.
        """
        before = dict(row)
        row |= metadata
        stale = row["metadata_hash"] != before["metadata_hash"]
        if stale:
            # What was found out rests on the metadata too; it holds until it is found out anew.
            row["recipe"] = ""
        if row["raw_blob"] is None:
            row["media_type"] = document.media_type
            if document.raw is not None:
                row |= self._contents.add("raw", document.id, document.raw)
        if row != before:
            _check(row, document)
            self._changed_versions[row["_id"]] = row
        outcome = Outcome.UNCHANGED
        if stale:
            outcome = Outcome.CHANGED
            self._left.add(before["author_slug"])
            self.point_at(document, row["version"])
        return Put(document_id=document.id, version=row["version"], outcome=outcome)


def _check(row: Row, document: Document) -> None:
    """Refuse what cannot be stored, before anything of it is sent."""
    try:
        document.text.encode()
        size = len(bson.encode(row))
    except (UnicodeEncodeError, InvalidDocument) as error:
        message = f"{document.source!a}: it holds a lone surrogate, which is not Unicode text"
        raise WarehouseError(message, "its reader must replace it") from error
    if size > LARGEST_ROW:
        raise DocumentTooLarge(document.source)
