"""From a fetched page to a document.

In: what was fetched. Out: a LlamaIndex document as `twin.make_document` makes it, or `NoWriting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import twin
from twin_web.extraction import extracted
from twin_web.facts import Facts, facts_of

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

    from twin.fetch.fetched import Fetched
    from twin_web.options import WebOptions

POST: Final = 60
"""Words up to which a text without a title is a post rather than an article."""

MOSTLY_LINKS: Final = 0.7
"""The part of links from which a page is a list of others."""

FEW: Final = 5
"""Words below which nothing was written."""


class NoWriting(twin.ReadError):
    """A page that holds no piece of writing.

    Attributes:
        facts: what it says of itself, for what it may lead to.
    """

    def __init__(self, message: str, facts: Facts | None = None) -> None:
        super().__init__(message)
        self.facts = facts


def page_document(found: Fetched, options: WebOptions) -> LlamaDocument:
    """Return the document of a page.

    Raises:
        NoWriting: if it is no page, has no text, or is a list of links.
    """
    if not found.is_page:
        message = f"it is no page but {found.media_type or 'of an unknown kind'}"
        raise NoWriting(message)
    facts = facts_of(found.text, found.url)
    extract = extracted(found.text, found.url, facts.titles)
    if len(extract.text.split()) < FEW:
        message = "it has no text of its own"
        raise NoWriting(message, facts)
    if extract.linked > MOSTLY_LINKS:
        message = "it is a list of links"
        raise NoWriting(message, facts)
    return document(facts, extract.text, found, options)


def document(
    facts: Facts, text: str, found: Fetched, options: WebOptions, *, link: str = ""
) -> LlamaDocument:
    """Return a document of what is stated and written.

    Args:
        facts: what is stated.
        text: what is written, in Markdown.
        found: what it was made of.
        options: of the reader.
        link: where its page is, if not where `found` was.
    """
    short = not facts.title and len(text.split()) <= POST
    extra = {
        "updated_at": facts.updated or "",
        "description": facts.description,
        "site": facts.site,
        "original": facts.original,
    }
    return twin.make_document(
        source=facts.source,
        text=text,
        title=facts.title,
        author=facts.author or options.author,
        kind=twin.Kind.POST if short else twin.Kind.ARTICLE,
        platform=options.platform or facts.platform,
        audience=options.audience,
        published_at=facts.published,
        url=_shown_at(facts.source, link or found.url),
        language=facts.language,
        tags=facts.tags,
        media_type=found.media_type or "text/html",
        raw=found.body,
        **{name: value for name, value in extra.items() if value},
    )


def _shown_at(source: str, url: str) -> str | None:
    """Return where a person can read the page: canonical addresses are all https."""
    if not source.startswith("https://"):
        return None
    return source.replace("https://", "http://", 1) if url.startswith("http://") else source


def source_of(found: Fetched) -> str:
    """Return the canonical source of a page that was fetched at some time."""
    return facts_of(found.text, found.url).source if found.is_page else found.url
