"""Where a page leads, within a prefix.

In: a page and a prefix. Out: the addresses below it that may be pages, in the order of the page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import html as lxml_html
from lxml.etree import LxmlError

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_PAGE: Final = re.compile(
    r"\.(?:7z|avif|bmp|bz2|css|csv|dmg|docx?|epub|exe|gif|gz|ico|jpe?g|js|json|m4a|mov|mp[34]|ogg"
    r"|pdf|png|pptx?|rar|rss|svg|tar|tiff?|ttf|txt|wav|webm|webp|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)


def folder_of(url: str) -> str:
    """Return the address of the folder that a page is in; of a folder its own."""
    base = urljoin(url, urlsplit(url).path or "/")
    last = urlsplit(base).path.rpartition("/")[2]
    return urljoin(base, ".") if "." in last else base


def within(url: str, prefix: str) -> bool:
    """Return whether an address is that of a prefix, or below it, with or without ``www.``."""
    try:
        address, folder = (
            twin.canonical_url(one).replace("https://www.", "https://", 1) for one in (url, prefix)
        )
    except twin.ReadError:
        return False
    return address == folder or address.startswith((f"{folder}/", f"{folder}?"))


def links_of(html: str, base: str, prefix: str) -> Iterator[str]:
    """Yield the addresses below `prefix` that a page leads to, each once."""
    seen: set[str] = set()
    try:
        tree = lxml_html.document_fromstring(html.encode("utf-8", "replace"))
    except (LxmlError, ValueError):
        return
    stated = next(iter(tree.xpath("//base/@href")), "")
    for target in tree.xpath("//a/@href"):
        try:
            url = urldefrag(urljoin(urljoin(base, stated), target.strip())).url
            path = urlsplit(url).path
        except ValueError:
            continue
        if url not in seen and within(url, prefix) and not _NO_PAGE.search(path):
            seen.add(url)
            yield url
