"""A post as Medium's export writes it.

In: the HTML of one file, and its name. Out: `Post`. Stories, responses and drafts are told apart by
what the file holds, for the export does not say which is which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from bs4 import BeautifulSoup, Tag

import twin
from twin_files.dates import stated_date
from twin_medium.markup import body_markdown, plain

What = Literal["story", "response", "draft"]

_ID: Final = re.compile(r"(?:.*-)?([0-9a-f]{8,16})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One file of the export.

    Attributes:
        address: its canonical address, empty for a draft.
        number: Medium's own id of it, else the file's name.
        published: ISO 8601, None if it states none.
        doubt: what it states and cannot be used, empty if nothing.
    """

    what: What
    title: str
    text: str
    address: str = ""
    number: str = ""
    author: str = ""
    published: str | None = None
    tags: tuple[str, ...] = ()
    description: str = ""
    doubt: str = ""


def read_post(html: str, name: str) -> Post:
    """Return what a file of the export holds.

    Raises:
        ReadError: if it is no post.
    """
    soup = BeautifulSoup(html, "html.parser")
    article = soup.select_one("article.h-entry") or soup.find("article")
    body = soup.select_one("[data-field=body]") or soup.select_one(".e-content")
    if not isinstance(article, Tag) or body is None:
        message = "it has no body as the export writes one"
        raise twin.ReadError(message)
    address = canonical(html)
    title = _line(soup.select_one(".p-name"))
    time = soup.select_one("time.dt-published")
    stated = str(time.get("datetime") or time.get_text()).strip() if time else ""
    moment = stated_date(stated) if stated else None
    tags = tuple(dict.fromkeys(_line(tag) for tag in soup.select("a.p-tag")))
    what = _what(name, soup, body, title, published=bool(address or stated))
    text = body_markdown(body, "" if what == "response" else title)
    return Post(
        what=what,
        # A response has none: what stands in its place is how it begins.
        title="" if what == "response" else title,
        text=text,
        address=address if what != "draft" else "",
        number=number_of(name),
        author=_line(soup.select_one(".p-author")),
        published=moment.isoformat() if moment else None,
        tags=tuple(tag for tag in tags if tag),
        description=_line(soup.select_one(".p-summary")) if what != "response" else "",
        doubt=f"its date {stated!r:.60} is none" if stated and moment is None else "",
    )


def canonical(html: str) -> str:
    """Return the canonical address that a post's footer states, empty if it states none."""
    # The footer alone, for this is asked of every post before any is read.
    footer = BeautifulSoup(html[max(0, html.rfind("<footer")) :], "html.parser")
    link = footer.select_one("a.p-canonical[href]")
    try:
        return twin.canonical_url(str(link["href"])) if link is not None else ""
    except twin.ReadError:
        return ""


def number_of(name: str) -> str:
    """Return Medium's id in the name of a file; the name itself if there is none."""
    stem = PurePosixPath(name).stem
    match = _ID.fullmatch(stem)
    return match[1] if match else stem


def _what(name: str, soup: BeautifulSoup, body: Tag, title: str, *, published: bool) -> What:
    if PurePosixPath(name).name.startswith("draft_") or not published:
        return "draft"
    titled = body.select_one(".graf--title, h1, h2, h3") is not None
    tagged = soup.select_one(".p-tags a, .p-summary") is not None
    begins = plain(body.get_text()).startswith(plain(title.rstrip("….")))
    return "response" if begins and not titled and not tagged else "story"


def _line(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" ").split()) if tag is not None else ""
