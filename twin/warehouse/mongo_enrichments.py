"""What was found out about the texts of a MongoDB warehouse, beside them.

In: enriched versions, a recipe's name. Out: fields of ``versions``, and what is still to be
found out. Rows that an older twin wrote have none of these fields.
"""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from twin.warehouse.mongo_schema import Tables
from twin.warehouse.mongo_server import Unit
from twin.warehouse.protocol import StoredDocument
from twin.warehouse.rows import enrichment_columns, now


def unenriched(tables: Tables, recipe: str, after: str, limit: int) -> list[tuple[str, int]]:
    """Return the newest versions that this recipe has not enriched, as the protocol says."""
    other: dict[str, Any] = {"$ne": recipe} if recipe else {"$nin": ["", None]}
    wanted = {"latest": True, "recipe": other, "document_id": {"$gt": after}}
    rows = tables.versions.find(wanted, {"document_id": 1, "version": 1})
    return [(r["document_id"], r["version"]) for r in rows.sort("document_id").limit(limit)]


def put(unit: Unit, enriched: Sequence[StoredDocument]) -> int:
    """Store enrichments, and enter the documents that they change into the feed."""
    tables, session = unit.tables, unit.session
    given = {f"{stored.id}:{stored.version}": stored for stored in enriched}
    columns = {key: enrichment_columns(stored.enrichment) for key, stored in given.items()}
    wanted = {"_id": {"$in": list(given)}}
    fields = {"document_id": 1, "latest": 1, "enrichment": 1, "metadata_hash": 1}
    rows = [
        row
        for row in tables.versions.find(wanted, fields, session=session).sort("_id")
        if row["metadata_hash"] == given[row["_id"]].metadata_hash
    ]
    if not rows:
        return 0
    tables.versions.bulk_write(
        [UpdateOne({"_id": row["_id"]}, {"$set": columns[row["_id"]]}) for row in rows],
        session=session,
    )
    changed = [
        row["document_id"]
        for row in rows
        if row["latest"] and row.get("enrichment", "") != columns[row["_id"]]["enrichment"]
    ]
    if changed:
        tables.documents.bulk_write(
            [
                UpdateOne(
                    {"_id": identity}, {"$set": {"seq": unit.next_number(), "changed_at": now()}}
                )
                for identity in changed
            ],
            session=session,
        )
    return len(changed)
