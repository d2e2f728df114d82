"""RTF: its text, without its looks.

In: the bytes of an .rtf. Out: `Converted`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

import twin
from twin_documents.converted import Converted, tags_of

if TYPE_CHECKING:
    from collections.abc import Callable

_INFO: Final = re.compile(
    r"\{\\(title|author|subject|keywords)\s((?:[^{}\\]|\\'[0-9a-f]{2}){1,500})\}"
)
_CREATED: Final = re.compile(r"\{\\creatim\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})")
_ESCAPE: Final = re.compile(r"\\'([0-9a-f]{2})")
_HEAD: Final = 50_000
_BLANK: Final = re.compile(r"\n{3,}")


def read_rich_text(raw: bytes, limit: int) -> Converted:
    """Return the text of an .rtf.

    Raises:
        ReadError: if it is none.
    """
    from striprtf.striprtf import rtf_to_text  # noqa: PLC0415 - only RTF needs it

    del limit  # it is not packed
    convert: Callable[..., str] = rtf_to_text
    if not raw.lstrip().startswith(b"{\\rtf"):
        message = "it is damaged: it does not begin as RTF does"
        raise twin.ReadError(message, "open it in its program and save it again")
    source = raw.decode("latin-1")
    try:
        text = str(convert(source, errors="replace"))
    except Exception as error:
        # striprtf raises whatever goes wrong.
        message = f"it is damaged: {type(error).__name__}: {error}"
        raise twin.ReadError(message, "open it in its program and save it again") from error
    lines = "\n".join(line.rstrip() for line in text.replace("\r", "").split("\n"))
    # One paragraph a line: a blank line between them is what Markdown means by that.
    text = _BLANK.sub("\n\n", lines.replace("\n", "\n\n")).strip()
    said = {key: _plain(value) for key, value in _INFO.findall(source[:_HEAD])}
    return Converted(
        text=f"{text}\n" if text else "",
        title=said.get("title", ""),
        author=said.get("author", ""),
        description=said.get("subject", ""),
        created=_created(source[:_HEAD]),
        tags=tags_of(said.get("keywords", "")),
    )


def _plain(value: str) -> str:
    def letter(match: re.Match[str]) -> str:
        return bytes.fromhex(match[1]).decode("cp1252", "replace")

    return " ".join(_ESCAPE.sub(letter, value).split())


def _created(head: str) -> date | None:
    if match := _CREATED.search(head):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            return None
    return None
