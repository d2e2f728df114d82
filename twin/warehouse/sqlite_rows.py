"""Rows of the SQLite warehouse as they are written, in the caller's transaction.

In: versions, rows of the view ``stored``. Out: rows of ``versions`` and ``contents``.
"""

import sqlite3
from typing import Any

from twin.documents import Document
from twin.warehouse.protocol import StoredDocument
from twin.warehouse.rows import enrichment_columns, metadata_of


def insert_version(
    connection: sqlite3.Connection, stored: StoredDocument, *, text_hash: str
) -> None:
    """Write one version: its metadata and its contents. Its document must be there."""
    document = stored.document
    connection.execute(
        """INSERT INTO versions (
            document_id, version, text_hash, metadata_hash, characters, fetched_at, collection,
            title, author, author_slug, name_slug, kind, platform, audience, published_at, url,
            language, tags, media_type, extra, recipe, enrichment
        ) VALUES (
            :document_id, :version, :text_hash, :metadata_hash, :characters, :fetched_at,
            :collection, :title, :author, :author_slug, :name_slug, :kind, :platform, :audience,
            :published_at, :url, :language, :tags, :media_type, :extra, :recipe, :enrichment
        )""",
        {
            **metadata_of(document, stored.author_slug, stored.collection),
            **enrichment_columns(stored.enrichment),
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
        # What was found out rests on the metadata too; it holds until it is found out anew.
        stale = metadata["metadata_hash"] != row["metadata_hash"]
        metadata = {**metadata, "recipe": "" if stale else row["recipe"]}
        connection.execute(
            """UPDATE versions SET
                metadata_hash = :metadata_hash, collection = :collection, title = :title,
                author = :author, author_slug = :author_slug, name_slug = :name_slug, kind = :kind,
                platform = :platform, audience = :audience, published_at = :published_at,
                url = :url, language = :language, tags = :tags, extra = :extra,
                recipe = :recipe
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
