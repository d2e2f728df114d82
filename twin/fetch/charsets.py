"""From the bytes of a page to its text.

In: bytes and the header ``Content-Type``. Out: text, and the charset that it was read as. A mark
at the beginning wins; then UTF-8 where the bytes are nothing else; then what the header, the page
and at last its letters say.
"""

import codecs
import re
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_META: Final = re.compile(
    rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)
_XML: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})")

_HEAD: Final = 4096
"""Bytes in which a page states its charset; the HTML standard has 1,024, many pages need more."""

_OF_THE_WEB: Final = (
    "cp1252",
    "cp1251",
    "gb18030",
    "cp932",
    "euc_jp",
    "cp949",
    "big5",
    "cp1250",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "cp874",
    "koi8_r",
)
"""The charsets that are guessed among, those of the Encoding Standard, the most used first."""

_SAMPLE: Final = 100_000
_NO_CHARSETS: Final = {"unicode-escape", "raw-unicode-escape", "idna", "punycode"}
_AS_BROWSERS_DO: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
"""Labels that the Encoding Standard reads as a larger charset."""


def decoded(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text of `body` and the charset that it was read as.

    What does not fit even the best charset becomes U+FFFD; a page is not lost for one wrong byte.
    """
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(charset, "replace"), charset
    # Text in another charset is practically never valid UTF-8, whatever a server says of it.
    if (text := _strict(body, "utf-8")) is not None:
        return text, "utf-8"
    stated = _stated(body, content_type)
    for charset in stated:
        if (text := _strict(body, charset)) is not None:
            return text, charset
    charset = _guessed(body) or next(iter(stated), "utf-8")
    return body.decode(charset, "replace"), charset


def _stated(body: bytes, content_type: str) -> list[str]:
    head = body[:_HEAD]
    labels = [match[1] for match in [_HEADER.search(content_type)] if match]
    labels += [m[1].decode("ascii") for m in (_META.search(head), _XML.search(head)) if m]
    return list(dict.fromkeys(charset for label in labels if (charset := _known(label))))


def _known(label: str) -> str:
    """Return the codec that a label names, empty if it names none that gives text."""
    try:
        name = codecs.lookup(label).name
        # Codecs such as base64 are found by name too; this tells whether it gives text. UTF-16
        # and UTF-32 fail it as well: no page that could state them is in them.
        b"a".decode(name)
    except (LookupError, ValueError):
        return ""
    return "" if name.replace("_", "-") in _NO_CHARSETS else _AS_BROWSERS_DO.get(name, name)


def _guessed(body: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow, and seldom needed

    best = from_bytes(body[:_SAMPLE], cp_isolation=list(_OF_THE_WEB)).best()
    if best is None:
        return ""
    # Several give the same text; of those the one that the web has used most.
    return next(one for one in _OF_THE_WEB if one in {best.encoding, *best.could_be_from_charset})


def _strict(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except UnicodeDecodeError:
        return None
