"""From a tree to Markdown: links, emphasis, headings, lists, tables and code stay what they are.

In: a tree of which only the writing is left, or a fragment of HTML. Out: Markdown. Nothing is
escaped: what is cited must read as the person wrote it.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from twin_web.runs import classes, drop_unread

_LANGUAGE: Final = re.compile(
    r"(?:lang(?:uage)?|highlight-(?:source|text)|highlight|brush:?|sourceCode)[-_ ]?([\w+#.-]{1,30})"
)
_TICKS: Final = re.compile(r"`{3,}")
_BLANK: Final = re.compile(r"\n{3,}")
_PERMALINKS: Final = frozenset({"#", "¶", "§", "🔗", "∞", "link"})
_HEADINGS: Final = ["h1", "h2", "h3", "h4", "h5", "h6"]
_KEPT_EMPTY: Final = frozenset({"br", "hr", "td", "th"})
_FENCED: Final = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)


class _Converter(MarkdownConverter):
    """Markdown with a fence that is longer than any inside it."""

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        del text, parent_tags
        # The text of the tree is the code itself, whatever a highlighter put around its words.
        for line in el.find_all("br"):
            line.replace_with("\n")
        code = el.get_text().strip("\n").replace("\xa0", " ")
        if not code.strip():
            return ""
        ticks = max(map(len, _TICKS.findall(code)), default=2) + 1
        fence = "`" * ticks
        return f"\n\n{fence}{_code_language(el)}\n{code}\n{fence}\n\n"


def fragment(html: str, base: str) -> str:
    """Return a fragment of HTML as Markdown, all of it."""
    soup = BeautifulSoup(html, "lxml")
    drop_unread(soup)
    return markdown(soup, base)


def markdown(tree: Tag, base: str) -> str:
    """Return a tree as Markdown, its links made absolute.

    Args:
        tree: is changed.
        base: the address that its relative links begin at; empty if there is none.
    """
    _mend_links(tree, base)
    _mend_tables(tree)
    _drop_empty(tree)
    options: dict[str, Any] = {
        "heading_style": "ATX",
        "bullets": "-",
        "escape_asterisks": False,
        "escape_underscores": False,
        "table_infer_header": True,
    }
    text = _Converter(**options).convert_soup(tree)
    return _tidy(text)


def _mend_links(tree: Tag, base: str) -> None:
    for tag in tree.find_all("a"):
        if tag.get_text(strip=True) in _PERMALINKS and tag.find_parent(_HEADINGS) is not None:
            tag.decompose()
            continue
        target = str(tag.get("href") or "").strip()
        try:
            target = urljoin(base, target) if target and not target.startswith("#") else ""
        except ValueError:
            target = ""
        # What leads within the page, or nowhere, is no link of the writing.
        if target.startswith(("http://", "https://", "mailto:")) and tag.get_text(strip=True):
            tag["href"] = target
            del tag["title"]
        else:
            tag.unwrap()


def _mend_tables(tree: Tag) -> None:
    """Let tables that only lay a page out be what they hold."""
    for table in tree.find_all("table"):
        nested = table.find("table") is not None
        blocks = table.find(["pre", "h1", "h2", "h3", "ul", "ol", "blockquote"]) is not None
        widest = max((len(row.find_all(["td", "th"])) for row in table.find_all("tr")), default=0)
        if nested or blocks or widest < 2:  # noqa: PLR2004 - one column is no table
            for part in [table, *table.find_all(["tbody", "thead", "tfoot", "tr", "td", "th"])]:
                part.name = "div"


def _drop_empty(tree: Tag) -> None:
    for tag in reversed(tree.find_all(lambda _: True)):
        if tag.name in _KEPT_EMPTY:
            continue
        if not tag.get_text(strip=True):
            if tag.find(["br", "hr"]) is not None and tag.parent is not None:
                tag.replace_with("\n")
            else:
                tag.decompose()


def _tidy(text: str) -> str:
    """Return Markdown without more than one blank line, or blanks at ends; code stays."""
    pieces, at = [], 0
    for block in _FENCED.finditer(text):
        pieces += [_squeezed(text[at : block.start()]), block[0]]
        at = block.end()
    whole = "".join([*pieces, _squeezed(text[at:])]).strip()
    return f"{whole}\n" if whole else ""


def _squeezed(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK.sub("\n\n", lines)


def _code_language(pre: Tag) -> str:
    """Return the language that a code block states on itself, its code, or what wraps it."""
    code = pre.find("code")
    for place in (code, pre, pre.parent, pre.parent.parent if pre.parent else None):
        if not isinstance(place, Tag):
            continue
        for name in ("data-lang", "data-language"):
            if stated := str(place.get(name) or "").split():
                return stated[0].lower()
        for word in classes(place):
            if match := _LANGUAGE.fullmatch(word):
                return match[1].lower()
    return ""
