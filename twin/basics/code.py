"""Cut source code by its syntax.

In: a source file and its name. Out: the spans of its passages: whole functions and classes where
they fit. Grammars come from the tree-sitter package of each language; a language without one is cut
at blank lines.
"""

from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from twin.documents import Span
from twin.index.boundaries import split, trim

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

# Suffix to the grammar's package and the function in it that gives the language.
_GRAMMARS = {
    ".py": ("tree_sitter_python", "language"),
    ".pyi": ("tree_sitter_python", "language"),
    ".js": ("tree_sitter_javascript", "language"),
    ".mjs": ("tree_sitter_javascript", "language"),
    ".jsx": ("tree_sitter_javascript", "language"),
    ".ts": ("tree_sitter_typescript", "language_typescript"),
    ".tsx": ("tree_sitter_typescript", "language_tsx"),
    ".rs": ("tree_sitter_rust", "language"),
    ".go": ("tree_sitter_go", "language"),
    ".java": ("tree_sitter_java", "language"),
    ".c": ("tree_sitter_c", "language"),
    ".h": ("tree_sitter_c", "language"),
    ".sh": ("tree_sitter_bash", "language"),
    ".bash": ("tree_sitter_bash", "language"),
}


def code_passages(text: str, source: str, maximum: int, overlap: int) -> list[Span]:
    """Return the passages of a source file, in order.

    Args:
        text: the whole file.
        source: its canonical source; the suffix tells the language.
        maximum: characters of a passage, the overlap included.
        overlap: characters of the passage before that a passage begins with, from a line's start.
    """
    room = max(maximum - overlap, 1)
    units = [part for unit in _units(text, source, room) for part in split(text, unit, room)]
    passages: list[Span] = []
    for unit in units:
        if passages and unit.end - passages[-1].start <= room:
            passages[-1] = Span(passages[-1].start, unit.end)
        else:
            passages.append(unit)
    with_overlap = [Span(_line_after(text, p.start - overlap, p.start), p.end) for p in passages]
    # One that the next repeats in full says nothing on its own.
    apart = [a for a, b in pairwise(with_overlap) if a.start < b.start]
    trimmed = (_without_blank_lines(text, span) for span in [*apart, *with_overlap[-1:]])
    return [span for span in trimmed if span.end > span.start]


def _line_after(text: str, low: int, start: int) -> int:
    """Return the first start of a line in ``low .. start``, so that no line is halved."""
    if low <= 0:
        return 0
    found = text.find("\n", low - 1, start)
    return start if found < 0 else found + 1


def _without_blank_lines(text: str, span: Span) -> Span:
    """Trim white space at the ends, but keep the indentation of the first line of code."""
    inner = trim(text, span)
    return Span(max(text.rfind("\n", span.start, inner.start) + 1, span.start), inner.end)


def _units(text: str, source: str, maximum: int) -> list[Span]:
    """Return spans that lie side by side and cover the file, cut where the syntax allows."""
    parser = _parser(PurePosixPath(source).suffix.lower())
    if parser is None:
        return [Span(0, len(text))]
    raw = text.encode("utf-8")
    starts = sorted(set(_starts(parser.parse(raw).root_node, maximum)))
    # A unit is made of whole lines, and begins with the indentation of its first.
    begins = (_line_begin(text, place) for place in _code_points(raw, starts))
    places = [0, *(begin for begin in begins if begin is not None), len(text)]
    return [Span(a, b) for a, b in pairwise(places) if b > a]


def _line_begin(text: str, place: int) -> int | None:
    """Return where the line of `place` begins, None if something stands before it there."""
    begin = place
    while begin > 0 and text[begin - 1] in " \t":
        begin -= 1
    return begin if begin == 0 or text[begin - 1] in "\r\n" else None


def _starts(node: "Node", maximum: int) -> list[int]:
    """Return the byte offsets at which a passage may begin, deeper only in what is too long."""
    found: list[int] = []
    pending = [node]
    while pending:
        for child in pending.pop().children:
            found.append(child.start_byte)
            if child.end_byte - child.start_byte > maximum:
                pending.append(child)
    return found


def _code_points(raw: bytes, offsets: list[int]) -> list[int]:
    """Return byte offsets as code-point offsets, in one pass."""
    places: list[int] = []
    count = at = 0
    for offset in offsets:
        count += len(raw[at:offset].decode("utf-8", "ignore"))
        at = offset
        places.append(count)
    return places


@cache
def _parser(suffix: str) -> "Parser | None":
    if suffix not in _GRAMMARS:
        return None
    package, function = _GRAMMARS[suffix]
    try:
        from tree_sitter import Language, Parser  # noqa: PLC0415 - an extra

        return Parser(Language(getattr(import_module(package), function)()))
    except ImportError:
        return None
