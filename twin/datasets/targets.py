"""Which parts of a document are targets: whole paragraphs of the person's own, side by side.

In: a stored document, and what of it is not to be taken (boilerplate, words of others). Out: spans that
do not overlap, each with the heading over it and what stands before it.

A target begins and ends with a block of the text: a paragraph, a list, a block of code. It crosses no
heading, no quotation and nothing that is left out; what one block announces and the next one gives stays
together, and a target ends rather where the next paragraph begins something new than where it says "But".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twin.components import Cleaner
from twin.datasets.joints import FENCES, begins_inside, cased, goes_on, is_code, leans
from twin.datasets.words import code_share
from twin.documents import Kind, Span
from twin.exports.quoting import spans_of_others
from twin.index.boundaries import blocks, merged, sentences, subtract, trim
from twin.index.passages import excluded_spans
from twin.warehouse.protocol import StoredDocument

SHORTEST_POST: Final = 60
"""Code points of a short post that is worth learning from."""

MOST_CODE: Final = 0.5
"""Share of a target that may be code, as in the curator `rules`."""

_HEADING: Final = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_QUOTED: Final = re.compile(r"[ \t]*>")
_PICTURE: Final = re.compile(
    r"(?:\s*!\[[^\]]*\]\([^)]*\)(?:\{[^{}\n]*\})?)+\s*"
    r"|(?=.*<(?:img|video|iframe|audio|object|svg)\b)(?:\s*<[^<>]*>)+\s*",
    re.DOTALL,
)
"""A block of pictures alone, in Markdown or HTML."""

_DEFINITIONS: Final = re.compile(r"(?:\s*\[[^\]\n]+\]:[ \t]+[^\n]*)+\s*")
"""Where links lead, and notes at the foot: no passage of the text."""
_TRAILING: Final = re.compile(r"\s*#+\s*$|\s*\{[^{}]*\}\s*$")
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
        opens: whether the part under its last heading begins with it.
        leans: whether it begins with a word that points back at what stands before it.
    """

    stored: StoredDocument
    span: Span
    headings: tuple[str, ...]
    before: Span
    around: Span
    first: bool
    opens: bool = True
    leans: bool = False

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
        short: runs of paragraphs of which a rest was too short to be a target, or began in the middle.
    """

    characters: int
    own: int
    taken: int
    short: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Blocks with nothing between them."""

    headings: tuple[str, ...]
    blocks: tuple[Span, ...]
    opens: bool
    """Whether nothing stands between it and its heading."""


@dataclass(frozen=True, slots=True)
class _Limits:
    minimum: int
    maximum: int
    capitals: bool


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
    capitals = cased(text)
    for run in _runs(text, excluded):
        spans, left = _grouped(text, run, _Limits(minimum, maximum, capitals))
        short += left
        whole = Span(run.blocks[0].start, run.blocks[-1].end)
        own += whole.end - whole.start
        for span in spans:
            ends = [hole.end for hole in excluded if hole.end <= span.start]
            before = trim(text, Span(max(ends, default=0), span.start))
            found.append(
                Target(
                    stored=stored,
                    span=span,
                    headings=run.headings,
                    before=before,
                    around=_around(text, whole, span, maximum),
                    first=_begins(text[: span.start]),
                    opens=run.opens and span.start == whole.start,
                    leans=before.end > before.start and leans(span.of(text), capitals=capitals),
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
        if not (solid and text.startswith(FENCES, block.start)) and _QUOTED.match(text, block.start)
    ]


def _runs(text: str, excluded: Sequence[Span]) -> list[_Run]:
    """Return runs of blocks with nothing between them, each with the headings over it."""
    runs: list[_Run] = []
    over: list[tuple[int, str]] = []
    current: list[Span] = []
    opens = True

    def close() -> None:
        nonlocal opens
        # What a colon announces is somebody else's, or no writing: the announcement goes with it.
        while current and current[-1].of(text).rstrip().endswith(":"):
            opens = False
            current.pop()
        if current:
            # The first heading of the first level is the title.
            headings = tuple(title for level, title in over if level > 1)
            runs.append(_Run(headings, tuple(current), opens))
            opens = False
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
                opens = True
            elif any(p.fullmatch(content) for p in (_PICTURE, _RULES, _DEFINITIONS)):
                # A picture or a rule is no writing; what stands around it does not belong together.
                close()
            else:
                current.append(block)
    close()
    return runs


def _grouped(text: str, run: _Run, limits: _Limits) -> tuple[list[Span], int]:
    """Return the targets of a run, and 1 if a rest of it could be none."""
    spans: list[Span] = []
    held: Span | None = None
    short = 0

    def close() -> None:
        nonlocal held, short
        if held is None:
            return
        inside = not run.opens or held.start > run.blocks[0].start
        long = held.end - held.start >= limits.minimum
        if _mostly_code(text, held) or (
            inside and begins_inside(held.of(text), capitals=limits.capitals)
        ):
            short = 1
        elif long:
            spans.append(held)
        elif (
            spans
            and _between(text, spans[-1], held)
            and held.end - spans[-1].start <= limits.maximum
        ):
            spans[-1] = Span(spans[-1].start, held.end)
        else:
            short = 1
        held = None

    for unit in _units(text, run, limits):
        if held is not None:
            both = Span(held.start, unit.end)
            enough = held.end - held.start >= limits.minimum
            # Whoever says "But" goes on with a thought.
            new = enough and not leans(unit.of(text), capitals=limits.capitals)
            if new or both.end - both.start > limits.maximum or _mostly_code(text, both):
                close()
        held = Span(held.start if held else unit.start, unit.end)
    close()
    return spans, short


def _mostly_code(text: str, span: Span) -> bool:
    return code_share(span.of(text)) > MOST_CODE


def _between(text: str, one: Span, other: Span) -> bool:
    """Return whether nothing stands between two spans."""
    return not text[one.end : other.start].strip()


def _units(text: str, run: _Run, limits: _Limits) -> list[Span]:
    """Return what may not be parted; a block that is longer than the maximum is cut at a sentence."""
    units: list[Span] = []
    before: Span | None = None
    for block in run.blocks:
        if not units and not run.opens and is_code(text, block):
            # What introduced it is not there.
            continue
        joined = before is not None and goes_on(text, before, block, capitals=limits.capitals)
        before = block
        if block.end - block.start > limits.maximum:
            if not text.startswith(FENCES, block.start):
                units += _pieces(text, block, limits.maximum)
        elif not joined or not units:
            units.append(block)
        elif block.end - units[-1].start <= limits.maximum:
            units[-1] = Span(units[-1].start, block.end)
    return units


def _pieces(text: str, block: Span, maximum: int) -> list[Span]:
    """Return runs of whole sentences of a block; a sentence that is longer than the maximum is in none."""
    pieces: list[Span] = []
    for sentence in sentences(text, block):
        if sentence.end - sentence.start > maximum:
            continue
        last = pieces[-1] if pieces else None
        if last and sentence.end - last.start <= maximum and _between(text, last, sentence):
            pieces[-1] = Span(last.start, sentence.end)
        else:
            pieces.append(sentence)
    return pieces


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
