"""What a person wrote: posts, comments and articles of the archive.

In: rows of tables, and the HTML of articles. Out: LlamaIndex documents, or `Nothing` with the reason
why there is none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup

import twin
from twin_files.dates import stated_date
from twin_files.pages import markdown
from twin_linkedin.addresses import comment_number, post_address
from twin_linkedin.tables import unwrapped

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_SEEN_BY_ALL: Final = frozenset({"public", "anyone", "member_network", "logged_in"})
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?")


class Nothing(Exception):
    """An item that is no writing of this person, and the reason."""


def share(values: dict[str, str], author: str) -> LlamaDocument:
    """Return the document of a row of `Shares.csv`.

    Raises:
        Nothing: if the person wrote nothing there.
        ReadError: if the row does not say which post it is.
    """
    text = unwrapped(values.get("sharecommentary", ""))
    shared = values.get("sharedurl", "").strip()
    if not text:
        reason = f"it passes on {shared} without a word" if shared else "it has no text"
        raise Nothing(reason)
    link = values.get("sharelink", "").strip()
    source = post_address(link)
    if not source:
        message = f"its link {link!r:.80} is none"
        raise twin.ReadError(message)
    if shared.startswith(("https://", "http://")) and shared not in text:
        # What it points to is another's; the address alone is part of the post.
        text = f"{text}\n\n<{shared}>"
    extra = {"shared_url": shared, "media_url": values.get("mediaurl", "").strip()}
    return twin.make_document(
        source=source,
        text=f"{text}\n",
        author=author,
        kind=twin.Kind.POST,
        platform="linkedin",
        audience=_audience(values.get("visibility", ""), source),
        published_at=moment(values.get("date", "")),
        url=source,
        tags=hashtags(text),
        raw=None,
        **{key: value for key, value in extra.items() if value},
    )


def comment(values: dict[str, str], author: str, occurrence: int = 1) -> LlamaDocument:
    """Return the document of a row of `Comments.csv`.

    Args:
        values: the row.
        author: who wrote it.
        occurrence: which of those that the archive cannot tell apart, from 1.

    Raises:
        Nothing: if the person wrote nothing there.
    """
    text = values.get("message", "").strip()
    if not text:
        reason = "it has no text"
        raise Nothing(reason)
    link = values.get("link", "").strip()
    answered = post_address(link)
    source = comment_source(values)
    extra = {"in_reply_to": answered}
    return twin.make_document(
        source=source if occurrence == 1 else f"{source}:{occurrence}",
        text=f"{text}\n",
        author=author,
        kind=twin.Kind.POST,
        platform="linkedin",
        audience=twin.Audience.FRIENDS if "groupPost" in answered else twin.Audience.PUBLIC,
        published_at=moment(values.get("date", "")),
        url=link if link.startswith("https://") else None,
        tags=hashtags(text),
        raw=None,
        **{key: value for key, value in extra.items() if value},
    )


def comment_source(values: dict[str, str]) -> str:
    """Return the canonical source of a comment: its id, else the post and the time."""
    link = values.get("link", "").strip()
    if number := comment_number(link):
        return f"linkedin:comment:{number}"
    post = post_address(link).rpartition("/")[2]
    return f"linkedin:comment:{post}:{values.get('date', '').strip()}"


def article(html: str, raw: bytes, author: str, name: str, *, drafts: bool) -> LlamaDocument:
    """Return the document of an article.

    Raises:
        Nothing: if it is a draft and drafts are left out, or it has no text.
    """
    soup = BeautifulSoup(html, "html.parser")
    heading = soup.find("h1")
    title = " ".join((heading or soup.title or soup.new_tag("p")).get_text(" ").split())
    link = heading.find("a", href=True) if heading is not None else None
    address = str(link["href"]).strip() if link is not None else ""
    published = _stamp(soup, "published")
    if not published and not drafts:
        reason = "it was never published; the option drafts=true reads it"
        raise Nothing(reason)
    for tag in [heading, *soup.select("p.created, p.published, style, script, head")]:
        if tag is not None:
            tag.decompose()
    for picture in soup.find_all("img"):
        if not str(picture.get("alt") or "").strip():
            picture.decompose()
    text = markdown(soup).replace("\xa0", " ")
    if not text.strip():
        reason = "it has no text"
        raise Nothing(reason)
    source = twin.canonical_url(address) if published and address else ""
    return twin.make_document(
        source=source or f"linkedin:{name}",
        text=text,
        title=title,
        author=author,
        platform="linkedin",
        audience=twin.Audience.PUBLIC if published else twin.Audience.PRIVATE,
        published_at=published or None,
        url=source or None,
        tags=hashtags(text),
        media_type="text/html",
        raw=raw,
    )


def moment(stated: str) -> str | None:
    """Return a time of the archive, which is UTC and does not say so, as ISO 8601.

    Raises:
        ReadError: if something is stated that is no time.
    """
    if not stated.strip():
        return None
    found = stated_date(stated)
    if found is None:
        message = f"its date {stated!r:.60} is none"
        raise twin.ReadError(message)
    text = found.isoformat()
    return f"{text}+00:00" if re.search(r"T[\d:.]+$", text) else text


def hashtags(text: str) -> tuple[str, ...]:
    """Return the person's own tags."""
    found = re.findall(r"(?<![\w/#&])#(\w*[^\W\d]\w*)", text)
    return tuple(dict.fromkeys(found))


def _audience(visibility: str, source: str) -> twin.Audience:
    stated = visibility.strip().lower()
    if "groupPost" in source or not stated or stated.startswith("connections"):
        return twin.Audience.FRIENDS
    return twin.Audience.PUBLIC if stated in _SEEN_BY_ALL else twin.Audience.PRIVATE


def _stamp(soup: BeautifulSoup, which: str) -> str:
    line = soup.select_one(f"p.{which}")
    match = _STAMP.search(line.get_text()) if line is not None else None
    return moment(match[0]) or "" if match else ""
