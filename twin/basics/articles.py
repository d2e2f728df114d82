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

    No passage is longer than the maximum. Where the text without white space at its ends has the
    minimum, every passage has it too; only a run of white space that a cut falls into can make one
    shorter, by its own length, and only where the limits leave no other cut. A fenced block is
    whole where both limits allow it, and no passage ends with a heading if it can end elsewhere.

    Args:
        text: the whole text.
        minimum: characters of a passage, where the article has as many.
        maximum: characters of a passage; at least twice the minimum.
    """
    cuts: list[int] = []
    start, stop = trim(text, Span(0, len(text)))
    ends = [block for block in _block_ends(text) if start < block[0] < stop]
    blocks = iter([*ends, (stop, False)])
    end, heading = next(blocks)
    while True:
        if end - start > maximum:
            # The block does not fit any more. What there is stands alone if it is long enough.
            start = _cut(text, ends, _least(text, start, minimum, maximum), start + maximum)
            cuts.append(start)
            start = _after_blanks(text, start, stop)
            continue
        following = next(blocks, None)
        if following is None:
            break
        if following[1] and not heading and _length(text, start, end) >= minimum:
            cuts.append(end)
            start = _after_blanks(text, end, stop)
        end, heading = following
    return _balanced(text, ends, [*cuts, stop], minimum, maximum)


def _length(text: str, start: int, end: int) -> int:
    return trim(text, Span(start, end)).end - start


def _least(text: str, start: int, minimum: int, maximum: int) -> int:
    """Return the first end at which a passage has the minimum though white space is trimmed."""
    least = start + minimum
    while least < start + maximum and text[least - 1].isspace():
        least += 1
    return least


def _after_blanks(text: str, start: int, stop: int) -> int:
    while start < stop and text[start].isspace():
        start += 1
    return start


def _cut(text: str, ends: list[tuple[int, bool]], low: int, high: int) -> int:
    """Return the best cut in ``low .. high``: between blocks, else inside one; not below a heading."""
    first = bisect_left(ends, low, key=_end)
    last = bisect_right(ends, high, key=_end)
    for number in range(last - 1, first - 1, -1):
        if not ends[number][1]:
            return ends[number][0]
    # If a heading ends here, a cut in the block below it leaves it some of what it announces.
    below = ends[last - 1][0] if last > first else low
    return cut_point(text, below, high) if below < high else high


def _end(block: tuple[int, bool]) -> int:
    return block[0]


def _balanced(
    text: str, ends: list[tuple[int, bool]], cuts: list[int], minimum: int, maximum: int
) -> list[Span]:
    """Return the spans between the cuts; a last one that is too short shares with the one before."""
    spans = [trim(text, Span(a, b)) for a, b in pairwise([0, *cuts])]
    spans = [span for span in spans if span.end > span.start]
    if len(spans) > 1 and spans[-1].end - spans[-1].start < minimum:
        last, before = spans.pop(), spans.pop()
        start, end = before.start, last.end
        if end - start <= maximum:
            return [*spans, Span(start, end)]
        low = max(_least(text, start, minimum, maximum), end - maximum)
        high = min(end - minimum, start + maximum)
        while high > low and text[high].isspace():
            high -= 1
        if low <= high:
            cut = _cut(text, ends, low, high)
        else:
            middle = max(start + minimum, end - maximum)
            cut = middle if middle <= start + maximum else before.end
        spans += [trim(text, Span(start, cut)), trim(text, Span(cut, end))]
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

    # Blocks are all that is asked for; inline rules take most of the time.
    return MarkdownIt("commonmark").enable("table").disable("inline")
