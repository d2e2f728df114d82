"""From the bytes of a file to its text and what it states.

In: bytes, a path, a format. Out: `Said`. Code is its bytes, decoded; nothing is dropped or replaced.
"""

from __future__ import annotations

import codecs
import unicodedata

from twin_files.contents import Said, said
from twin_files.decoding import decode
from twin_files.facts import Facts
from twin_files.formats import Format, Markup


def text_of(raw: bytes, path: str, form: Format, collection: str, max_lines: int) -> Said:
    """Return the text of a file.

    Raises:
        ReadError: if it cannot be decoded, or is too long to be parsed.
    """
    decoded = decode(raw, form.markup)
    if form.markup is not Markup.CODE:
        return said(decoded, form, path, collection, max_lines)
    if raw.startswith(codecs.BOM_UTF8):
        # It is one of the bytes of the file, so it is one of the characters.
        decoded = raw.decode("utf-8")
    return Said(decoded, Facts(title=unicodedata.normalize("NFC", path)))
