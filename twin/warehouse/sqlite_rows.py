"""Rows of the SQLite warehouse and the values that they stand for.

In: rows of the view ``stored``, with or without their contents; `Document`s. Out: `StoredDocument`,
`Summary`; rows written in the caller's transaction.
"""

import json
import sqlite3
from typing import Any

from twin.documents import Audience, Document, Kind, author_slug
from twin.warehouse.protocol import StoredDocument, Summary, metadata_hash


def stored_document(row: sqlite3.Row) -> StoredDocument:
    """Return the version in a row of ``stored`` joined with its text and raw bytes."""
    return StoredDocument(
        document=document_of(row, text=row["text"], raw=row["raw"]),
        id=row["document_id"],
        version=row["version"],
        author_slug=row["author_slug"],
        collection=row["collection"],
        fetched_at=row["fetched_at"],
        latest=bool(row["latest"]),
        metadata_hash=row["metadata_hash"],
    )


def document_of(row: sqlite3.Row, *, text: str, raw: bytes | None) -> Document:
    """Return the document in a row of ``stored``, with the contents given."""
    return Document(
        source=row["source"],
        text=text,
        title=row["title"],
        author=row["author"],
        kind=Kind(row["kind"]),
        platform=row["platform"],
        audience=Audience(row["audience"]),
        published_at=row["published_at"],
        url=row["url"],
        language=row["language"],
        tags=tuple(json.loads(row["tags"])),
        media_type=row["media_type"],
        raw=raw,
        extra=json.loads(row["extra"]),
    )


def summary_of(row: sqlite3.Row) -> Summary:
    """Return the summary in a row of ``stored``."""
    return Summary(
        id=row["document_id"],
        source=row["source"],
        title=row["title"],
        author=row["author"],
        author_slug=row["author_slug"],
        kind=Kind(row["kind"]),
        platform=row["platform"],
        audience=Audience(row["audience"]),
        published_at=row["published_at"],
        url=row["url"],
        collection=row["collection"],
        version=row["version"],
        characters=row["characters"],
    )


def metadata_of(document: Document, slug: str, collection: str) -> dict[str, Any]:
    """Return the columns that a new fetch of the same text may change."""
    return {
        "metadata_hash": metadata_hash(document, slug),
        "collection": collection,
        "title": document.title,
        "author": document.author,
        "author_slug": slug,
        "name_slug": author_slug(document.author),
        "kind": document.kind.value,
        "platform": document.platform,
        "audience": document.audience.value,
        "published_at": document.published_at,
        "url": document.url,
        "language": document.language,
        "tags": json.dumps(document.tags, ensure_ascii=False),
        "extra": json.dumps(dict(document.extra), ensure_ascii=False, sort_keys=True),
    }


def insert_version(
    connection: sqlite3.Connection, stored: StoredDocument, *, text_hash: str
) -> None:
    """Write one version: its metadata and its contents. Its document must be there."""
    document = stored.document
    connection.execute(
        """INSERT INTO versions (
            document_id, version, text_hash, metadata_hash, characters, fetched_at, collection,
            title, author, author_slug, name_slug, kind, platform, audience, published_at, url,
            language, tags, media_type, extra
        ) VALUES (
            :document_id, :version, :text_hash, :metadata_hash, :characters, :fetched_at,
            :collection, :title, :author, :author_slug, :name_slug, :kind, :platform, :audience,
            :published_at, :url, :language, :tags, :media_type, :extra
        )""",
        {
            **metadata_of(document, stored.author_slug, stored.collection),
            "document_id": stored.id,
            "version": stored.version,
            "text_hash": text_hash,
            "characters": len(document.text),
            "fetched_at": stored.fetched_at,
            "media_type": document.media_type,
        },
    )
    connection.execute(
        "INSERT INTO contents (document_id, version, text, raw) VALUES (?, ?, ?, ?)",
        (stored.id, stored.version, document.text, document.raw),
    )


def update_version(
    connection: sqlite3.Connection, row: sqlite3.Row, metadata: dict[str, Any], document: Document
) -> None:
    """Write what differs of a version whose text stays.

    The bytes, and the media type that names them, are those that the text was first made of: a
    page that is fetched again differs in its nonces.
    """
    if any(row[column] != value for column, value in metadata.items()):
        connection.execute(
            """UPDATE versions SET
                metadata_hash = :metadata_hash, collection = :collection, title = :title,
                author = :author, author_slug = :author_slug, name_slug = :name_slug, kind = :kind,
                platform = :platform, audience = :audience, published_at = :published_at,
                url = :url, language = :language, tags = :tags, extra = :extra
            WHERE document_id = :document_id AND version = :version""",
            {**metadata, "document_id": row["document_id"], "version": row["version"]},
        )
    if row["has_raw"]:
        return
    key = {"document_id": row["document_id"], "version": row["version"]}
    if document.raw is not None:
        connection.execute(
            """UPDATE contents SET raw = :raw
            WHERE document_id = :document_id AND version = :version""",
            {**key, "raw": document.raw},
        )
    if document.media_type != row["media_type"]:
        connection.execute(
            """UPDATE versions SET media_type = :media_type
            WHERE document_id = :document_id AND version = :version""",
            {**key, "media_type": document.media_type},
        )
