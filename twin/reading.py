"""The seam between a reader and the warehouse: LlamaIndex documents in, checked `Document`s out.

In: whatever a reader yields. Out: `Document`, or a `ReadError` that says what is wrong with it.
A reader makes its documents with `make_document`; documents of readers that know nothing of twin
are accepted too, where their metadata name a canonical source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from twin.documents import Audience, Document, Kind, document_id, moment
from twin.errors import ReadError

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

MAXIMUM_TEXT = 20_000_000
"""Code points of one document; a longer one is a dump, not a piece of writing."""


MAXIMUM_LINES = 200_000
"""Of one document. Parsing Markdown takes about 1.5 kB of memory a line (measured), so this many
take 300 MB for a moment."""


class Metadata(BaseModel):
    """The metadata that twin understands; everything else is kept as `extra`."""

    model_config = ConfigDict(extra="allow", strict=False)

    source: str = Field(min_length=1)
    title: str = ""
    author: str = ""
    kind: Kind = Kind.ARTICLE
    platform: str = Field(default="file", pattern=r"^[a-z0-9][a-z0-9.-]*$")
    audience: Audience = Audience.PUBLIC
    published_at: str | None = None
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    media_type: str = "text/markdown"
    raw: bytes | None = None

    @field_validator("published_at", mode="before")
    @classmethod
    def _iso(cls, value: Any) -> str | None:
        return None if value is None or str(value).strip() == "" else moment(value)

    @field_validator("url", mode="after")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        # Nobody can go there, and the text is none the worse for it.
        try:
            return value if value and urlsplit(value) else None
        except ValueError:
            return None

    @field_validator("title", "author", mode="after")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return " ".join(value.split())


def make_document(  # noqa: PLR0913 - the vocabulary, all by keyword
    *,
    source: str,
    text: str,
    title: str = "",
    author: str = "",
    kind: Kind | str = Kind.ARTICLE,
    platform: str = "file",
    audience: Audience | str = Audience.PUBLIC,
    published_at: object = None,
    url: str | None = None,
    language: str | None = None,
    tags: tuple[str, ...] | list[str] = (),
    media_type: str = "text/markdown",
    raw: bytes | None = None,
    **extra: str,
) -> LlamaDocument:
    """Return a LlamaIndex document with twin's metadata, for a reader to yield.

    Args:
        source: the canonical source; a document keeps its identity as long as this stays.
        text: Markdown, with links, code and emphasis intact, and no title unless it is part of it.
        title: the title as the source states it.
        author: the name as the source states it; empty if it states none.
        kind: ``article``, ``post``, ``code`` or ``message``.
        platform: where it was published, as in ``medium``; lower-case.
        audience: ``public``, ``friends`` or ``private``.
        published_at: a date, a date-time, an ISO 8601 string, or None if the source states none.
        url: where a person can read the original.
        language: BCP 47 tag, if the source states one.
        tags: the author's own tags.
        media_type: of `raw`.
        raw: the bytes as fetched.
        extra: whatever else is worth keeping, as strings.
    """
    from llama_index.core.schema import Document as LlamaDocument  # noqa: PLC0415 - heavy

    return LlamaDocument(
        id_=document_id(source),
        text=text,
        metadata={
            "source": source,
            "title": title,
            "author": author,
            "kind": str(kind),
            "platform": platform,
            "audience": str(audience),
            "published_at": published_at,
            "url": url,
            "language": language,
            "tags": list(tags),
            "media_type": media_type,
            "raw": raw,
            **extra,
        },
    )


def checked_document(
    found: object, *, author: str = "", audience: Audience | None = None
) -> Document:
    """Return what a reader yielded as a `Document`.

    Args:
        found: a LlamaIndex document, or anything with `get_content()` and `metadata`.
        author: the author of a document that states none.
        audience: the person's decision, which wins over the reader's proposal.

    Raises:
        ReadError: if it is no document, or its text or metadata cannot be used.
    """
    metadata = getattr(found, "metadata", None)
    content = getattr(found, "get_content", None)
    if not isinstance(metadata, Mapping) or not callable(content):
        message = f"the reader yielded {found!r:.60}, which is no LlamaIndex document"
        raise ReadError(message, "yield what twin.make_document returns")
    label = str(metadata.get("source") or getattr(found, "id_", "") or "a document")
    text = content()
    if not isinstance(text, str):
        message = f"{label}: its text is {type(text).__name__}, not str"
        raise ReadError(message)
    if not text.strip():
        message = f"{label}: it has no text"
        raise ReadError(message)
    if len(text) > MAXIMUM_TEXT:
        message = f"{label}: {len(text):,} characters are more than {MAXIMUM_TEXT:,}"
        raise ReadError(message, "split it into the pieces that it is made of")
    if (lines := text.count("\n") + 1) > MAXIMUM_LINES:
        message = f"{label}: {lines:,} lines are more than {MAXIMUM_LINES:,}"
        raise ReadError(message, "split it into the pieces that it is made of")
    try:
        known = Metadata.model_validate({key: _plain(value) for key, value in metadata.items()})
    except ValidationError as error:
        what = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)
        )
        message = f"{label}: {what}"
        raise ReadError(message, "its reader must set twin's metadata") from error
    extra = {
        str(key): str(value)
        for key, value in (known.model_extra or {}).items()
        if value is not None
    }
    values = known.model_dump(exclude=set(known.model_extra or ()))
    values["author"] = values["author"] or author
    values["audience"] = audience or values["audience"]
    return Document(text=_whole(text), extra=extra, **values)


def _plain(value: Any) -> Any:
    """Return `value`; a text without lone surrogates, and kept apart from other such texts."""
    if not isinstance(value, str) or not _broken(value):
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _whole(text: str) -> str:
    """Return `text` without lone surrogates, which no database or tokenizer can hold."""
    return text.encode("utf-8", "replace").decode("utf-8") if _broken(text) else text


def _broken(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
