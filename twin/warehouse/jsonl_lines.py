"""The lines of an exported warehouse: what each holds, and that it is what it says.

In: `StoredDocument`s, or lines of a file. Out: values for JSON, or checked `StoredDocument`s. A
line that is malformed or whose hashes do not fit is a `WarehouseError` that says what is wrong.
"""

import base64
import hashlib
import json
from dataclasses import asdict
from typing import Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from twin.documents import Audience, Document, Enrichment, Kind, author_slug, document_id
from twin.errors import WarehouseError
from twin.warehouse.feedback import Feedback
from twin.warehouse.protocol import StoredDocument, metadata_hash
from twin.warehouse.quarantine import Held


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Header(BaseModel):
    """The first line; a newer version may say more."""

    format: Literal["twin-warehouse"]
    version: int


class AuthorLine(_Line):
    """An author."""

    slug: str = Field(min_length=1)
    name: str
    aliases: tuple[str, ...]


class EnrichmentLine(_Line):
    """What was found out about a version; a line of an older twin has none."""

    language: str = ""
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    recipe: str = ""


class VersionLine(_Line):
    """One version of a document."""

    version: int = Field(ge=1)
    fetched_at: str
    collection: str
    title: str
    author: str
    author_slug: str
    kind: Kind
    platform: str
    audience: Audience
    published_at: str | None
    url: str | None
    language: str | None
    tags: tuple[str, ...]
    media_type: str
    extra: dict[str, str]
    metadata_hash: str
    text_hash: str
    text: str
    raw_hash: str | None
    raw: Base64Bytes | None
    enrichment: EnrichmentLine | None = None


class VersionsLine(_Line):
    """A document with all its versions."""

    id: str
    source: str = Field(min_length=1)
    versions: tuple[VersionLine, ...] = Field(min_length=1)


class HeldLine(_Line):
    """A document in quarantine, as its only version would be."""

    source: str = Field(min_length=1)
    held_at: str
    reason: str
    version: VersionLine


class CountsLine(_Line):
    """What the file should have held."""

    authors: int
    documents: int
    versions: int
    feedback: int = 0
    held: int = 0


class Entry(_Line):
    """Any line but the first: exactly one of these."""

    author: AuthorLine | None = None
    document: VersionsLine | None = None
    held: HeldLine | None = None
    feedback: Feedback | None = None
    end: CountsLine | None = None


def version_line(stored: StoredDocument) -> dict[str, Any]:
    """Return one version as its line has it."""
    document = stored.document
    raw = document.raw
    return {
        "version": stored.version,
        "fetched_at": stored.fetched_at,
        "collection": stored.collection,
        "title": document.title,
        "author": document.author,
        "author_slug": stored.author_slug,
        "kind": document.kind.value,
        "platform": document.platform,
        "audience": document.audience.value,
        "published_at": document.published_at,
        "url": document.url,
        "language": document.language,
        "tags": document.tags,
        "media_type": document.media_type,
        "extra": dict(document.extra),
        "metadata_hash": stored.metadata_hash,
        "text_hash": document.text_hash,
        "text": document.text,
        "raw_hash": None if raw is None else hashlib.sha256(raw).hexdigest(),
        "raw": None if raw is None else base64.b64encode(raw).decode("ascii"),
        **({"enrichment": asdict(stored.enrichment)} if stored.enrichment.recipe else {}),
    }


def held_line(held: Held) -> dict[str, Any]:
    """Return a document in quarantine as its line has it."""
    document = held.document
    slug = author_slug(document.author)
    stored = StoredDocument(
        document=document,
        id=document.id,
        version=1,
        author_slug=slug,
        collection=held.collection,
        fetched_at=held.held_at,
        latest=True,
        metadata_hash=metadata_hash(document, slug),
    )
    return {
        "source": document.source,
        "held_at": held.held_at,
        "reason": held.reason,
        "version": version_line(stored),
    }


def held_text(held: Held) -> str:
    """Return a document in quarantine as JSON; `held_of` is the way back.

    Raises:
        WarehouseError: if it is not Unicode text.
    """
    text = json.dumps(held_line(held), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = f"{held.document.source!a}: it holds a lone surrogate, which is not Unicode text"
        raise WarehouseError(message, "its reader must replace it") from error
    return text


def held_of(found: str | bytes | HeldLine) -> Held:
    """Return the document in quarantine that a line or JSON holds, with every hash checked.

    Raises:
        WarehouseError: if it is none.
    """
    try:
        line = found if isinstance(found, HeldLine) else HeldLine.model_validate_json(found)
    except ValidationError as error:
        message = "a document in quarantine cannot be read"
        raise WarehouseError(
            message, "restore it from an export (twin warehouse import)"
        ) from error
    whole = VersionsLine(id=document_id(line.source), source=line.source, versions=(line.version,))
    (stored,) = stored_versions(whole)
    return Held(
        document=stored.document,
        collection=stored.collection,
        held_at=line.held_at,
        reason=line.reason,
    )


def read_entry(line: bytes) -> Entry:
    """Return what a line holds."""
    try:
        entry = Entry.model_validate_json(line)
    except ValidationError as error:
        what = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, what["loc"]))
        message = f"{where}: {what['msg']}" if where else what["msg"]
        raise WarehouseError(message) from error
    if len(entry.model_fields_set) != 1:
        message = "it must be an author, a document, one in quarantine, feedback or the end"
        raise WarehouseError(message)
    return entry


def stored_versions(found: VersionsLine) -> list[StoredDocument]:
    """Return the versions in a line, with every hash checked."""
    if document_id(found.source) != found.id:
        message = "its id does not come from its source"
        raise WarehouseError(message)
    newest = max(version.version for version in found.versions)
    return [
        _checked(found, version, latest=version.version == newest) for version in found.versions
    ]


def _checked(found: VersionsLine, version: VersionLine, *, latest: bool) -> StoredDocument:
    document = Document(
        source=found.source,
        text=version.text,
        title=version.title,
        author=version.author,
        kind=version.kind,
        platform=version.platform,
        audience=version.audience,
        published_at=version.published_at,
        url=version.url,
        language=version.language,
        tags=version.tags,
        media_type=version.media_type,
        raw=version.raw,
        extra=version.extra,
    )
    raw_hash = None if version.raw is None else hashlib.sha256(version.raw).hexdigest()
    for what, hash_, stated in (
        ("text", document.text_hash, version.text_hash),
        ("raw bytes", raw_hash, version.raw_hash),
        ("metadata", metadata_hash(document, version.author_slug), version.metadata_hash),
    ):
        if hash_ != stated:
            message = f"version {version.version}: the {what} do not match their hash"
            raise WarehouseError(message)
    return StoredDocument(
        document=document,
        id=found.id,
        version=version.version,
        author_slug=version.author_slug,
        collection=version.collection,
        fetched_at=version.fetched_at,
        latest=latest,
        metadata_hash=version.metadata_hash,
        enrichment=Enrichment(**dict(version.enrichment)) if version.enrichment else Enrichment(),
    )
