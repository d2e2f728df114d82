"""What every warehouse engine must do: raw documents at rest, unchanged and versioned.

In: `Document`s. Out: `StoredDocument`s of any version, summaries, and a change feed with a durable
cursor. SQLite is the embedded engine; the words here ask for nothing that MongoDB cannot give.
`twin.testing.warehouse.WarehouseContract` is the same protocol as tests.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self

from twin.documents import NOT_ENRICHED, Audience, Document, Enrichment, Kind
from twin.warehouse.feedback import FeedbackStore
from twin.warehouse.quarantine import QuarantineStore

Cursor = str
"""A place in the change feed. Opaque: a sequence number here, a resume token there."""


class Outcome(StrEnum):
    """What `put` did with a document."""

    NEW = "new"
    CHANGED = "changed"
    """A new version, because the text differs; or new metadata on the same version."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """The result of storing one document."""

    document_id: str
    version: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document as it rests: one version of it.

    Attributes:
        version: 1 for the first text, one more for each text that differs.
        author_slug: the slug that the author's name resolves to through the aliases.
        collection: the source of the run that last brought it, as in ``file:notes``.
        fetched_at: when this version was first stored, ISO 8601 in UTC.
        latest: whether it is the newest version.
        metadata_hash: what `metadata_hash` gives for it.
        enrichment: what was found out about this version's text.
    """

    document: Document
    id: str
    version: int
    author_slug: str
    collection: str
    fetched_at: str
    latest: bool
    metadata_hash: str
    enrichment: Enrichment = NOT_ENRICHED

    @property
    def payload_hash(self) -> str:
        """SHA-256 of what besides the text reaches the index, the enrichment with it."""
        found = self.enrichment
        if not found.found:
            return self.metadata_hash
        values = [self.metadata_hash, found.language, *map(list, (found.topics, found.entities))]
        return hashlib.sha256(json.dumps(values).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a list of documents shows; it holds no text."""

    id: str
    source: str
    title: str
    author: str
    author_slug: str
    kind: Kind
    platform: str
    audience: Audience
    published_at: str | None
    url: str | None
    collection: str
    version: int
    characters: int
    enrichment: Enrichment = NOT_ENRICHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """One person: a slug, the name as first seen, and every other name."""

    slug: str
    name: str
    aliases: tuple[str, ...] = ()
    documents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the change feed.

    Attributes:
        deleted: marks a tombstone.
        at: when it was written, ISO 8601 in UTC; empty if an older twin did not note it.
    """

    cursor: Cursor
    document_id: str
    version: int
    deleted: bool
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the warehouse holds; tombstones are not counted as documents.

    `characters` is the length of the newest versions, in code points.
    """

    documents: int
    versions: int
    authors: int
    tombstones: int
    characters: int


def metadata_hash(document: Document, author_slug: str) -> str:
    """Return the SHA-256 of what besides the text reaches the index.

    The time of fetching is no part of it, nor are `extra`, the raw bytes and the spelling of the
    author's name: a change of those alone must not send a document through the index again.
    """
    values = [
        document.title,
        author_slug,
        document.kind.value,
        document.platform,
        document.audience.value,
        document.published_at,
        document.url,
        list(document.tags),
        document.language,
    ]
    return hashlib.sha256(json.dumps(values).encode("ascii")).hexdigest()


class Warehouse(FeedbackStore, QuarantineStore, Protocol):
    """Documents at rest. Every write is atomic and durable when its method returns.

    All methods may be called from any thread, and several processes may use one warehouse.
    """

    def put(self, document: Document, *, collection: str) -> Put:
        """Store a document: new, a new version, new metadata, or nothing to do.

        A text that differs from the newest version makes a new version, even where an older one
        had it. Metadata that differ in their hash are updated on the newest version. Whatever is
        in no hash (`extra`, the spelling of the author, the collection) is kept up to date without
        counting as a change. A version keeps the first raw bytes that it was given.

        A document that was forgotten and comes again is new, and its versions go on counting. One
        that is in quarantine leaves it.

        Raises:
            ReadError: if the source is empty.
            WarehouseError: if the text is not valid Unicode, or the engine cannot write.
        """

    def put_many(self, documents: Sequence[Document], *, collection: str) -> list[Put]:
        """Store several documents in one transaction, with a result each, in order.

        If one of them cannot be stored, none is. Raises what `put` raises.
        """

    def get(self, document_id: str, version: int | None = None) -> StoredDocument:
        """Return a version of a document, the newest by default.

        Raises:
            NotFoundError: if there is none, or it was forgotten.
        """

    def get_many(self, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], StoredDocument]:
        """Return several versions at once, without `raw`; those that are gone are left out."""

    def text_hashes(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return the hash of each document's newest text, by id; those that are gone are left out."""

    def versions(self, document_id: str) -> list[tuple[int, str]]:
        """Return every version with the time it was stored, oldest first; empty if none is."""

    def summaries(
        self,
        *,
        collection: str | None = None,
        author: str | None = None,
        source: str | None = None,
    ) -> Iterator[Summary]:
        """Yield a summary of every document that is not forgotten, ordered by source.

        Args:
            collection: only documents that this source brought.
            author: only documents of this author slug.
            source: only the documents with this canonical source, URL or id; a URL is found in
                any of its spellings.

        Writing between two summaries is allowed; whether it still shows is up to the engine.
        """

    def delete(self, document_ids: Sequence[str]) -> int:
        """Forget documents: texts, raw bytes, metadata and feedback on them go, a tombstone stays.

        Returns:
            How many were there; unknown ids are no error.
        """

    def changes(self, after: Cursor | None, *, limit: int = 1000) -> list[Change]:
        """Return the next changes after a cursor, oldest first; None is the beginning.

        Several changes of one document are given as the last of them.

        Raises:
            WarehouseError: if the cursor is not of this warehouse's feed.
        """

    def latest_cursor(self) -> Cursor | None:
        """Return the cursor of the newest change, None if nothing ever changed."""

    def backlog(self, after: Cursor | None) -> int:
        """Return how many documents changed after a cursor."""

    def wait(self, after: Cursor | None, seconds: float) -> bool:
        """Wait until something changed after a cursor, at most so many seconds.

        What changed before the call counts too, and so does what this process or another one
        writes meanwhile. With 0 seconds it only looks.

        Returns:
            Whether there is something after the cursor.

        Raises:
            WarehouseError: if the cursor is not of this warehouse's feed, or it was closed.
        """

    def cursor(self, consumer: str) -> Cursor | None:
        """Return where a consumer of the feed has come to."""

    def set_cursor(self, consumer: str, cursor: Cursor | None) -> None:
        """Record durably where a consumer has come to; None sends it to the beginning."""

    def authors(self) -> list[Author]:
        """Return all authors with their aliases and numbers of documents, by slug.

        An author of whom no version is left is gone too, unless a person gave them an alias.
        """

    def add_alias(self, slug: str, alias: str) -> Author:
        """Make `alias` another name of an author. Documents under that name become theirs.

        They enter the change feed. An alias that is itself an author is merged, with its own
        aliases; one that was somebody else's moves.

        Raises:
            NotFoundError: if there is no such author.
            WarehouseError: if the alias has neither letters nor digits.
        """

    def resolve_author(self, name: str) -> str | None:
        """Return the slug of a name or alias, compared as slugs; None if nobody has it."""

    def platforms(self) -> list[str]:
        """Return every platform that a document which is not forgotten has, sorted."""

    def unenriched(
        self, recipe: str, *, after: str = "", limit: int = 500
    ) -> list[tuple[str, int]]:
        """Return the newest versions that another recipe enriched, or none: (id, version).

        Ordered by id; `after` is the last id of the page before. A version whose metadata changed
        since counts as not enriched.
        """

    def put_enrichments(self, enriched: Sequence[StoredDocument]) -> int:
        """Store what was found out about versions, in one transaction.

        A document about whose newest version something else is known now enters the change feed;
        a mere change of the recipe's name does not. Left out are versions that are gone, and those
        whose metadata are not the given ones any more.

        Returns:
            How many documents entered the feed.
        """

    def counts(self) -> Counts:
        """Return what the warehouse holds."""

    def export(self) -> Iterator[tuple[StoredDocument, list[StoredDocument]]]:
        """Yield every document: its newest version, and all versions oldest first.

        Ordered by source. Each document is whole as of one moment; tombstones are left out.
        """

    def restore(self, versions: Iterable[StoredDocument]) -> Put:
        """Store all versions of one document as they were, in one transaction.

        What is missing is added, what is there stays. Restoring what is already there in full
        changes nothing; restoring what was forgotten brings it back under its old numbers. The
        author goes through the aliases of this warehouse.

        Raises:
            WarehouseError: if a version is here already with another text, or they are not the
                versions of one document.
        """

    def restore_author(self, author: Author) -> None:
        """Record an author with their aliases as they were; to be called before `restore`.

        Raises:
            WarehouseError: if an alias is somebody else's here.
        """

    def close(self) -> None:
        """Release the engine; closing twice is no error."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
