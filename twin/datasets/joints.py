"""What may not be parted: where one block of a text goes on with what the one before it began.

In: a text and two blocks of it, one after the other. Out: whether a passage may be cut between them, and
whether a passage that begins with the second would hang in the air.
"""

from __future__ import annotations

import re
from typing import Final

from twin.documents import Span

FENCES: Final = ("```", "~~~")
INDENTED: Final = 4

_ITEM: Final = re.compile(r"(?:[-*+•]|(\d{1,3})[.)])[ \t]")
_MIDDLE: Final = re.compile(r"[a-zß-öø-ÿ](?![\w-]*[A-Z0-9(_./-])")
"""A small letter, unless it is of a name such as ``iPhone``, ``os.path`` or ``rust-analyzer``."""

_MARK: Final = re.compile(r"[)\],;:%&=](?!:)")
_SMALL: Final = re.compile(r"(?:\A\W*|[.!?]\s+)[a-z]")
_LARGE: Final = re.compile(r"(?:\A\W*|[.!?]\s+)[A-Z]")

_CLOSED: Final = re.compile(r"[.!?…:;)\]}>`|*_\"'”’」。！？\ufe0f-]\s*\Z|\W\Z")
_LEANING: Final = re.compile(
    r"[*_(\"“‘]*(?:"
    r"And|But|So|Then|However|Also|Yet|Or|Nor|Still|Instead|Otherwise|Besides|Again|Moreover"
    r"|Furthermore|Additionally|Therefore|Thus|Hence|Consequently|Similarly|Likewise|Conversely"
    r"|Meanwhile|Finally|Lastly|Luckily|Thankfully|Unfortunately|Sadly|Next|Now|Plus"
    r"|Secondly|Thirdly|Second|Third|Another|Such|Both|Either|Neither"
    r"|This|That|These|Those|It|Its|They|Their|Them|He|She|His|Her"
    r"|Here,|There,|To recap|To sum up|Even so|Even better|Even worse|For example|For instance"
    r"|As a result|As before|As such|As above|In other words|In addition|In that case|In this case"
    r"|In contrast|In particular|In short|In fact|Of course|On the other hand|On top of|After that"
    r"|At this point|With that|With this|From here|From there|Because of th|To do th|To do so"
    r"|The (?:latter|former|other|others|same|second|third|fourth|next|last|rest|above|reason)"
    r"|Which|Who|Whose)\b"
)
"""Words that point back at what was said before; in English. In other languages marks alone tell."""


def cased(text: str) -> bool:
    """Return whether sentences of a text begin with capitals: some people write without any."""
    return len(_SMALL.findall(text)) <= len(_LARGE.findall(text))


def goes_on(text: str, one: Span, other: Span, *, capitals: bool = True) -> bool:
    """Return whether the block `other`, right behind `one`, goes on with it: no cut between them.

    Code and a table belong to what introduces them, an item to its list, and a line that begins with a
    small letter to its sentence, where sentences begin with capitals. A target that would be mostly code
    by that is none.
    """
    before, after = one.of(text), other.of(text)
    if before.endswith((":", ",", "—", "–", "---")) or begins_inside(after, capitals=capitals):
        return True
    if is_code(text, other) or after.startswith("|"):
        return True
    item = _ITEM.match(after)
    return item is not None and bool(_ITEM.match(before) or not _CLOSED.search(before))


def is_code(text: str, block: Span) -> bool:
    """Return whether a block is code, fenced or indented."""
    if text.startswith(FENCES, block.start):
        return True
    line = text.rfind("\n", 0, block.start) + 1
    return block.start - line >= INDENTED and not text[line : block.start].strip()


def leans(text: str, *, capitals: bool = True) -> bool:
    """Return whether a passage begins with a word that points back, or in the middle of something."""
    return bool(_LEANING.match(text)) or begins_inside(text, capitals=capitals)


def begins_inside(text: str, *, capitals: bool = True) -> bool:
    """Return whether a text begins within a sentence or a list."""
    item = _ITEM.match(text)
    if item and item[1] and int(item[1]) > 1:
        return True
    return bool(_MARK.match(text) or (capitals and _MIDDLE.match(text)))
