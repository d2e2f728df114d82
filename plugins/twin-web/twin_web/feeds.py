"""Feeds: RSS and Atom, with what each item holds.

In: the bytes of a feed. Out: `Feed`, its items as the feed states them, their text in Markdown.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import feedparser

import twin
from twin_web.markdown import fragment
from twin_web.sites import host_of, is_akin, is_of

if TYPE_CHECKING:
    from time import struct_time

    from twin.fetch.fetched import Fetched

LONG: Final = 250
"""Words of a summary from which it is taken for the whole text."""

_BROKEN_OFF: Final = re.compile(
    r"(?:\[?(?:…|\.\.\.|&hellip;)\]?|read more|continue reading|weiterlesen|lire la suite)"
    r"[\s\W]*$",
    re.IGNORECASE,
)
_STORY: Final = re.compile(r"https://medium\.com/p/[0-9a-f]+\Z")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of a feed.

    Attributes:
        source: its canonical address, else ``feed:`` and its id.
        link: where its page is, empty if it names none.
        foreign: whether that is on another site than the feed: what it points to is another's. What
            stands beside the feed's own site is not, as long as its page names the same author.
        raw: what the feed has of it, as HTML or plain text.
        text: that as Markdown; empty if the feed has none.
        whole: whether that is the whole text, and not only its beginning.
    """

    source: str
    link: str
    foreign: bool
    title: str
    author: str
    published: str | None
    updated: str | None
    tags: tuple[str, ...]
    language: str | None
    raw: str
    text: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed: its title, and its items in its own order.

    Attributes:
        nameless: how many items name neither link nor id.
        twice: the sources of items that are there again; the first one counts.
        sites: the hosts that are the feed's.
    """

    title: str
    items: tuple[Item, ...]
    nameless: int
    twice: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()

    def doubt(self, item: Item, url: str, author: str) -> str:
        """Return why a page cannot be taken for an item's, empty if it can.

        Args:
            item: of this feed; its link may lead on to anywhere.
            url: where the page lies.
            author: whom the page names.
        """
        host = host_of(url)
        if is_of(host, self.sites):
            return ""
        if not is_akin(host, self.sites):
            return f"its link leads to another site, {host}, which is not read"
        same = author and twin.author_slug(author) == twin.author_slug(item.author)
        return (
            "" if same else f"its page is on a neighbouring site, {host}, and names no such author"
        )


def read_feed(found: Fetched) -> Feed:
    """Return the items of a feed.

    Raises:
        ReadError: if it is none.
    """
    # The library would take a text for an address and fetch it, so it is given a file.
    parsed = feedparser.parse(
        BytesIO(found.body),
        response_headers={"content-type": found.content_type, "content-location": found.url},
        # Both would write the author's HTML anew.
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version"):
        message = f"{found.asked}: it is no RSS or Atom feed"
        raise twin.ReadError(message, "a page is read without --reader feed")
    channel = parsed.feed
    links = [host_of(_line(entry.get("link"))) for entry in parsed.entries]
    sites = _sites([host_of(found.url), host_of(_line(channel.get("link")))], links)
    # A story of Medium lies at whichever magazine has it.
    named = zip(links, (_line(entry.get("id")) for entry in parsed.entries), strict=True)
    sites += [host for host, identity in named if host and _STORY.match(identity)]
    items = [_item(entry, channel, found.url, sites) for entry in parsed.entries]
    items_of = {item.source: item for item in reversed(items) if item is not None}
    times = Counter(item.source for item in items if item is not None)
    return Feed(
        _line(channel.get("title")),
        tuple(items_of[source] for source in times),
        sum(item is None for item in items),
        tuple(source for source, count in times.items() if count > 1),
        tuple(dict.fromkeys(sites)),
    )


def _sites(own: list[str], links: list[str]) -> list[str]:
    """Return the hosts that are the feed's: its own, else the one that most items lie on."""
    if not any(is_of(link, own) for link in links):
        host, times = next(iter(Counter(links).most_common(1)), ("", 0))
        own = [*own, host] if 2 * times > len(links) else own
    return [host for host in own if host]


def _item(entry: Any, channel: Any, base: str, sites: list[str]) -> Item | None:
    link = _line(entry.get("feedburner_origlink") or entry.get("link"))
    identity = _line(entry.get("id"))
    host = host_of(link)
    foreign = bool(link) and not (is_of(host, sites) or is_akin(host, sites))
    if link and not is_of(host, sites) and is_of(host_of(identity), sites):
        # Of a blog of links: `link` is what it points to, its own page is the id.
        link, foreign = identity, False
    # What is said about another's page is not that page.
    source = _source("" if foreign and identity else link, identity)
    if not source:
        return None
    contents = [c for c in entry.get("content", []) if str(c.get("value") or "").strip()]
    longest = max(contents, key=lambda c: len(c["value"]), default=None)
    value = longest or entry.get("summary_detail") or {}
    html = str(value.get("value") or "")
    plain = value.get("type") == "text/plain"
    text = f"{html.strip()}\n" if plain else fragment(html, str(value.get("base") or link or base))
    whole = longest is not None or len(text.split()) >= LONG
    # The library stands in for a missing date with the other one, and warns that it will not.
    updated = entry.get("updated_parsed") if "updated_parsed" in entry else None
    return Item(
        source=source,
        link=link,
        foreign=foreign,
        title=_plain(entry.get("title")),
        author=_line(entry.get("author") or _taken_from(entry, sites) or channel.get("author")),
        published=_moment(entry.get("published_parsed") or updated),
        updated=_moment(updated),
        tags=tuple(dict.fromkeys(_line(tag.get("term")) for tag in entry.get("tags", []))),
        language=_language(entry, channel),
        raw=html,
        text=text if text.strip() else "",
        whole=whole and bool(text.strip()) and not _BROKEN_OFF.search(text),
    )


def _taken_from(entry: Any, sites: list[str]) -> str:
    """Return whose an item is that was taken over from a feed of another site, else nothing."""
    origin = entry.get("source") or {}
    hosts = [host_of(_line(origin.get(key))) for key in ("href", "link", "id")]
    hosts = [host for host in hosts if host]
    if not hosts or any(is_of(host, sites) for host in hosts):
        return ""
    return str(origin.get("author") or origin.get("title") or hosts[0])


def _source(link: str, identity: str) -> str:
    for address in (link, identity):
        try:
            return twin.canonical_url(address)
        except twin.ReadError:
            continue
    return f"feed:{identity}" if identity else ""


def _language(entry: Any, channel: Any) -> str | None:
    detail = entry.get("title_detail") or {}
    stated = _line(detail.get("language") or channel.get("language"))
    return stated if _LANGUAGE.fullmatch(stated) else None


def _plain(title: object) -> str:
    """Return a title without the tags that some feeds put into it."""
    text = _line(title)
    return _line(re.sub(r"</?[a-zA-Z][^<>]{0,200}>", "", text))


def _moment(parsed: struct_time | None) -> str | None:
    if parsed is None:
        return None
    try:
        return datetime(*parsed[:6], tzinfo=UTC).isoformat()
    except (ValueError, TypeError):
        return None


def _line(text: object) -> str:
    return " ".join(str(text or "").split())
