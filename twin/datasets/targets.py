"""Which parts of a document are targets: whole paragraphs of the person's own, side by side.

In: a stored document, and what of it is not to be taken (boilerplate, words of others). Out: spans that
do not overlap, each with the heading over it and what stands before it.

A target begins and ends with a block of the text: a paragraph, a list, a block of code. It crosses no
heading, no quotation and nothing that is left out; a paragraph that ends with a colon keeps what it
announces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twin.components import Cleaner
from twin.documents import Kind, Span
from twin.exports.quoting import spans_of_others
from twin.index.boundaries import blocks, merged, split, subtract, trim
from twin.index.passages import excluded_spans
from twin.warehouse.protocol import StoredDocument

SHORTEST_POST: Final = 60
"""Code points of a short post that is worth learning from."""

_HEADING: Final = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_QUOTED: Final = re.compile(r"[ \t]*>")
_PICTURE: Final = re.compile(r"\s*!\[[^\]]*\]\([^)]*\)\s*")
_TRAILING: Final = re.compile(r"\s*#+\s*$|\s*\{[^{}]*\}\s*$")
_FENCES: Final = ("```", "~~~")
_RULES: Final = re.compile(r"[\s*_=-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A part of a document that a row is to answer with.

    Attributes:
        stored: the document.
        span: of its text.
        headings: those that stand over it, the outermost first, without the title.
        before: what stands before it, back to what is not the person's; empty if nothing does.
        around: it and what stands beside it under the same heading.
        first: whether the document begins with it.
    """

    stored: StoredDocument
    span: Span
    headings: tuple[str, ...]
    before: Span
    around: Span
    first: bool

    @property
    def text(self) -> str:
        """The target, exactly."""
        return self.span.of(self.stored.document.text)


@dataclass(frozen=True, slots=True)
class Yield:
    """What a document gave.

    Attributes:
        characters: of its text.
        own: those that are neither boilerplate nor somebody else's.
        taken: those that stand in a target.
        short: runs of paragraphs that were too short to be a target.
    """

    characters: int
    own: int
    taken: int
    short: int


@dataclass(frozen=True, slots=True)
class _Block:
    span: Span
    stays: bool
    """Whether what follows belongs to it."""


def not_own(stored: StoredDocument, cleaners: Sequence[Cleaner]) -> list[Span]:
    """Return the spans of a document that no row may hold: what cleaners name, and others' words."""
    document = stored.document
    left_out = excluded_spans(document, cleaners)
    return merged([*left_out, *spans_of_others(document), *_quotations(document.text)])


def targets(
    stored: StoredDocument, excluded: Sequence[Span], *, minimum: int, maximum: int
) -> tuple[list[Target], Yield]:
    """Return the targets of a document in order, and what it gave.

    Args:
        stored: the document.
        excluded: spans that are not the person's, sorted and without overlap.
        minimum: code points of a target; a post may be shorter.
        maximum: code points of a target.
    """
    text = stored.document.text
    if stored.document.kind is Kind.POST:
        minimum = min(minimum, SHORTEST_POST)
    found: list[Target] = []
    short = own = 0
    for headings, run in _runs(text, excluded):
        spans, left = _grouped(text, run, minimum, maximum)
        short += left
        whole = Span(run[0].span.start, run[-1].span.end)
        own += whole.end - whole.start
        for span in spans:
            ends = [hole.end for hole in excluded if hole.end <= span.start]
            found.append(
                Target(
                    stored=stored,
                    span=span,
                    headings=headings,
                    before=trim(text, Span(max(ends, default=0), span.start)),
                    around=_around(text, whole, span, maximum),
                    first=_begins(text[: span.start]),
                )
            )
    taken = sum(target.span.end - target.span.start for target in found)
    return found, Yield(len(text), own, taken, short)


def _begins(before: str) -> bool:
    """Return whether nothing but headings stands before a place."""
    return all(_HEADING.fullmatch(line) for line in before.splitlines() if line.strip())


def _quotations(text: str) -> list[Span]:
    """Return the block quotations of a text: in Markdown, what somebody else said."""
    if ">" not in text:
        return []
    return [
        block
        for block, solid in blocks(text, Span(0, len(text)))
        if not (solid and text.startswith(_FENCES, block.start))
        and _QUOTED.match(text, block.start)
    ]


def _runs(text: str, excluded: Sequence[Span]) -> list[tuple[tuple[str, ...], list[_Block]]]:
    """Return runs of blocks with nothing between them, each with the headings over it."""
    runs: list[tuple[tuple[str, ...], list[_Block]]] = []
    over: list[tuple[int, str]] = []
    current: list[_Block] = []

    def close() -> None:
        # What a colon announces is somebody else's, or no writing: the announcement goes with it.
        while current and current[-1].stays:
            current.pop()
        if current:
            # The first heading of the first level is the title.
            runs.append((tuple(title for level, title in over if level > 1), list(current)))
            current.clear()

    for part in subtract(Span(0, len(text)), excluded):
        close()
        for block, solid in blocks(text, part):
            content = block.of(text)
            heading = _HEADING.fullmatch(content) if solid else None
            if heading:
                close()
                level = len(heading[1])
                over[:] = [one for one in over if one[0] < level]
                over.append((level, _TRAILING.sub("", heading[2]).strip()))
            elif _PICTURE.fullmatch(content) or _RULES.fullmatch(content):
                # A picture or a rule is no writing; what stands around it does not belong together.
                close()
            else:
                current.append(_Block(block, content.rstrip().endswith(":")))
    close()
    return runs


def _grouped(
    text: str, run: Sequence[_Block], minimum: int, maximum: int
) -> tuple[list[Span], int]:
    """Return the targets of a run, and 1 if a rest of it was too short."""
    units = _units(text, run, maximum)
    spans: list[Span] = []
    start: int | None = None
    end = 0
    for unit in units:
        if start is not None and unit.end - start > maximum:
            if end - start >= minimum:
                spans.append(Span(start, end))
            start = None
        start = unit.start if start is None else start
        end = unit.end
        if end - start >= minimum:
            spans.append(Span(start, end))
            start = None
    if start is None:
        return spans, 0
    if spans and spans[-1].end <= start and end - spans[-1].start <= maximum:
        spans[-1] = Span(spans[-1].start, end)
        return spans, 0
    return spans, 1


def _units(text: str, run: Sequence[_Block], maximum: int) -> list[Span]:
    """Return what may not be parted; a block that is longer than the maximum is cut at a sentence."""
    units: list[Span] = []
    stays = False
    for block in run:
        joined = Span(units[-1].start, block.span.end) if units and stays else block.span
        if joined is not block.span and joined.end - joined.start <= maximum:
            units[-1] = joined
        elif block.span.end - block.span.start > maximum:
            if not text.startswith(_FENCES, block.span.start):
                parts = (trim(text, part) for part in split(text, block.span, maximum))
                units += [part for part in parts if part.end > part.start]
        else:
            units.append(block.span)
        stays = block.stays
    return units


def _around(text: str, whole: Span, span: Span, maximum: int) -> Span:
    """Return the span with what stands beside it, twice the maximum at most, cut at blank lines."""
    room = max(2 * maximum - (span.end - span.start), 0) // 2
    low, high = max(whole.start, span.start - room), min(whole.end, span.end + room)
    if low > whole.start:
        cut = text.find("\n\n", low, span.start)
        low = cut if cut >= 0 else span.start
    if high < whole.end:
        cut = text.rfind("\n\n", span.end, high)
        high = cut if cut >= 0 else span.end
    return trim(text, Span(low, high))
