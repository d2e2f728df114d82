"""The XML of a WordPress export.

In: bytes. Out: what the channel says, and its items as mappings from prefixed names to texts. No
entity is ever resolved and no declaration of a document type accepted, so that nothing is fetched
and nothing grows.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape  # only writes

import twin

_HARMLESS: Final = frozenset(
    {"ERR_ENTITYREF_SEMICOL_MISSING", "ERR_NAME_REQUIRED", "WAR_UNDECLARED_ENTITY"}
    | {"ERR_UNDECLARED_ENTITY", "NS_ERR_UNDEFINED_NAMESPACE", "ERR_INVALID_CHAR"}
    | {"WAR_NS_URI", "WAR_NS_URI_RELATIVE", "ERR_ENTITYREF_NO_NAME"}
)
"""Faults of hand-made and plugin-made exports after which everything is still there."""


_AMPERSANDS: Final = frozenset(
    {"ERR_ENTITYREF_SEMICOL_MISSING", "ERR_NAME_REQUIRED", "ERR_ENTITYREF_NO_NAME"}
    | {"WAR_UNDECLARED_ENTITY", "ERR_UNDECLARED_ENTITY"}
)
_CDATA: Final = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_BARE: Final = re.compile(rb"&(?!#\d+;|#x[0-9a-fA-F]+;|(?:amp|lt|gt|quot|apos);)(?:\w+;)?")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: a post, a page, an enclosure.

    Attributes:
        values: the text of each child, by its prefixed name; the first one counts.
        terms: its categories, as pairs of domain and name.
        comments: how many it has.
    """

    values: dict[str, str]
    terms: tuple[tuple[str, str], ...] = ()
    comments: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """An export.

    Attributes:
        values: as of an item.
        authors: display names and addresses by login, as lists whose first is the name.
        faults: what the XML is wrong in, after which something may be missing.
    """

    values: dict[str, str]
    items: list[Item]
    authors: dict[str, list[str]] = field(default_factory=dict)
    faults: str = ""


def parse_wxr(raw: bytes, name: str) -> Channel:
    """Return what a WordPress export holds.

    Raises:
        ReadError: if it is none, or has a document type.
    """
    hint = "export it again with Tools → Export"
    root, errors = _parsed(raw, name, hint)
    if any(one.type_name in _AMPERSANDS for one in errors):
        root, errors = _parsed(_mended(raw), name, hint)
    if root.getroottree().docinfo.doctype:
        message = f"{name}: it declares a document type, which no export of WordPress does"
        raise twin.ReadError(message, "it may be made to do harm; do not open it")
    channel = root.find("channel")
    if channel is None:
        message = f"{name}: it has no channel"
        raise twin.ReadError(message, hint)
    grave = [one for one in errors if one.type_name not in _HARMLESS]
    faults = f"line {grave[0].line}: {grave[0].message.strip()}" if grave else ""
    if not faults and not raw.rstrip().endswith(b"</rss>"):
        # The parser tells an end that is missing only where nothing else is wrong.
        faults = "it breaks off"
    items = [_item(node) for node in channel.iterchildren("item")]
    return Channel(_values(channel), items, dict(_authors(channel)), faults)


def _parsed(raw: bytes, name: str, hint: str) -> tuple[Any, list[Any]]:
    """Return the root of a file and what is wrong with it."""
    from lxml import etree  # noqa: PLC0415 - compiled; only this format needs it

    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = f"{name}: it is no XML ({error})"
        raise twin.ReadError(message, hint) from error
    if root is None:
        message = f"{name}: it is no XML"
        raise twin.ReadError(message, hint)
    return root, list(parser.error_log)


def _mended(raw: bytes) -> bytes:
    """Return a file whose ampersands are written as XML has them, and entities of HTML as letters."""
    pieces = _CDATA.split(raw)
    # What was split at stands at every second place.
    pieces[::2] = [_BARE.sub(_written, piece) for piece in pieces[::2]]
    return b"".join(pieces)


def _written(match: re.Match[bytes]) -> bytes:
    entity = match[0].decode("ascii", "replace")
    letters = html.unescape(entity)
    return escape(letters if letters != entity else entity).encode("ascii", "xmlcharrefreplace")


def _name(node: Any) -> str:
    local = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
    return f"{node.prefix}:{local}" if node.prefix else local


def _values(node: Any) -> dict[str, str]:
    values: dict[str, str] = {}
    for child in node.iterchildren():
        values.setdefault(_name(child), "".join(child.itertext()).strip() if not len(child) else "")
    return values


def _item(node: Any) -> Item:
    terms = tuple(
        (child.get("domain") or "", (child.text or "").strip())
        for child in node.iterchildren("category")
    )
    comments = sum(_name(child) == "wp:comment" for child in node.iterchildren())
    return Item(_values(node), terms, comments)


def _authors(channel: Any) -> Iterator[tuple[str, list[str]]]:
    for node in channel.iterchildren():
        if _name(node) == "wp:author":
            values = _values(node)
            login, mail = values.get("wp:author_login", ""), values.get("wp:author_email", "")
            shown = values.get("wp:author_display_name", "") or login
            yield login, [one for one in (shown, login, mail) if one]
