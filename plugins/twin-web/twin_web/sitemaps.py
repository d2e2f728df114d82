"""Sitemaps: the addresses that a site names itself.

In: the bytes of a sitemap, packed or not. Out: the addresses of pages and of further sitemaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from lxml import etree

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST: Final = 50_000
"""Addresses of one sitemap, as the protocol has it."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap names.

    Attributes:
        pages: addresses of pages.
        sitemaps: addresses of further sitemaps.
    """

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...]


def root_name(body: bytes) -> str:
    """Return the name of the outermost tag of XML in lower case, empty if it is no XML."""
    try:
        for _, element in _events(body, ("start",)):
            return str(etree.QName(element).localname).lower()
    except etree.XMLSyntaxError:
        pass
    return ""


def read_sitemap(body: bytes) -> Sitemap:
    """Return what a sitemap names.

    Raises:
        ReadError: if it is none.
    """
    pages: list[str] = []
    sitemaps: list[str] = []
    try:
        for _, element in _events(body, ("end",)):
            if not isinstance(element.tag, str) or etree.QName(element).localname != "loc":
                continue
            parent = element.getparent()
            name = etree.QName(parent).localname if parent is not None else ""
            address = (element.text or "").strip()
            if address and name in {"url", "sitemap"} and len(pages) + len(sitemaps) < MOST:
                (pages if name == "url" else sitemaps).append(address)
    except etree.XMLSyntaxError as error:
        message = f"it is no whole sitemap: {error.msg}"
        raise twin.ReadError(message) from error
    return Sitemap(tuple(dict.fromkeys(pages)), tuple(dict.fromkeys(sitemaps)))


def _events(body: bytes, events: tuple[str, ...]) -> Iterator[tuple[str, etree._Element]]:
    # Entities stay unread: they can name files, and grow without end.
    yield from etree.iterparse(
        BytesIO(body), events=events, resolve_entities=False, no_network=True, load_dtd=False
    )
