"""From the HTML of a blog or a network to Markdown.

In: a fragment of HTML. Out: Markdown; frames become links, and what nobody reads goes.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag

import twin
from twin_files.pages import markdown

_DROPPED: Final = ("script", "style", "noscript", "template", "form", "button", "svg")
MOST: Final = 5_000_000
"""Characters of a fragment; parsing takes more than a hundred times as many bytes at the worst."""

_FRAMES: Final = ("iframe", "embed", "audio", "video")


def html_markdown(html: str, base: str = "") -> str:
    """Return a fragment as Markdown, empty if it has no text.

    Args:
        html: the fragment.
        base: the address that its relative links begin at, empty if it is not known.

    Raises:
        ReadError: if it is too long to be parsed.
    """
    if len(html) > MOST:
        message = f"its {len(html):,} characters of HTML are more than {MOST:,}"
        raise twin.ReadError(message)
    # The parser loses an ampersand in the last word of what does not end with a line.
    soup = BeautifulSoup(f"{html}\n", "html.parser")
    for tag in soup.find_all(_DROPPED):
        tag.decompose()
    for frame in soup.find_all(_FRAMES):
        _become_link(soup, frame)
    for card in soup.select("a.kg-bookmark-container[href]"):
        # What Ghost shows of another page is in the words of that page.
        title = card.select_one(".kg-bookmark-title")
        card.string = title.get_text(" ", strip=True) if title else str(card["href"])
    for picture in soup.find_all("img"):
        # A picture that nobody described has no words.
        if not str(picture.get("alt") or "").strip():
            picture.decompose()
    if base:
        for name in ("href", "src"):
            for tag in soup.select(f"[{name}]"):
                tag[name] = _joined(base, str(tag[name]))
    return markdown(soup).strip()


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def _become_link(soup: BeautifulSoup, frame: Tag) -> None:
    source = frame.find("source", src=True)
    address = str(frame.get("src") or (source.get("src") if isinstance(source, Tag) else "") or "")
    address = f"https:{address}" if address.startswith("//") else address
    if not address.startswith(("https://", "http://")):
        frame.decompose()
        return
    paragraph, link = soup.new_tag("p"), soup.new_tag("a", href=address)
    link.string = address
    paragraph.append(link)
    frame.replace_with(paragraph)
