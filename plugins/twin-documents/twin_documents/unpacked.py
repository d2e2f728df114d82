"""Files that are ZIPs inside: looked at before anything is unpacked, and read within a bound.

In: bytes. Out: the archive, its members as XML, and the properties that Office and OpenDocument state.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Final

from lxml import etree

import twin

if TYPE_CHECKING:
    from lxml.etree import _Element

_ENTRIES: Final = 10_000
_RATIO: Final = 500
"""Times that a member may grow; the XML of a real document grows by a hundred at most."""

_SMALL: Final = 5_000_000
"""Bytes up to which any ratio is fine."""

_ENCRYPTED: Final = 0x1

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How Office before 2007 begins, and how Office wraps what has a password."""


def open_zip(raw: bytes, limit: int) -> zipfile.ZipFile:
    """Return the archive in some bytes, if it may be unpacked.

    What the headers state is what `zipfile` unpacks at most, so it is enough to look at them.

    Raises:
        ReadError: if it is none, has a password, or unpacks to more than `limit` bytes.
    """
    if raw.startswith(_OLE):
        message = "it has a password, or was written before 2007"
        raise twin.ReadError(message, "save it without a password, as .docx or .pptx")
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        message = f"it is damaged ({error})"
        raise twin.ReadError(message, "open it in its program and save it again") from error
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if any(member.flag_bits & _ENCRYPTED for member in members):
        message = "it is encrypted"
        raise twin.ReadError(message, "save it without a password")
    grown = any(m.file_size > max(_SMALL, m.compress_size * _RATIO) for m in members)
    if len(members) > _ENTRIES or size > limit or grown:
        message = f"its {len(members):,} parts unpack to {size:,} bytes, more than is safe"
        raise twin.ReadError(message, "raise max_unpacked_bytes if you trust it")
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member's bytes.

    Raises:
        ReadError: if it is missing or damaged.
    """
    try:
        return archive.read(name)
    except KeyError as error:
        message = f"it is damaged: it has no {name}"
        raise twin.ReadError(message, "open it in its program and save it again") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        message = f"it is damaged: {name}: {error}"
        raise twin.ReadError(message, "open it in its program and save it again") from error


def xml(content: bytes, name: str) -> _Element:
    """Return the root of some XML; nothing outside of it is looked up, and no entity unfolds.

    Raises:
        ReadError: if it is none.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = f"it is damaged: {name}: {error}"
        raise twin.ReadError(message, "open it in its program and save it again") from error


def stated(root: _Element, *names: str) -> str:
    """Return the text of the first element of one of these local names that has any."""
    for name in names:
        for found in root.iter(f"{{*}}{name}"):
            if text := " ".join("".join(found.itertext()).split()):
                return text
    return ""
