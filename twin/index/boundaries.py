"""Where a text may be cut: at a blank line rather than a line, a sentence or a word.

In: a text and a span. Out: spans that lie side by side and cover it, each within a limit. Every cut
is exact, so a piece is always a slice of the text.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache

from twin.documents import Span

# The places after which a text may be cut, best first.
_CUTS = (
    re.compile(r"\n(?:[ \t]*\r?\n)+"),
    re.compile(r"\n"),
    re.compile(r"[.!?…。！？][\"'”’)\]*_]*\s+"),
    re.compile(r"[;:,—–]\s+"),
    re.compile(r"\s+"),
)

SENTENCE_END = re.compile(
    r"(?<![\s(]e\.g)(?<![\s(]i\.e)(?<!\betc)(?<!\bvs)(?<!\bMr)(?<!\bMrs)(?<!\bDr)(?<!\bcf)"
    r"[.!?…][\"'”’)\]*_]*(?=\s+[^\sa-z])|[。！？]|\n[ \t]*\r?\n\s*|\n(?=[ \t]*(?:[-*+>#|]|\d+[.)])\s)"
)
"""Where a sentence ends: a full stop before a capital, a blank line, or a new list item."""


REMEMBERED = 512
"""Passages whose sentences are kept."""


def trim(text: str, span: Span) -> Span:
    """Return `span` without the white space at its ends; empty if there is nothing else."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def cut_point(text: str, low: int, high: int) -> int:
    """Return the best place to cut `text` in ``low < place <= high``.

    The best kind of boundary wins, and of one kind the last. Without any, the cut falls at `high`.
    """
    window = text[low:high]
    for pattern in _CUTS:
        last = 0
        for match in pattern.finditer(window):
            last = match.end()
        if last:
            return low + last
    return high


def split(text: str, span: Span, maximum: int, minimum: int | None = None) -> list[Span]:
    """Return spans of at most `maximum` code points that cover `span`.

    Args:
        text: the whole text.
        span: what to split.
        maximum: the most code points of a part.
        minimum: no cut before this many; half of `maximum` by default.
    """
    least = maximum // 2 if minimum is None else minimum
    parts: list[Span] = []
    start = span.start
    while span.end - start > maximum:
        cut = cut_point(text, start + least, start + maximum)
        parts.append(Span(start, cut))
        start = cut
    parts.append(Span(start, span.end))
    return parts


def split_by_tokens(
    text: str,
    span: Span,
    tokens: Sequence[tuple[int, int]],
    limit: int,
    overlap: int = 0,
) -> list[Span]:
    """Return spans of at most `limit` tokens that cover every token of `span`.

    The parts are of like length (a text a little over the limit gives two halves, not a whole and
    a crumb), and are cut at the best boundary near that length.

    Args:
        text: the whole text.
        span: what to split.
        tokens: the code-point spans of all tokens of the whole text, in order.
        limit: the most tokens of a part, at least 1.
        overlap: tokens at the end of a part that the next begins with again.
    """
    first = bisect_left(tokens, span.start, key=_start)
    last = bisect_left(tokens, span.end, key=_start)
    if last - first <= limit:
        return [span]
    parts: list[Span] = []
    start, at = span.start, first
    while last - at > limit:
        step = limit - (overlap if parts else 0)
        ahead = last - at
        count = -(-ahead // max(step, 1))
        # A cut at the sentence may fall early, so a little room is left above the even share.
        share = min(limit, -(-ahead // count) + max(limit // 8, 1))
        high = tokens[at + share - 1][1]
        low = tokens[at + max(share // 2, overlap + 1, 1) - 1][1] if share > 1 else tokens[at][0]
        cut = cut_point(text, min(low, high - 1), high)
        parts.append(Span(start, cut))
        after = bisect_left(tokens, cut, key=_start)
        at = max(after - overlap, at + 1)
        start = tokens[at][0] if overlap else cut
    parts.append(Span(start, span.end))
    return parts


def _start(token: tuple[int, int]) -> int:
    return token[0]


def sentences(text: str, span: Span | None = None) -> list[Span]:
    """Return the sentences of a span, trimmed, without the empty ones.

    A fenced code block, a table and a heading stand each on their own, and are never cut.
    """
    whole = span or Span(0, len(text))
    found: list[Span] = []
    for block, solid in blocks(text, whole):
        if solid:
            found.append(block)
            continue
        start = block.start
        for match in SENTENCE_END.finditer(text, block.start, block.end):
            found.append(trim(text, Span(start, match.end())))
            start = match.end()
        found.append(trim(text, Span(start, block.end)))
    return [one for one in found if one.end > one.start]


@lru_cache(REMEMBERED)
def sentences_of(passage: str) -> tuple[Span, ...]:
    """Return the sentences of a passage; whoever checks an answer asks for them again and again."""
    return tuple(sentences(passage))


_FENCE = re.compile(
    r"^[ \t]*(```+(?=[^`\n]*\n)|~~~+(?=[^\n]*\n)).*?(?:^[ \t]*\1[`~]*[ \t]*\r?$|\Z)",
    re.MULTILINE | re.DOTALL,
)


_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t][^\n]*", re.MULTILINE)


def blocks(text: str, span: Span) -> list[tuple[Span, bool]]:
    """Return the blocks of a span, trimmed, and whether each stands on its own."""
    found: list[tuple[Span, bool]] = []
    start = span.start
    for fence in _FENCE.finditer(text, span.start, span.end):
        found += _paragraphs(text, Span(start, fence.start()))
        found.append((trim(text, Span(fence.start(), fence.end())), True))
        start = fence.end()
    return [*found, *_paragraphs(text, Span(start, span.end))]


def _paragraphs(text: str, span: Span) -> list[tuple[Span, bool]]:
    parts: list[tuple[Span, bool]] = []
    start = span.start
    for gap in _CUTS[0].finditer(text, span.start, span.end):
        parts += _headed(text, Span(start, gap.start()))
        start = gap.end()
    parts += _headed(text, Span(start, span.end))
    return [(part, solid) for part, solid in parts if part.end > part.start]


def _headed(text: str, span: Span) -> list[tuple[Span, bool]]:
    """Return the headings of a paragraph, and what stands around them."""
    parts: list[tuple[Span, bool]] = []
    start = span.start
    for heading in _HEADING.finditer(text, span.start, span.end):
        parts.append((trim(text, Span(start, heading.start())), False))
        parts.append((trim(text, Span(heading.start(), heading.end())), True))
        start = heading.end()
    rest = trim(text, Span(start, span.end))
    solid = text.startswith(("|", ":::"), rest.start, rest.end)
    return [*parts, (rest, solid)]


def line_starts(text: str) -> list[int]:
    """Return the offset at which every line begins, lines ending as Markdown ends them."""
    return [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]


def subtract(span: Span, holes: Sequence[Span]) -> list[Span]:
    """Return what is left of `span` without `holes`, which are sorted and do not overlap."""
    parts: list[Span] = []
    start = span.start
    for hole in holes[max(bisect_right(holes, span.start, key=_begin) - 1, 0) :]:
        if hole.start >= span.end:
            break
        if hole.end <= start:
            continue
        if hole.start > start:
            parts.append(Span(start, hole.start))
        start = max(start, hole.end)
    if start < span.end:
        parts.append(Span(start, span.end))
    return parts


def _begin(span: Span) -> int:
    return span.start


def merged(spans: Sequence[Span]) -> list[Span]:
    """Return `spans` sorted, with those that touch or overlap joined."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        elif span.end > span.start:
            joined.append(span)
    return joined


TokenSpans = Callable[[str], list[tuple[int, int]]]
"""Gives the code-point span of every token of a text."""
