"""How the lines of a text are set: flowing, wrapped at a width, or a sentence to a line.

In: two texts. Out: one of them set as the other is. Where lines break is a habit of an editor and not of a
person, and a pair must not be told apart by it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Final

from twin.documents import Span
from twin.index.boundaries import blocks, sentences

NARROWEST: Final = 50
WIDEST: Final = 130
MOST: Final = 0.6
"""Share of line ends that must be ends of sentences for a text to have a sentence to a line."""

_SET: Final = re.compile(r"[ \t]*(?:[-*+|>#:]|\d+[.)][ \t]|```|~~~|\[[^\]]+\]:| {4}|\t)")
_ENDS: Final = re.compile(r"[.!?:;)…\"”]\Z")


@dataclass(frozen=True, slots=True)
class Layout:
    """How lines break within paragraphs.

    Attributes:
        width: of wrapped lines; 0 if they flow.
        by_sentence: whether every sentence has a line of its own.
    """

    width: int = 0
    by_sentence: bool = False


def layout_of(text: str) -> Layout:
    """Return how the paragraphs of a text are set."""
    paragraphs = [part.of(text).splitlines() for part in _paragraphs(text)]
    broken = [line.rstrip() for lines in paragraphs for line in lines[:-1]]
    if not broken:
        return Layout()
    ended = sum(bool(_ENDS.search(line)) for line in broken)
    if ended >= MOST * len(broken):
        return Layout(by_sentence=True)
    return Layout(width=min(max(map(len, broken)), WIDEST))


def set_as(text: str, layout: Layout) -> str:
    """Return a text set like another one; code, lists, tables and quotations stay as they are."""
    parts: list[str] = []
    at = 0
    for span in _paragraphs(text):
        parts += [text[at : span.start], _set(span.of(text), layout)]
        at = span.end
    return "".join([*parts, text[at:]])


def _set(paragraph: str, layout: Layout) -> str:
    flowing = " ".join(paragraph.split())
    if layout.by_sentence:
        return "\n".join(one.of(flowing) for one in sentences(flowing)) or flowing
    if layout.width < NARROWEST:
        return flowing
    return textwrap.fill(flowing, layout.width, break_long_words=False, break_on_hyphens=False)


def _paragraphs(text: str) -> list[Span]:
    """Return the paragraphs of a text that are nothing but running words."""
    return [
        block
        for block, solid in blocks(text, Span(0, len(text)))
        if not solid and not any(map(_SET.match, block.of(text).splitlines()))
    ]
