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
_APPENDED: Final = re.compile(r"[-_=*]{5,}[ \t]*(?:\n|\Z)")
_WORDS: Final = frozenset({"text/plain", "text/html"})


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
    pieces: list[str] = []
    for part in _texts(message):
        text = _text(part)
        own = own_words(text)
        # What Mailman and others append stands below the message, in a part of its own.
        if own and not (pieces and _APPENDED.match(own)):
            pieces.append(own)
        if own != text.replace("\r\n", "\n").strip():
            # The history of the message may go on behind a picture in it.
            break
    return "\n\n".join(pieces)


def _texts(part: Message[Any, Any]) -> Iterator[Message[Any, Any]]:
    """Yield the parts of a message that hold its words: before, between and behind its pictures."""
    what = part.get_content_type()
    held = part.get_payload() if what.startswith("multipart/") else []
    parts = [one for one in held if isinstance(one, Message)]
    if what == "multipart/alternative":
        found = [list(_texts(one)) for one in parts]
        spoken = [texts for texts in found if any(_text(one).strip() for one in texts)]
        plain = [
            texts for texts in spoken if all(one.get_content_subtype() == "plain" for one in texts)
        ]
        yield from next(iter(plain + spoken), [])
    elif what == "multipart/related":
        for one in parts[:1]:
            yield from _texts(one)
    elif what.startswith("multipart/"):
        for one in parts:
            yield from _texts(one)
    elif (
        what in _WORDS
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    ):
        yield part


def _text(part: Message[Any, Any]) -> str:
    """Return what one part says, as Markdown."""
    content = part.get_payload(decode=True)
    text = _decoded(content if isinstance(content, bytes) else b"", part.get_content_charset())
    if part.get_content_type() == "text/html":
        return html_markdown(text)
    if str(part.get_param("format", "")).lower() != "flowed":
        return text
    return _unflowed(text, glued=str(part.get_param("delsp", "")).lower() == "yes")


def _decoded(raw: bytes, charset: str | None) -> str:
    """Return the text in the charset that is stated, else in one that fits."""
    for name in (charset or "utf-8", "utf-8", "cp1252"):
        try:
            return raw.decode(name).replace("\0", "")
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1").replace("\0", "")


def _unflowed(text: str, *, glued: bool) -> str:
    """Return a text of RFC 3676 with its paragraphs in one line each.

    Args:
        text: as it was sent.
        glued: whether the blank at the end of a soft line is no part of the text.
    """
    return "".join(_joined(text.replace("\r\n", "\n"), glued=glued))


def _joined(text: str, *, glued: bool) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\n")
        soft = bare.endswith(" ") and bare != "-- " and not bare.startswith(">")
        # One blank is put before what begins with one; what is no quotation must not look like one.
        start = int(line.startswith(" ") and not line.startswith(" >"))
        yield (bare.removesuffix(" ") if glued else bare)[start:] if soft else line[start:]
