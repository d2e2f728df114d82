"""The words of one message of mail.

In: its bytes. Out: who wrote it, when, to what it answers, and the text as Markdown without the
history that programs put below an answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import default
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, Final

import twin
from twin_archives.history import own_words
from twin_archives.markup import html_markdown

_ID: Final = re.compile(r"<([^<>\s]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of a message.

    Attributes:
        id: its Message-ID, else a hash of its head.
        before: the ids of what it follows, the first one being that of the conversation.
        labels: of Gmail.
    """

    id: str
    before: tuple[str, ...]
    who: str
    address: str
    subject: str
    when: datetime | None
    labels: tuple[str, ...] = ()


def head_of(raw: bytes) -> Head:
    """Return the head of a message, of which `raw` need hold no more."""
    found = BytesHeaderParser(policy=default).parsebytes(raw)
    pairs = getaddresses([_header(found, "From")])
    name, address = pairs[0] if pairs else ("", "")
    number = next(iter(_ID.findall(_header(found, "Message-ID"))), "")
    before = _ID.findall(_header(found, "References")) or _ID.findall(_header(found, "In-Reply-To"))
    return Head(
        id=number or hashlib.sha256(raw.partition(b"\n\n")[0]).hexdigest()[:32],
        before=tuple(before),
        who=" ".join(name.split()) or address,
        address=address.casefold(),
        subject=" ".join(_header(found, "Subject").split()),
        when=_time(_header(found, "Date")),
        labels=tuple(one.strip() for one in _header(found, "X-Gmail-Labels").split(",")),
    )


def _header(message: Message[Any, Any], name: str) -> str:
    try:
        found = str(message.get(name) or "")
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):
        # The library's own parser stumbles over some headers of others' programs.
        return ""
    return found.encode("utf-8", "replace").decode("utf-8")


def _time(stated: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(stated)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text_of(raw: bytes) -> str:
    """Return the text of a message as Markdown, without its history and signature.

    Raises:
        ReadError: if it is encrypted.
    """
    message = message_from_bytes(raw, policy=default)
    if message.get_content_type() == "multipart/encrypted":
        reason = "it is encrypted"
        raise twin.ReadError(reason)
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content = part.get_payload(decode=True)
    text = _decoded(content if isinstance(content, bytes) else b"", part.get_content_charset())
    if part.get_content_type() == "text/html":
        return own_words(html_markdown(text))
    if part.get_param("format", "") == "flowed":
        text = _unflowed(text)
    return own_words(text)


def _decoded(raw: bytes, charset: str | None) -> str:
    """Return the text in the charset that is stated, else in one that fits."""
    for name in (charset or "utf-8", "utf-8", "cp1252"):
        try:
            return raw.decode(name).replace("\0", "")
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1").replace("\0", "")


def _unflowed(text: str) -> str:
    """Return a text of RFC 3676 with its paragraphs in one line each."""
    return "".join(_joined(text.replace("\r\n", "\n")))


def _joined(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        soft = bare.endswith(" ") and bare != "-- " and not bare.startswith(">")
        yield bare if soft else line
