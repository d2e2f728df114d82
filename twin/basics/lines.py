"""The lines of a text that may be looked at: neither blank, nor code, nor in an HTML comment.

In: a text. Out: its `Line`s and the spans of its HTML comments, found in one pass.
"""

import re
from dataclasses import dataclass

from twin.basics.phrases import label
from twin.components import Excluded
from twin.documents import Span

_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])(?:[ \t]+|$)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")


@dataclass(slots=True)
class Line:
    """A line of the text outside fenced code, and what it says without its markup.

    Attributes:
        number: which line of the text it is, counted from 0.
        end: where it ends, its line break included.
        label: its words in lower case without markup; empty if it is nothing but markup.
        bullet: how many code points its bullet takes, 0 if it begins no list item.
        level: the level of the heading that it is, 0 if it is none.
        reason: why it is left out; empty if it is kept.
    """

    number: int
    start: int
    end: int
    text: str
    label: str
    bullet: int
    level: int
    reason: str = ""

    @property
    def is_item(self) -> bool:
        """Whether it begins a list item."""
        return self.bullet > 0

    @property
    def item(self) -> str:
        """Its text without the bullet."""
        return self.text[self.bullet :].strip()


def _line(number: int, start: int, end: int, text: str, bullet: int) -> Line:
    heading = _HEADING.match(text) if "#" in text[:10] else None
    level = len(heading[1]) if heading else 0
    return Line(number, start, end, text, label(text), bullet, level)


def outside_code(text: str) -> tuple[list[Excluded], list[Line]]:
    """Return the HTML comments, and the non-blank lines outside them and outside fenced code."""
    comments: list[Excluded] = []
    lines: list[Line] = []
    fence, hidden_until, start, number = "", 0, 0, -1
    closable = True
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        line, number = text[start:end].rstrip("\r\n"), number + 1
        if fence:
            bare = line.lstrip(" \t>")
            if bare.startswith(fence) and not bare.strip(fence[0] + " \t"):
                fence = ""
        elif start >= hidden_until:
            opened = _FENCE.match(line)
            if opened and opened[1][0] not in line[opened.end() :]:
                fence = opened[1]
            else:
                if closable and "<!--" in line:
                    hidden_until, closable = _comments(text, start, end, comments)
                item = _ITEM.match(line)
                code = item is None and line.startswith(("    ", "\t"))
                if hidden_until <= start and not code and line.strip():
                    lines.append(_line(number, start, end, line, item.end() if item else 0))
        start = end
    return comments, lines


def _comments(text: str, start: int, end: int, comments: list[Excluded]) -> tuple[int, bool]:
    """Add the comments that open in a line, outside inline and indented code.

    Returns:
        Where the last of them ends, and whether any later comment can end at all.

    """
    hidden_until, at, ticks = 0, start, 0
    if text.startswith(("    ", "\t"), start):
        return hidden_until, True
    while (opened := text.find("<!--", at, end)) >= 0:
        ticks += text.count("`", at, opened)
        if ticks % 2:
            at = opened + len("<!--")
            continue
        close = text.find("-->", opened + len("<!--"))
        if close < 0:
            return hidden_until, False
        hidden_until = at = close + len("-->")
        comments.append(Excluded(Span(opened, hidden_until), "an HTML comment"))
    return hidden_until, True
