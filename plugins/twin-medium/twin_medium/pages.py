"""A story saved from the browser.

In: the HTML of a page. Out: a LlamaIndex document under the page's canonical address, so that it is
the one that the export gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup, Tag

import twin
from twin_files.pages import read_page
from twin_medium.markup import body_markdown

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_BLOCKS: Final = frozenset(
    {"p", "h1", "h2", "h3", "h4", "pre", "blockquote", "ul", "ol", "figure", "hr", "table"}
)


def saved_page(html: str, raw: bytes, author: str = "") -> LlamaDocument:
    """Return the document of a saved page.

    Args:
        html: the page.
        raw: its bytes.
        author: of a page that states none.

    Raises:
        ReadError: if it states no address, or has no text.
    """
    facts = read_page(html).facts
    if not facts.url:
        message = "the page does not say what its address is"
        raise twin.ReadError(message, "save it as a whole page, with its head")
    soup = BeautifulSoup(html, "html.parser")
    heading = soup.select_one("article h1")
    titles = [heading.get_text(" ", strip=True) if heading else "", facts.title]
    title = next((" ".join(title.split()) for title in titles if title.strip()), "")
    text = body_markdown(_body(soup), title)
    if not text.strip():
        message = "the page has no story"
        raise twin.ReadError(message, "is it a list of stories?")
    source = twin.canonical_url(facts.url)
    extra = {"medium_what": "story"}
    if facts.description:
        extra["description"] = facts.description
    return twin.make_document(
        source=source,
        text=text,
        title=title,
        author=facts.author or author,
        platform="medium",
        published_at=facts.published.isoformat() if facts.published else None,
        url=source,
        language=facts.language,
        tags=facts.tags,
        media_type="text/html",
        raw=raw,
        **extra,
    )


def _body(soup: BeautifulSoup) -> Tag:
    """Return what holds the story: the blocks beside its paragraphs, without what stands between.

    Raises:
        ReadError: if the page has no article.
    """
    article = soup.find("article")
    if not isinstance(article, Tag):
        message = "the page has no article"
        raise twin.ReadError(message, "is it a list of stories?")
    body = soup.new_tag("div")
    homes: dict[int, Tag] = {}
    for paragraph in article.select(".pw-post-body-paragraph") or article.select(
        ".section-inner > p"
    ):
        if paragraph.parent is not None:
            homes.setdefault(id(paragraph.parent), paragraph.parent)
    if not homes:
        for tag in article.find_all(["script", "style", "button", "svg", "header", "footer"]):
            tag.decompose()
        return article
    for home in homes.values():
        for block in list(home.find_all(lambda _: True, recursive=False)):
            if block.name in _BLOCKS or block.select_one("pre, figure, .graf--mixtapeEmbed"):
                body.append(block.extract())
    return body
