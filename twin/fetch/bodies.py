"""The bytes of an answer, and never more of them than are allowed.

In: the raw chunks of a response, with how they are encoded. Out: its body, unpacked. The limit
counts unpacked bytes, and no more than one chunk of them is ever held beyond it: a small archive
may unpack to terabytes.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from twin.errors import FetchError, TooLarge

ENCODINGS: Final = "gzip, deflate"
"""What is asked for. Brotli and Zstandard cannot be unpacked in bounded steps with what is here."""

CHUNK: Final = 65_536

_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_GZIP: Final = b"\x1f\x8b"


def read_body(chunks: Iterable[bytes], encoding: str, limit: int, label: str) -> bytes:
    """Return the unpacked body.

    Args:
        chunks: the bytes as they come over the wire.
        encoding: of the header ``Content-Encoding``.
        limit: the most unpacked bytes.
        label: what is fetched, for the error.

    Raises:
        TooLarge: once there are more than `limit`.
        FetchError: if it cannot be unpacked.
    """
    body = bytearray()
    for part in _unpacked(chunks, encoding.strip().lower(), label):
        body += part
        if len(body) > limit:
            message = f"{label}: it has more than {limit:,} bytes"
            raise TooLarge(message, "raise fetch.max_bytes if it is one piece of writing")
    return bytes(body)


def gunzipped(body: bytes, limit: int, label: str) -> bytes:
    """Return a file unpacked if it is gzip (``sitemap.xml.gz``), else as it is.

    Raises:
        TooLarge: if it unpacks to more than `limit` bytes.
        FetchError: if it is damaged.
    """
    if not body.startswith(_GZIP):
        return body
    return read_body([body], "gzip", limit, label)


def _unpacked(chunks: Iterable[bytes], encoding: str, label: str) -> Iterator[bytes]:
    if encoding in {"", "identity"}:
        yield from chunks
        return
    if encoding not in _BITS:
        message = f"{label}: it came packed as {encoding[:30]!r}, which was not asked for"
        raise FetchError(message)
    unpack = zlib.decompressobj(_BITS[encoding])
    begun = False
    try:
        for chunk in chunks:
            if not begun and chunk and encoding == "deflate" and chunk[0] & 0x0F != 8:  # noqa: PLR2004 - the method of a zlib header
                # Some servers send deflate without the header that the standard asks for.
                unpack = zlib.decompressobj(-15)
            begun = begun or bool(chunk)
            rest = chunk
            while rest and not unpack.eof:
                yield unpack.decompress(rest, CHUNK)
                rest = unpack.unconsumed_tail
        while not unpack.eof and (part := unpack.decompress(unpack.unconsumed_tail, CHUNK)):
            yield part
    except zlib.error as error:
        message = f"{label}: its {encoding} data are damaged"
        raise FetchError(message) from error
    if begun and not unpack.eof:
        message = f"{label}: it broke off in the middle"
        raise FetchError(message)
