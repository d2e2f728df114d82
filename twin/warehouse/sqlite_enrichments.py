"""What was found out about the texts of a SQLite warehouse, beside them.

In: enriched versions, a recipe's name. Out: columns of ``versions``, and what is still to be
found out; all within the caller's transaction.
"""

import sqlite3
from collections.abc import Sequence

from twin.warehouse.protocol import StoredDocument
from twin.warehouse.rows import enrichment_columns
from twin.warehouse.sqlite_feed import enter_feed


def unenriched(
    connection: sqlite3.Connection, recipe: str, after: str, limit: int
) -> list[tuple[str, int]]:
    """Return the newest versions that this recipe has not enriched, as the protocol says."""
    rows = connection.execute(
        """SELECT document_id, version FROM stored
        WHERE latest AND recipe <> ? AND document_id > ? ORDER BY document_id LIMIT ?""",
        (recipe, after, limit),
    )
    return [(row["document_id"], row["version"]) for row in rows]


def put(connection: sqlite3.Connection, enriched: Sequence[StoredDocument]) -> int:
    """Store enrichments, and enter the documents that they change into the feed."""
    entered = 0
    for stored in enriched:
        columns = enrichment_columns(stored.enrichment)
        wanted = {
            "document_id": stored.id,
            "version": stored.version,
            "metadata_hash": stored.metadata_hash,
            **columns,
        }
        row = connection.execute(
            """SELECT enrichment, latest FROM stored WHERE document_id = :document_id
            AND version = :version AND metadata_hash = :metadata_hash""",
            wanted,
        ).fetchone()
        if row is None:
            continue
        connection.execute(
            """UPDATE versions SET recipe = :recipe, enrichment = :enrichment
            WHERE document_id = :document_id AND version = :version""",
            wanted,
        )
        if row["latest"] and row["enrichment"] != columns["enrichment"]:
            enter_feed(connection, stored.id)
            entered += 1
    return entered
