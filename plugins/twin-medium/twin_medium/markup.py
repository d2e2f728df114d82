"""From Medium's markup to Markdown.

In: the tree of a story's body. Out: Markdown in which links, emphasis and code are the author's, and
what the editor put around them is gone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup, Tag

from twin_files.pages import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

_GIST: Final = re.compile(r"https://gist\.github\.com/[\w/.-]+?(?:\.js)?(?:\?.*)?")
_EDGES: Final = re.compile(r"\A(?:[ \t]*\n)+|\s+\Z")
_HEADINGS: Final = ("h1", "h2", "h3", "h4")


def body_markdown(body: Tag, title: str) -> str:
    """Return a story's body as Markdown, without the title that stands on top of it.

    Args:
        body: is changed.
        title: the story's.
    """
    _drop_title(body, title)
    if (divider := body.select_one(".section-divider")) is not None:
        # The line above the first section divides it from nothing.
        divider.decompose()
    _mend_code(body.find_all("pre"))
    _mend_embeds(body)
    for picture in body.find_all("img"):
        # A picture that nobody described has no words.
        if not str(picture.get("alt") or "").strip():
            picture.decompose()
    for tag in body.find_all(["p", *_HEADINGS]):
        if not tag.get_text(strip=True) and tag.find("img") is None:
            tag.decompose()
    for link in body.find_all("a"):
        link.attrs = {"href": str(link.get("href") or link.get("data-href") or "")}
    # The editor ties words together by blanks that do not break; nobody typed them.
    return markdown(body).replace("\xa0", " ")


def plain(text: str) -> str:
    """Return letters and digits alone, to compare what typography has changed."""
    return "".join(c for c in text.casefold() if c.isalnum())


def _drop_title(body: Tag, title: str) -> None:
    # A kicker may stand above it.
    for block in body.find_all(["p", *_HEADINGS], limit=2):
        if block.name == "p":
            return
        if plain(block.get_text()) == plain(title):
            block.decompose()
            return


def _mend_code(blocks: Iterable[Tag]) -> None:
    """Let the text of a code block be the code itself, whatever colours it."""
    for block in blocks:
        for line in block.find_all("br"):
            line.replace_with("\n")
        language = str(block.get("data-code-block-lang") or "").strip()
        code = _EDGES.sub("", block.get_text().replace("\xa0", " "))
        block.clear()
        block.append(code)
        block.attrs = {"data-lang": language} if re.fullmatch(r"[\w+#.-]{1,30}", language) else {}


def _mend_embeds(body: Tag) -> None:
    """Let cards of other pages be links: their titles and summaries are others' words."""
    for card in body.select(".graf--mixtapeEmbed"):
        link = card.find("a", href=True)
        label = card.find("strong")
        if isinstance(link, Tag):
            text = label.get_text(" ", strip=True) if isinstance(label, Tag) else ""
            _become_link(card, str(link["href"]), text)
    for frame in body.find_all(["iframe", "script"]):
        address = str(frame.get("src") or "")
        if address.startswith("//"):
            address = f"https:{address}"
        if frame.name == "script" and not _GIST.fullmatch(address):
            continue
        if address.startswith(("https://", "http://")):
            _become_link(frame, address.removesuffix(".js"))
    for post in body.select("blockquote.twitter-tweet"):
        links = [str(a["href"]) for a in post.find_all("a", href=True)]
        if links:
            _become_link(post, links[-1])


def _become_link(tag: Tag, address: str, label: str = "") -> None:
    soup = BeautifulSoup("", "html.parser")
    paragraph, link = soup.new_tag("p"), soup.new_tag("a", href=address)
    link.string = label or address
    paragraph.append(link)
    tag.replace_with(paragraph)
