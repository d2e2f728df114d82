"""From a saved web page to Markdown, and what the page says of itself.

In: HTML, as a whole page or a fragment. Out: `Page`. Links, emphasis, headings, tables and code
with its language survive; machinery and navigation go, by their tags alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from twin_files.dates import stated_date
from twin_files.facts import Facts, language_tag, web_address

if TYPE_CHECKING:
    from datetime import date, datetime

_DROPPED: Final = ("script", "style", "noscript", "template", "nav", "footer", "aside", "iframe")
_DROPPED_TOO: Final = ("title", "svg", "button", "form", "dialog")
_LANGUAGE = re.compile(
    r"(?:lang(?:uage)?|highlight-source|brush:?|sourceCode)[- ]?([\w+#.-]{1,30})"
)
_TICKS = re.compile(r"`{3,}")
_BLANK = re.compile(r"\n{3,}")
_FENCED = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)

_HALF: Final = 2
"""An article is the page's own if it holds at least one half of what all its articles hold."""


@dataclass(frozen=True, slots=True)
class Page:
    """The Markdown of a page's main content, and what the page states."""

    text: str
    facts: Facts


class _Converter(MarkdownConverter):
    """Markdown with a fence that is longer than any inside it."""

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        del parent_tags
        if not text.strip():
            return ""
        ticks = max(map(len, _TICKS.findall(text)), default=2) + 1
        fence = "`" * ticks
        return f"\n\n{fence}{_code_language(el)}\n{text.strip(chr(10))}\n{fence}\n\n"


def read_page(html: str) -> Page:
    """Return the main content of `html` as Markdown, with what the page says of itself."""
    soup = BeautifulSoup(html, "html.parser")
    facts = _of_page(soup)
    _drop(soup)
    main = _main(soup)
    facts = facts.over(Facts(published=_time(main)))
    return Page(markdown(main), facts)


def markdown(tree: BeautifulSoup | Tag) -> str:
    """Return a tree, or a part of one, as Markdown; empty if it has no text.

    Args:
        tree: may be changed: a line break inside code becomes a line end.
    """
    for line in tree.select("pre br"):
        line.replace_with("\n")
    # Nothing is escaped: what is cited must read as the person wrote it.
    converter = _Converter(
        heading_style="ATX",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        table_infer_header=True,
    )
    text = _tidied(converter.convert_soup(tree))
    return f"{text}\n" if text else ""


def _tidied(text: str) -> str:
    """Return Markdown with no more than one blank line in a row; code stays as it is."""
    pieces, at = [], 0
    for block in _FENCED.finditer(text):
        pieces += [_BLANK.sub("\n\n", text[at : block.start()]), block[0]]
        at = block.end()
    return "".join([*pieces, _BLANK.sub("\n\n", text[at:])]).strip()


def _drop(soup: BeautifulSoup) -> None:
    for tag in soup.find_all([*_DROPPED, *_DROPPED_TOO]):
        # The footer of a quotation names whom it quotes.
        if tag.name != "footer" or tag.find_parent("blockquote") is None:
            tag.decompose()


def _main(soup: BeautifulSoup) -> Tag:
    articles = [a for a in soup.find_all("article") if a.find_parent("article") is None]
    sizes = [len(article.get_text(strip=True)) for article in articles]
    largest = max(sizes, default=0)
    if largest and largest * _HALF >= sum(sizes):
        return articles[sizes.index(largest)]
    for found in (soup.find("main"), soup.find(role="main"), soup.body):
        if isinstance(found, Tag) and found.get_text(strip=True):
            return found
    for head in soup.find_all("head"):
        head.decompose()
    return soup


def _of_page(soup: BeautifulSoup) -> Facts:
    title = soup.title.get_text() if soup.title else ""
    canonical = soup.find("link", rel="canonical")
    stated = _attribute(canonical, "href") if isinstance(canonical, Tag) else ""
    html = soup.find("html")
    return Facts(
        title=" ".join((_meta(soup, "og:title") or title).split()),
        author=_author(_meta(soup, "author", "article:author")),
        description=" ".join(_meta(soup, "description", "og:description").split()),
        published=stated_date(
            _meta(soup, "article:published_time", "datePublished", "date", "pubdate")
        ),
        updated=stated_date(_meta(soup, "article:modified_time", "dateModified")),
        url=web_address(stated) or web_address(_meta(soup, "og:url")),
        language=language_tag(_attribute(html, "lang")) if isinstance(html, Tag) else None,
    )


def _author(stated: str) -> str:
    """Return a name; Open Graph allows the address of a profile in its place, which is none."""
    return "" if web_address(stated) else " ".join(stated.split())


def _meta(soup: BeautifulSoup, *names: str) -> str:
    for name in names:
        for attribute in ("property", "name", "itemprop"):
            found = soup.find("meta", attrs={attribute: name})
            if isinstance(found, Tag) and (content := _attribute(found, "content")):
                return content
    return ""


def _time(main: Tag) -> date | datetime | None:
    stated = (stated_date(_attribute(tag, "datetime")) for tag in main.find_all("time"))
    return next(filter(None, stated), None)


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name, "")
    return " ".join(value) if isinstance(value, list) else str(value or "").strip()


def _code_language(pre: Tag) -> str:
    """Return the language that a code block states on itself, its code, or what wraps it."""
    code = pre.find("code")
    places = [code, pre, pre.parent, pre.parent.parent if pre.parent else None]
    for place in places:
        if not isinstance(place, Tag):
            continue
        if stated := _attribute(place, "data-lang") or _attribute(place, "data-language"):
            return stated.split()[0]
        for word in _attribute(place, "class").split():
            if match := _LANGUAGE.fullmatch(word):
                return match[1].lower()
    return ""
