"""From an item of a feed to a document.

In: an item, and the feed or page that it was read from. Out: a LlamaIndex document.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twin_web.extraction import extracted
from twin_web.facts import Facts, facts_of, platform_of
from twin_web.pages import FEW, document

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

    from twin.fetch.fetched import Fetched
    from twin_web.feeds import Item
    from twin_web.options import WebOptions


def item_document(
    item: Item, found: Fetched, options: WebOptions, *, page: bool = False
) -> LlamaDocument:
    """Return the document of an item.

    Args:
        item: as the feed states it. Its source is the document's, whatever its page says.
        found: the feed; or the page of the item, if `page`.
        options: of the reader.
        page: whether the text is to be taken from the page.
    """
    text = item.text
    source = found
    facts = Facts(
        titles=(item.title,) if item.title else (),
        source=item.source,
        author=item.author,
        published=item.published,
        updated=item.updated if item.updated != item.published else None,
        language=item.language,
        platform=platform_of(item.link or found.url),
        tags=item.tags,
    )
    if not page:
        # Of a feed with many items each keeps its own part.
        body = item.raw.encode("utf-8", "replace")
        source = replace(found, body=body, content_type="text/html; charset=utf-8")
    elif found.is_page:
        stated = facts_of(found.text, found.url)
        extract = extracted(found.text, found.url, [*facts.titles, *stated.titles])
        # A page that gives nothing leaves what the feed has.
        text = extract.text if len(extract.text.split()) >= FEW else item.text
        facts = replace(
            stated,
            titles=(*facts.titles, *stated.titles),
            source=item.source,
            author=item.author or stated.author,
            published=item.published or stated.published,
            language=stated.language or item.language,
            tags=tuple(dict.fromkeys([*item.tags, *stated.tags])),
        )
    return document(facts, text, source, options, link=item.link)
