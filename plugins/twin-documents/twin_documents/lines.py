"""From the lines of pages to Markdown.

In: lines with their places and sizes. Out: paragraphs, headings, lists and code. What stands on top
or at the bottom of most pages, such as their numbers, goes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKS: Final = "•◦▪‣●○■□–\u2043∙·\uf0b7\uf0a7"
_MARK: Final = re.compile(rf"(?:[{_MARKS}]|\(cid:\d+\)|\x7f)\s*")
_NUMBER: Final = re.compile(r"\d{1,3}[.)]\s")
_HYPHEN: Final = re.compile(r"(?<=[^\W\d_]{2})[-\u00ad\u2010]$")
_BROKEN: Final = "\ue000"
"""Stands where a line broke a word, until all words are known."""

_LIGATURES: Final = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "\xa0": " ",
        "\0": "",
        "\ufffd": "",
    }
)

_LARGER: Final = 1.12
"""Times the size of the body from which on a line is a heading."""

_LONGEST: Final = 200
"""Characters of a heading."""

_LEVELS: Final = 4
_ALONE: Final = 2
"""Lines of a block that may be no text; a longer one is a paragraph."""

_PAGES: Final = 4
"""Pages from which on one can tell what is repeated."""

_MOST: Final = 0.6
"""Part of the pages on which a line stands that is no text."""


@dataclass(slots=True)
class Line:
    """A line of a page; places are in points from the lower left corner.

    Attributes:
        box: which block of the page it belongs to.
        code: whether most of it is in typewriter letters.
        item: whether a mark of a list stands before it.
        ready: whether it is Markdown already, such as a table.
    """

    text: str
    top: float
    bottom: float
    left: float
    size: float
    box: int
    code: bool = False
    item: bool = False
    ready: bool = False
    letters: int = 0

    @property
    def is_mark(self) -> bool:
        """Whether it is nothing but a mark of a list."""
        return _MARK.fullmatch(self.text.strip()) is not None


def markdown_of(pages: Sequence[list[Line]]) -> str:
    """Return the Markdown of all pages."""
    kept = _without_margins(pages)
    sizes: Counter[float] = Counter()
    for page in kept:
        for line in page:
            sizes[line.size] += 0 if line.ready or line.code else line.letters
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({s for s in sizes if body and s >= body * _LARGER}, reverse=True)
    level = {size: min(number, _LEVELS) for number, size in enumerate(larger, 1)}
    blocks: list[str] = []
    for page in kept:
        for _, lines in groupby(page, key=lambda line: line.box):
            blocks += _blocks(list(lines), level)
    text = _whole_words("\n\n".join(_joined(blocks)).translate(_LIGATURES))
    return f"{text}\n" if text.strip() else ""


def _without_margins(pages: Sequence[list[Line]]) -> list[list[Line]]:
    if len(pages) < _PAGES:
        return [list(page) for page in pages]
    seen: Counter[str] = Counter()
    edges = [_edges(page) for page in pages]
    for edge in edges:
        seen.update({_shape(line) for line in edge})
    repeated = {shape for shape, times in seen.items() if times >= len(pages) * _MOST}
    return [
        [line for line in page if not (line in edge and _shape(line) in repeated)]
        for page, edge in zip(pages, edges, strict=True)
    ]


def _edges(page: list[Line]) -> list[Line]:
    """Return the lines at the top and the bottom of a page that stand by themselves."""
    boxes = Counter(line.box for line in page)
    ordered = sorted(page, key=lambda line: -line.top)
    outer = [*ordered[:2], *ordered[-2:]]
    return [line for line in outer if boxes[line.box] <= _ALONE and not line.ready]


def _shape(line: Line) -> str:
    """Return a line without its numbers, which differ from page to page."""
    return re.sub(r"\d+|\b[ivxl]+\b", "#", line.text.strip().lower())


def _blocks(lines: list[Line], level: dict[float, int]) -> Iterator[str]:
    """Yield the blocks of one box: a new one at a heading, an item, code or a gap."""

    def what(line: Line) -> str:
        if line.ready:
            return "ready"
        if line.size in level and len(line.text) <= _LONGEST and re.search(r"\w", line.text):
            return f"h{level[line.size]}"
        return "code" if line.code else "text"

    for kind, group in groupby(lines, key=what):
        run = list(group)
        if kind == "ready":
            yield from (line.text for line in run)
        elif kind == "code":
            inside = "\n".join(line.text.rstrip() for line in run)
            yield f"```\n{inside}\n```"
        elif kind == "text":
            yield from _paragraphs(run)
        else:
            yield f"{'#' * int(kind[1])} {' '.join(' '.join(one.text.split()) for one in run)}"


def _paragraphs(lines: list[Line]) -> Iterator[str]:
    text, bottom, height = "", 0.0, 0.0
    for line in lines:
        words = " ".join(line.text.split())
        marked = _MARK.match(words)
        item = line.item or marked is not None
        if marked is not None:
            words = words[marked.end() :]
        gap = bottom - line.top > height * 0.7 if text else False
        if text and (item or gap or _NUMBER.match(words)):
            yield text
            text = ""
        if item:
            words = f"- {words}"
        text = _continued(text, words)
        bottom, height = line.bottom, line.top - line.bottom
    if text.strip("- "):
        yield text


def _continued(text: str, words: str) -> str:
    if not text:
        return words
    if _HYPHEN.search(text) and words[:1].islower():
        return f"{text}{_BROKEN}{words}"
    return f"{text} {words}"


def _whole_words(text: str) -> str:
    """Return a text whose words are whole again where a line broke them.

    A hyphen stays if the word has one elsewhere in the text, too, where no line ends.
    """
    known = set(re.findall(r"[^\W\d_]+-[^\W\d_]+(?!\w)", text.lower()))

    def whole(match: re.Match[str]) -> str:
        left, hyphen, right = match.groups()
        kept = hyphen == "-" and f"{left}-{right}".lower() in known
        return f"{left}{'-' if kept else ''}{right}"

    return re.sub(rf"([^\W\d_]+)([-\u00ad\u2010]){_BROKEN}([^\W\d_]+)", whole, text)


def _joined(blocks: list[str]) -> Iterator[str]:
    """Yield the blocks, items of a list together, and paragraphs that a page cut in two as one."""
    held = ""
    for block in blocks:
        plain = not block.startswith(("#", "- ", "```", "|")) and not _NUMBER.match(block)
        if held and block.startswith("- ") and held.rpartition("\n")[2].startswith("- "):
            held = f"{held}\n{block}"
        elif held and plain and block[:1].islower() and re.search(r"[\w,;\-\u00ad]$", held):
            open_ended = not held.startswith(("#", "```", "|"))
            if open_ended:
                held = _continued(held, block)
            else:
                yield held
                held = block
        else:
            if held:
                yield held
            held = block
    if held:
        yield held
