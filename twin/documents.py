"""The vocabulary: what a document is, and how it gets an identity that lasts.

In: what a reader found. Out: `Document`, `Kind`, `Audience`, `Span` and the functions that give
documents, nodes and authors their stable ids. Nothing here opens anything.
"""

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from twin.errors import ReadError

NAMESPACE = uuid.UUID("6f0a4f0e-6d0b-5d5b-9d53-5a0a7f3a1c11")
"""Namespace of every uuid5 that twin makes. It must never change: ids rest on it."""

TRACKING_PARAMETERS = re.compile(r"^(utm_\w+|fbclid|gclid|mc_cid|mc_eid|ref_src)$")
"""Query parameters that tell how a reader came to a page, not which page it is."""

TRACKING_BY_HOST = {"substack.com": {"r", "s", "publication_id"}, "medium.com": {"source", "sk"}}
"""The same, where a short name is a tracker on one host and may mean something on another."""


class Kind(StrEnum):
    """What a document is; a reader says which, and size never does."""

    ARTICLE = "article"
    """Essay, blog post, note, README, documentation."""
    POST = "post"
    """Short: a social update, a comment."""
    CODE = "code"
    """A source file."""
    MESSAGE = "message"
    """Chat or mail, one document a conversation."""


class Audience(StrEnum):
    """Who may be shown a document, from the widest to the narrowest."""

    PUBLIC = "public"
    FRIENDS = "friends"
    PRIVATE = "private"

    @property
    def visible(self) -> tuple["Audience", ...]:
        """The audiences whose documents this audience may see, itself the narrowest."""
        order = tuple(Audience)
        return order[: order.index(self) + 1]


class Span(NamedTuple):
    """A half-open range of Unicode code points, ``text[start:end]``."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the slice of `text` that the span names."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One piece of writing as a reader found it.

    Attributes:
        source: the canonical source, on which the identity rests: a canonical URL,
            ``file:<collection>/<path>``, or ``<platform>:<item id>``.
        text: the Markdown that the reader made; all offsets are code points in it.
        raw: the bytes as fetched, or None if the reader had only text.
        title: may be empty; it is never part of the text.
        author: the name as the source states it, empty if it states none.
        published_at: ISO 8601 date or date-time with offset; None if the source states none.
        extra: what else the reader knows, as strings.
    """

    source: str
    text: str
    title: str = ""
    author: str = ""
    kind: Kind = Kind.ARTICLE
    platform: str = "file"
    audience: Audience = Audience.PUBLIC
    published_at: str | None = None
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    media_type: str = "text/markdown"
    raw: bytes | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the canonical source gives, whatever the text says."""
        return document_id(self.source)

    @property
    def text_hash(self) -> str:
        """SHA-256 of the text in UTF-8; a new one makes a new version."""
        return sha256(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrichment:
    """What was found out about a text besides what its source says; it stands beside the text.

    Attributes:
        language: ISO 639-1, empty where none could be told.
        topics: in lower case, the most telling first.
        entities: names of people, places and things, as they are written, the most frequent first.
        recipe: what found it, so that another recipe does it again; empty if nothing did.
    """

    language: str = ""
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    recipe: str = ""

    @property
    def found(self) -> bool:
        """Whether there is anything."""
        return bool(self.language or self.topics or self.entities)

    def joined(self, other: "Enrichment") -> "Enrichment":
        """Return what both say: the first one's language, the topics and entities of both."""
        return Enrichment(
            language=self.language or other.language,
            topics=tuple(dict.fromkeys((*self.topics, *other.topics))),
            entities=tuple(dict.fromkeys((*self.entities, *other.entities))),
            recipe=self.recipe or other.recipe,
        )


NOT_ENRICHED = Enrichment()
"""Nothing was found out yet."""


def primary_language(tag: str | None) -> str:
    """Return the language of a tag, as in ``de-AT`` or ``en_GB``; empty if there is none."""
    return re.split(r"[-_]", tag or "")[0].strip().lower()


def topic_key(name: str) -> str:
    """Return the one spelling by which a topic or entity is filtered.

    ``'CI  / CD'`` gives ``'ci / cd'``.
    """
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def sha256(text: str) -> str:
    """Return the hexadecimal SHA-256 of `text` in UTF-8.

    Lone surrogates are kept apart from each other, so that no text is refused.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def document_id(source: str) -> str:
    """Return the id of the document at a canonical source, as a UUID string."""
    if not source.strip():
        message = "a document has an empty source"
        raise ReadError(message, "its reader must set the canonical URL, path or item id")
    # A file name that is no UTF-8 reaches Python with lone surrogates, which uuid5 refuses.
    return str(uuid.uuid5(NAMESPACE, source.encode("utf-8", "backslashreplace").decode()))


def node_id(document: str, text: str, occurrence: int) -> str:
    """Return the id of a node: its document, its exact text, and which occurrence of it.

    Text that merely moved keeps its id. `occurrence` counts from 0 in document order.
    """
    return str(uuid.uuid5(uuid.UUID(document), f"{sha256(text)}#{occurrence}"))


def author_slug(name: str) -> str:
    """Return the slug of an author's name: ``'Zoë  O’Neil'`` gives ``'zoe-oneil'``.

    Letters outside Latin are kept, so that no name ends up empty unless it has no letter or digit.
    """
    plain = unicodedata.normalize("NFKD", name)
    # Only the diacritics of Latin, Greek and Cyrillic go: a Devanagari or Thai mark is a vowel.
    plain = "".join(c for c in plain if not "\u0300" <= c <= "\u036f").casefold()
    plain = unicodedata.normalize("NFC", re.sub(r"['’]", "", plain))
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else "-" for c in plain)
    return re.sub(r"-+", "-", "".join(kept)).strip("-")


def host_of(url: str | None) -> str:
    """Return the host of an address without ``www.``; empty where it names none."""
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def canonical_url(url: str) -> str:
    """Return the URL that names the page and nothing of how one came to it.

    The scheme and host are lower-cased, http becomes https, the fragment, default ports, tracking
    parameters and a trailing slash go, and what remains of the query is sorted.

    Raises:
        ReadError: if `url` is not an absolute http(s) URL.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        message = f"not a URL: {url!r} ({error})"
        raise ReadError(message) from error
    if parts.scheme.lower() not in {"http", "https"} or not host:
        message = f"not an absolute web address: {url!r}"
        raise ReadError(message, "it must begin with https://")
    netloc = host if port in {None, 80, 443} else f"{host}:{port}"
    if ":" in host:
        netloc = netloc.replace(host, f"[{host}]", 1)
    trackers: set[str] = set().union(
        *(
            names
            for site, names in TRACKING_BY_HOST.items()
            if host == site or host.endswith(f".{site}")
        )
    )
    query = sorted(
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key not in trackers and not TRACKING_PARAMETERS.match(key)
    )
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._").rstrip("/")
    path = re.sub(r"%[0-9A-Fa-f]{2}", _normal_escape, path)
    return urlunsplit(("https", netloc, path, urlencode(query), ""))


def _normal_escape(match: re.Match[str]) -> str:
    """Return an escape as RFC 3986 6.2.2 has it: upper-case, and only where one is needed."""
    character = chr(int(match[0][1:], 16))
    plain = character.isascii() and (character.isalnum() or character in "-._~")
    return character if plain else match[0].upper()


def moment(value: str | date | datetime) -> str:
    """Return `value` as ISO 8601: a date, or a date-time with its offset (UTC if it has none).

    Raises:
        ValueError: if it is not a date, or a time zone is out of range.
    """
    if isinstance(value, str):
        text = value.strip()
        if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", text):
            year, month, day = (int(part) for part in text.split("-"))
            return date(year, month, day).isoformat()
        value = datetime.fromisoformat(text)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.isoformat()
    if not isinstance(value, date):
        message = f"{value!r:.40} is no date"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns it into a mistake with its path
    return value.isoformat()


def epoch(value: str) -> int:
    """Return an ISO 8601 date or date-time as seconds since 1970 (a date counts from its start)."""
    parsed = datetime.fromisoformat(value)
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
