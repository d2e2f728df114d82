"""Cut an article by its structure.

In: Markdown (or what is close to it). Out: the spans of its passages, within a minimum and a
maximum of characters wherever the text is long enough for it. A passage begins at a heading if it
can, and ends between blocks rather than inside one.
"""

from bisect import bisect_left, bisect_right
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from twin.documents import Span
from twin.index.boundaries import cut_point, line_starts, trim

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


def article_passages(text: str, minimum: int, maximum: int) -> list[Span]:
    """Return the passages of an article, in order, side by side, without the white space between.

    Args:
        text: the whole text.
        minimum: characters of a passage, where the article has as many.
        maximum: characters of a passage; at least twice the minimum.
    """
    cuts: list[int] = []
    start = 0
    ends = _block_ends(text)
    blocks = iter([*ends, (len(text), False)])
    end, heading = next(blocks)
    while True:
        if end - start > maximum:
            # The block does not fit any more. What there is stands alone if it is long enough.
            before = _last_cut(ends, start, minimum, maximum)
            cut = before or cut_point(text, start + minimum, start + maximum)
            cuts.append(cut)
            start = cut
            continue
        following = next(blocks, None)
        if following is None:
            break
        if following[1] and end - start >= minimum:
            cuts.append(end)
            start = end
        end, heading = following
    del heading
    cuts.append(len(text))
    return _balanced(text, cuts, minimum, maximum)


def _last_cut(ends: list[tuple[int, bool]], start: int, low: int, high: int) -> int | None:
    """Return the last block end in ``start + low .. start + high`` that follows no heading."""
    first = bisect_left(ends, start + low, key=_end)
    last = bisect_right(ends, start + high, key=_end)
    for number in range(last - 1, first - 1, -1):
        if not ends[number][1]:
            return ends[number][0]
    return None


def _end(block: tuple[int, bool]) -> int:
    return block[0]


def _balanced(text: str, cuts: list[int], minimum: int, maximum: int) -> list[Span]:
    """Return the spans between the cuts; a last one that is too short shares with the one before."""
    spans = [trim(text, Span(a, b)) for a, b in pairwise([0, *cuts])]
    spans = [span for span in spans if span.end > span.start]
    if len(spans) > 1 and spans[-1].end - spans[-1].start < minimum:
        last, before = spans.pop(), spans.pop()
        both = Span(before.start, last.end)
        length = both.end - both.start
        if length <= maximum:
            spans.append(both)
        else:
            cut = cut_point(text, both.start + length - maximum, both.start + length - minimum)
            spans += [trim(text, Span(both.start, cut)), trim(text, Span(cut, both.end))]
    return spans


def _block_ends(text: str) -> list[tuple[int, bool]]:
    """Return where each top-level block ends, and whether the block is a heading.

    A block reaches to the start of the next, so that nothing lies between blocks.
    """
    starts = line_starts(text)
    begins: list[tuple[int, bool]] = []
    for token in _markdown().parse(text):
        if token.level == 0 and token.map is not None and token.nesting >= 0:
            line = min(token.map[0], len(starts) - 1)
            begins.append((starts[line], token.type == "heading_open"))
    return [(following[0], block[1]) for block, following in pairwise(begins)]


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 50 ms

    return MarkdownIt("commonmark").enable("table")
