"""What the engines' rows have in common: their columns, and the values that they stand for.

In: a row of any engine, whose columns are those of SQLite's view ``stored``; `Document`s. Out:
`StoredDocument`, `Summary`, columns. Nothing is read or written.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

from twin.documents import Audience, Document, Enrichment, Kind, author_slug, canonical_url
from twin.errors import ReadError, WarehouseError
from twin.warehouse.protocol import StoredDocument, Summary, metadata_hash


def now() -> str:
    """Return the time, ISO 8601 in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Row(Protocol):
    """A row whose columns are read by name."""

    def __getitem__(self, name: str, /) -> Any: ...


def stored_document(row: Row, *, text: str, raw: bytes | None) -> StoredDocument:
    """Return the version in a row, with the contents given."""
    return StoredDocument(
        document=document_of(row, text=text, raw=raw),
        id=row["document_id"],
        version=row["version"],
        author_slug=row["author_slug"],
        collection=row["collection"],
        fetched_at=row["fetched_at"],
        latest=bool(row["latest"]),
        metadata_hash=row["metadata_hash"],
        enrichment=enrichment_of(row),
    )


def enrichment_of(row: Row) -> Enrichment:
    """Return what was found out about the version in a row."""
    try:
        found, recipe = json.loads(row["enrichment"] or "{}"), row["recipe"]
    except KeyError:  # a row of MongoDB that an older twin wrote
        return Enrichment()
    return Enrichment(
        language=found.get("language", ""),
        topics=tuple(found.get("topics", ())),
        entities=tuple(found.get("entities", ())),
        recipe=recipe,
    )


def enrichment_columns(found: Enrichment) -> dict[str, str]:
    """Return the columns of what was found out."""
    values = {
        "language": found.language,
        "topics": found.topics,
        "entities": found.entities,
    }
    told = {key: value for key, value in values.items() if value}
    return {
        "enrichment": json.dumps(told, ensure_ascii=False) if told else "",
        "recipe": found.recipe,
    }


def document_of(row: Row, *, text: str, raw: bytes | None) -> Document:
    """Return the document in a row, with the contents given."""
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


def summary_of(row: Row) -> Summary:
    """Return the summary in a row."""
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
        enrichment=enrichment_of(row),
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


def of_one_document(versions: Iterable[StoredDocument]) -> list[StoredDocument]:
    """Return the versions oldest first, refusing what are not the versions of one document."""
    given = sorted(versions, key=lambda stored: stored.version)
    if not given:
        message = "nothing to restore: no versions were given"
        raise WarehouseError(message)
    source = given[0].document.source
    numbers = [stored.version for stored in given]
    if any(s.document.source != source or s.id != s.document.id for s in given):
        message = f"{source}: these are versions of more than one document"
        raise WarehouseError(message)
    if numbers[0] < 1 or len(set(numbers)) != len(numbers):
        message = f"{source}: its versions are numbered {numbers}"
        raise WarehouseError(message)
    return given


def canonical(source: str) -> str:
    """Return a source in the spelling that documents rest under: a URL's canonical one."""
    try:
        return canonical_url(source)
    except ReadError:
        return source
