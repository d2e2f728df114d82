"""What a page says of itself.

In: HTML and the address where it was found. Out: `Facts`, of which each may be missing. Only what
is stated counts: a year in the footer is no date of publication.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from trafilatura.metadata import extract_metadata

import twin
from twin_web.extraction import as_page

if TYPE_CHECKING:
    from collections.abc import Iterator

Metas = dict[str, list[str]]
"""Name in lower case to what it says, in the order of the page."""

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_PUBLISHED: Final = ("article:published_time", "datePublished", "date", "pubdate", "dc.date")
_UPDATED: Final = ("article:modified_time", "dateModified", "og:updated_time")
_TITLES: Final = ("og:title", "twitter:title")
_NAME_LIMIT: Final = 100
_TAGS: Final = 50

_PLATFORMS: Final = {
    "medium.com": "medium",
    "substack.com": "substack",
    "dev.to": "dev.to",
    "wordpress.com": "wordpress",
    "blogspot.com": "blogger",
    "tumblr.com": "tumblr",
    "hashnode.dev": "hashnode",
    "ghost.io": "ghost",
}
_ARTICLES: Final = frozenset(
    {
        "Article",
        "BlogPosting",
        "NewsArticle",
        "TechArticle",
        "ScholarlyArticle",
        "Report",
        "SocialMediaPosting",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is stated; None or empty where nothing is.

    Attributes:
        titles: every title that the page states; the first one is the best.
        source: the canonical address, on which the document's identity rests.
        original: where the page says that it was published first, if that is another site.
        feeds: addresses of the feeds that it names.
    """

    titles: tuple[str, ...]
    source: str
    original: str = ""
    author: str = ""
    description: str = ""
    site: str = ""
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    platform: str = "web"
    tags: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The best title, empty if there is none."""
        return self.titles[0] if self.titles else ""


def facts_of(html: str, url: str) -> Facts:
    """Return what the page at `url` says of itself."""
    soup = BeautifulSoup(html, "lxml")
    found = extract_metadata(
        as_page(html),
        default_url=url,
        date_config={"extensive_search": False, "original_date": True, "url": url},
    )
    schema = next(_schemas(soup), {})
    metas = _metas(soup)
    source, original = _addresses(soup, metas, url)
    stated = [
        found.title or "",
        *(_one(metas, name) for name in _TITLES),
        _text(schema.get("headline")),
        soup.title.get_text() if soup.title else "",
    ]
    return Facts(
        titles=tuple(dict.fromkeys(_line(title) for title in stated if title.strip())),
        source=source,
        original=original,
        author=_author(metas, schema, found.author),
        description=_line(_one(metas, "description", "og:description")),
        site=_line(_one(metas, "og:site_name")),
        published=_moment(_one(metas, *_PUBLISHED))
        or _moment(_text(schema.get("datePublished")))
        or _moment(found.date or ""),
        updated=_moment(_one(metas, *_UPDATED)) or _moment(_text(schema.get("dateModified"))),
        language=_language(soup, metas),
        platform=platform_of(url, _one(metas, "generator")),
        tags=_tags(metas, [*(found.tags or []), *(found.categories or [])]),
        feeds=tuple(_feeds(soup, url)),
    )


def platform_of(url: str, generator: str = "") -> str:
    """Return where a page was published, ``web`` if it is a site of its own."""
    host = (urlsplit(url).hostname or "").lower()
    for site, platform in _PLATFORMS.items():
        if host == site or host.endswith(f".{site}"):
            return platform
    made = re.match(r"(medium|substack|wordpress|ghost|blogger)\b", generator.lower())
    return made[1] if made else "web"


def _addresses(soup: BeautifulSoup, metas: Metas, url: str) -> tuple[str, str]:
    """Return the canonical address, and that of the original if it is on another site.

    A page may only speak for its own site: otherwise any page could take another's place.
    """
    here = twin.canonical_url(url)
    link = soup.find("link", rel="canonical")
    stated = str(link.get("href") or "") if isinstance(link, Tag) else _one(metas, "og:url")
    try:
        there = twin.canonical_url(urljoin(url, stated)) if stated.strip() else here
    except (twin.ReadError, ValueError):
        return here, ""
    if site_of(there) != site_of(here):
        return here, there
    # Many a site's template names its front page as the canonical address of every page.
    front = not urlsplit(there).path.strip("/") and not urlsplit(there).query
    return (here if front and urlsplit(here).path.strip("/") else there), ""


def site_of(url: str) -> str:
    """Return the host and port of an address, without ``www.``."""
    try:
        return urlsplit(url).netloc.lower().removeprefix("www.")
    except ValueError:
        return ""


def _schemas(soup: BeautifulSoup) -> Iterator[dict[str, Any]]:
    """Yield what schema.org calls an article."""
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            pending: list[Any] = [json.loads(script.get_text())]
        except (ValueError, RecursionError):
            continue
        while pending:
            one = pending.pop(0)
            if isinstance(one, list):
                pending += one
            elif isinstance(one, dict):
                pending += one["@graph"] if isinstance(one.get("@graph"), list) else []
                kinds = one.get("@type")
                if _ARTICLES & set(kinds if isinstance(kinds, list) else [str(kinds)]):
                    yield one


def _author(metas: Metas, schema: dict[str, Any], found: str | None) -> str:
    authors = schema.get("author")
    first = authors[0] if isinstance(authors, list) and authors else authors
    named = first.get("name") if isinstance(first, dict) else first
    stated = [_text(named), _one(metas, "author", "article:author", "dc.creator"), found or ""]
    for name in stated:
        # Several are kept apart by a semicolon; the first wrote it. An address is no name.
        one = _line(name.partition(";")[0])
        if one and "://" not in one and len(one) <= _NAME_LIMIT:
            return one.removeprefix("By ").removeprefix("by ")
    return ""


def _tags(metas: Metas, found: list[str]) -> tuple[str, ...]:
    stated = metas.get("article:tag", [])
    single = [part for text in [*stated, *found] for part in text.split(",")]
    plain = (" ".join(tag.split()).lstrip("#").strip() for tag in single)
    return tuple(dict.fromkeys(tag for tag in plain if 0 < len(tag) <= _NAME_LIMIT))[:_TAGS]


def _feeds(soup: BeautifulSoup, url: str) -> Iterator[str]:
    for link in soup.find_all("link", rel="alternate", href=True):
        if str(link.get("type") or "").lower() in {"application/rss+xml", "application/atom+xml"}:
            yield urljoin(url, str(link["href"]))


def _language(soup: BeautifulSoup, metas: Metas) -> str | None:
    html = soup.find("html")
    stated = str(html.get("lang") or html.get("xml:lang") or "") if isinstance(html, Tag) else ""
    stated = (stated or _one(metas, "content-language", "og:locale")).strip()
    return stated.replace("_", "-") if _LANGUAGE.fullmatch(stated) else None


def _metas(soup: BeautifulSoup) -> Metas:
    """Return what the page's ``<meta>`` tags say, by their names in lower case."""
    found: Metas = {}
    for tag in soup.find_all("meta"):
        content = str(tag.get("content") or "").strip()
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            if content and (name := str(tag.get(attribute) or "").lower()):
                found.setdefault(name, []).append(content)
    return found


def _one(metas: Metas, *names: str) -> str:
    return next((metas[name.lower()][0] for name in names if name.lower() in metas), "")


def _moment(stated: str) -> str | None:
    """Return a stated date in ISO 8601, None if it is none."""
    text = stated.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else found.isoformat()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _line(text: str) -> str:
    return " ".join(text.split())
