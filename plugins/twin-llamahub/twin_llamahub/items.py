"""What a reader of LlamaIndex loaded, as twin understands it.

In: a LlamaIndex document with whatever metadata its reader gives. Out: `Item`: an identity that
lasts, the text as Markdown, and what is stated; or the reason for which it is no writing.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import twin
from twin.fetch.walls import wall
from twin_files.dates import stated_date
from twin_files.facts import Facts, language_tag

if TYPE_CHECKING:
    from datetime import date, datetime

    from twin_llamahub.options import HubOptions

_ADDRESS: Final = ("url", "link", "source", "source_url", "permalink", "web_url", "page_url")
_FILE: Final = ("file_path", "filepath", "path")
_NUMBER: Final = ("id", "doc_id", "document_id", "item_id", "page_id", "post_id", "message_id")
_TITLE: Final = ("title", "page_title", "name", "subject")
_AUTHOR: Final = ("author", "authors", "creator", "byline")
_DATE: Final = ("published_at", "published", "publish_date", "pubdate", "date", "created_at")
_LANGUAGE: Final = ("language", "lang")
_TAGS: Final = ("tags", "keywords", "categories")
_OWN: Final = frozenset(
    {
        *("source", "text", "kind", "platform", "audience", "published_at", "url", "media_type"),
        *("raw", "creation_date", "last_modified_date", "last_accessed_date"),
        *(*_FILE, *_TITLE, *_AUTHOR, *_DATE, *_LANGUAGE, *_TAGS),
    }
)
"""Keys that twin sets, or that tell of this machine."""

_PAGE: Final = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE
)
_LONGEST: Final = 1_000
"""Characters of a metadatum that is kept beside the text."""


@dataclass(frozen=True, slots=True)
class Item:
    """A document to be.

    Attributes:
        raw: the text as the reader gave it, if it was a page.
        extra: what else its metadata say.
    """

    source: str
    text: str
    platform: str
    url: str | None = None
    title: str = ""
    author: str = ""
    published: date | datetime | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    raw: bytes | None = None
    extra: dict[str, str] = field(default_factory=dict)


def item_of(found: Any, options: HubOptions, root: Path | None, called: str) -> Item:
    """Return what a reader loaded as an item.

    Args:
        found: a LlamaIndex document.
        options: see `HubOptions`.
        root: the folder below which files are named.
        called: the reader's class.

    Raises:
        ReadError: if it is no document, or too long, binary, or a page that a wall put in the way.
    """
    content, metadata = getattr(found, "get_content", None), getattr(found, "metadata", None)
    text = content() if callable(content) else None
    if not isinstance(text, str) or not isinstance(metadata, Mapping):
        message = f"{called} gave {found!r:.60}, which is no document with text"
        raise twin.ReadError(message, "is it a reader of text?")
    keys = {str(key).lower(): value for key, value in metadata.items()}
    if len(text) > options.max_characters:
        message = f"its {len(text):,} characters are more than {options.max_characters:,}"
        raise twin.ReadError(message, "raise max_characters")
    if "\0" in text:
        message = "it is binary data"
        raise twin.ReadError(message, "leave it out by the reader's own options")
    url = _address(keys)
    markdown, facts = _markdown(text, url or "", _one(keys, _TITLE))
    authors = _several(keys, _AUTHOR)
    when = next(filter(None, (stated_date(_one(keys, (key,))) for key in _DATE)), None)
    return Item(
        source=_source(found, keys, options, root, called, url),
        text=markdown,
        platform=options.platform or _platform(url, called),
        url=url,
        title=_one(keys, _TITLE) or facts.title,
        author=(authors[0] if authors else "") or facts.author or options.author,
        published=when or facts.published,
        language=language_tag(_one(keys, _LANGUAGE)) or facts.language,
        tags=tuple(dict.fromkeys(" ".join(t.replace(",", " ").split()) for t in _tags(keys))),
        raw=text.encode("utf-8", "replace") if markdown is not text else None,
        extra=_extra(keys),
    )


def _markdown(text: str, url: str, title: str) -> tuple[str, Facts]:
    """Return a text as Markdown, and what it states if it is a whole page.

    Raises:
        ReadError: if it is what a wall puts in the place of a page.
    """
    page = _PAGE.match(text) is not None
    head = f"<html><head><title>{escape(title)}</title></head><body>"
    if what := wall(text if page else f"{head}{escape(text)}</body></html>", {}, url, url):
        message = f"in its place came {what}"
        raise twin.ReadError(message, "save the page in the browser and take in the file")
    if not page:
        return text, Facts()
    from twin_files.pages import read_page  # noqa: PLC0415 - only pages need it

    made = read_page(text)
    return made.text, made.facts


def _source(
    found: Any,
    keys: Mapping[str, Any],
    options: HubOptions,
    root: Path | None,
    called: str,
    url: str | None,
) -> str:
    """Return the canonical source: an address, a file, an id of the platform, or else the text."""
    platform = options.platform or _platform(url, called)
    if options.identified_by:
        if not (number := _one(keys, (options.identified_by.lower(),))):
            message = f"its metadata have no {options.identified_by!r}"
            raise twin.ReadError(message, f"they have: {', '.join(keys) or 'none'}")
        return f"{platform}:{number}"
    if url is not None:
        return twin.canonical_url(url)
    if path := _one(keys, _FILE):
        collection = options.name or (root.name if root else platform)
        return f"file:{collection}/{_relative(Path(path), root)}"
    number = _one(keys, _NUMBER) or _lasting(str(getattr(found, "id_", "") or ""))
    if number:
        return f"{platform}:{number}"
    # Nothing names it, so what it says does: changed, it is another document.
    digest = hashlib.sha256(found.get_content().encode("utf-8", "replace")).hexdigest()
    return f"{platform}:sha256-{digest[:32]}"


def _relative(path: Path, root: Path | None) -> str:
    for base in (root, root.resolve()) if root is not None else ():
        for one in (path, path.resolve()):
            if one.is_absolute() and one.is_relative_to(base):
                return unicodedata.normalize("NFC", one.relative_to(base).as_posix())
    return unicodedata.normalize("NFC", path.name if path.is_absolute() else path.as_posix())


def _lasting(number: str) -> str:
    """Return an id, unless it was drawn by lot when the document was made."""
    try:
        drawn = uuid.UUID(number).version in {1, 4}
    except ValueError:
        return number if number.isprintable() and not number.startswith("/") else ""
    return "" if drawn else number


def _address(keys: Mapping[str, Any]) -> str | None:
    for key in _ADDRESS:
        try:
            return twin.canonical_url(_one(keys, (key,)))
        except twin.ReadError:
            continue
    return None


def _platform(url: str | None, called: str) -> str:
    host = (urlsplit(url).hostname or "") if url else ""
    plain = re.sub(r"[^a-z0-9.-]", "-", host.removeprefix("www."))
    return plain.strip("-.") or re.sub(r"(?:page|web)*reader$", "", called.lower()) or "llamahub"


def _one(keys: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = keys.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            if text := " ".join(str(value).split()):
                return text
        elif value is not None and hasattr(value, "isoformat"):
            return str(value.isoformat())
    return ""


def _several(keys: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    for name in names:
        value = keys.get(name)
        if isinstance(value, list | tuple | set):
            return [str(one).strip() for one in value if str(one).strip()]
        if isinstance(value, str) and value.strip():
            return [value.strip()]
    return []


def _tags(keys: Mapping[str, Any]) -> list[str]:
    found = _several(keys, _TAGS)
    if len(found) == 1:
        found = [part.strip() for part in found[0].split(",")]
    return [tag for tag in found if tag]


def _extra(keys: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: str(value)[:_LONGEST]
        for key, value in keys.items()
        if key not in _OWN and isinstance(value, str | int | float | bool) and str(value).strip()
    }
