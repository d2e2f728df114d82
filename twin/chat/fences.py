"""Fenced code in an answer: it states nothing, and nothing may be written behind its last line.

In: Markdown as a model wrote it. Out: the same text, as long as before, with blanks for its code.
"""

import re

_OPENS = re.compile(r"[ \t]*(`{3,}(?=[^`]*\Z)|~{3,})")


def unfenced(text: str) -> str:
    """Return a text with spaces in the place of fenced code, so that every other place stays.

    A fence that is never closed goes on to the end, as it does where it is shown.
    """
    lines = text.split("\n")
    fence = ""
    for number, line in enumerate(lines):
        if fence:
            mark = line.strip()
            closes = set(mark) == {fence[0]} and len(mark) >= len(fence)
            lines[number] = " " * len(line)
            fence = "" if closes else fence
        elif opened := _OPENS.match(line):
            fence = opened[1]
            lines[number] = " " * len(line)
    return "\n".join(lines)
