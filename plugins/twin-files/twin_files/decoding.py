"""From a file to its text: nothing is replaced, nothing is guessed.

In: a path. Out: its bytes and its text without a byte-order mark; line ends stay as they are.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from typing import TYPE_CHECKING

import twin
from twin_files.formats import Markup

if TYPE_CHECKING:
    from pathlib import Path

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)

_HEAD = 1024
"""Bytes of a page in which its encoding must be stated, as the HTML standard has it."""

_AS_BROWSERS_DO = {"ascii": "cp1252", "iso8859-1": "cp1252"}
"""The HTML standard reads these two as Windows-1252, of which they are parts."""


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file, of which no more than `max_bytes` are ever read.

    Raises:
        ReadError: if it is larger, or cannot be opened.
    """
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise _too_large(size, max_bytes)
        # It may have become a pipe since it was found, and opening one could wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                message = "it is no regular file any more"
                raise twin.ReadError(message)
            raw = file.read(max_bytes + 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        message = f"it cannot be opened: {error.strerror or error}"
        raise twin.ReadError(message, "look at its permissions") from error
    if len(raw) > max_bytes:
        raise _too_large(max(size, len(raw)), max_bytes)
    return raw


def _too_large(size: int, max_bytes: int) -> twin.ReadError:
    message = f"its {size:,} bytes are more than max_bytes, {max_bytes:,}"
    return twin.ReadError(message, "raise max_bytes, or split it")


def decode(raw: bytes, markup: Markup) -> str:
    """Return the text of a file: UTF-8, UTF-16 with its mark, or what a page declares.

    Raises:
        ReadError: if it is in no such encoding, with the position of the first wrong byte, or if
            it holds a NUL, which no text has.
    """
    text = _decoded(raw, markup)
    if (position := text.find("\0")) >= 0:
        message = f"it is binary data: there is a NUL at character {position:,}"
        raise twin.ReadError(message)
    return text


def _decoded(raw: bytes, markup: Markup) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(raw, "utf-16", 0)
    mark = len(codecs.BOM_UTF8) if raw.startswith(codecs.BOM_UTF8) else 0
    try:
        return raw[mark:].decode("utf-8")
    except UnicodeDecodeError:
        declared = _CHARSET.search(raw[:_HEAD]) if markup is Markup.HTML and not mark else None
        return _strict(raw[mark:], _codec(declared), mark)


def _codec(declared: re.Match[bytes] | None) -> str:
    if declared is None:
        return "utf-8"
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name
        # Codecs such as base64 are found by name too; this tells whether it is one of texts. (An
        # empty value would not be looked at.)
        " ".encode(name)
    except LookupError:
        return "utf-8"
    return _AS_BROWSERS_DO.get(name, name)


def _strict(raw: bytes, codec: str, offset: int) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        wrong = error.object[error.start]
        message = (
            f"it is no {codec.upper()} text: byte {error.start + offset:,} (0x{wrong:02x}) "
            f"cannot be decoded, {error.reason}"
        )
        raise twin.ReadError(message, "save it as UTF-8") from error
