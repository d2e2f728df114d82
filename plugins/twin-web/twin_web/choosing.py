"""What the extractor missed, and what it took too much of.

In: the runs of a page, those that the extractor chose marked. Out: the same, mended by where they
stand: paragraphs among their like, quotations, code and headings inside the writing come back;
the page's own title and pointers to other pages go.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from twin_web.runs import WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bs4 import Tag

    from twin_web.runs import Run

PARAGRAPH: Final = 12
"""Words from which a run is a paragraph of prose."""

HALF: Final = 0.5
SHARE: Final = 0.3
"""A place is that of the writing if half of its prose was chosen, and 30% of all that was chosen."""

LINKS: Final = 0.3
"""The part of links from which a paragraph is rather a pointer elsewhere."""

_TITLE_WITHIN: Final = 12
"""Chosen runs among which the title must stand; a later heading of the same words is a section."""

_POINTER: Final = re.compile(
    r"(?:read (?:more|also|next)|also (?:on|read)|related|see also|more on|recommended|watch"
    r"|source|leia mais|lire aussi|lees ook|lesen sie auch|mehr zum thema|leer más)\b",
    re.IGNORECASE,
)
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


def mend(runs: Sequence[Run], titles: Iterable[str]) -> None:
    """Mark what belongs to the writing, and unmark what does not.

    Args:
        runs: of the whole page, in order.
        titles: what the page says that its title is.
    """
    _drop_title(runs, titles)
    _take_paragraphs(runs)
    homes = {id(run.block.parent) for run in runs if run.kept and run.block.name == "p"}
    _take_quotations(runs, homes)
    _take_code(runs, homes)
    _take_headings(runs, homes)
    for run in runs:
        if run.kept and run.linked > HALF and _POINTER.match(run.text):
            run.kept = False


def _drop_title(runs: Sequence[Run], titles: Iterable[str]) -> None:
    stated = [_folded(WORD.findall(title)) for title in titles]
    chosen = [run for run in runs if run.kept][:_TITLE_WITHIN]
    for run in chosen:
        if run.within("h1", "h2") is None:
            continue
        words = _folded(run.words)
        if any(f" {words} " in f" {title} " for title in stated):
            run.kept, run.headline = False, True


def _folded(words: Iterable[str]) -> str:
    return " ".join(words).casefold()


def _take_paragraphs(runs: Sequence[Run]) -> None:
    """Take the paragraphs that stand where most of the writing does."""
    places: dict[object, list[Run]] = defaultdict(list)
    for run in runs:
        places[run.place].append(run)
    chosen = sum(len(run.words) for run in runs if run.kept)
    for like in places.values():
        here = sum(len(run.words) for run in like if run.kept)
        prose = [run for run in like if len(run.words) >= PARAGRAPH]
        if here < SHARE * chosen or here < HALF * sum(len(run.words) for run in prose):
            continue
        for run in prose:
            run.kept |= not run.headline and run.linked < LINKS


def _take_quotations(runs: Sequence[Run], homes: set[int]) -> None:
    for run in runs:
        quotation = run.within("blockquote")
        while quotation is not None and (outer := quotation.find_parent("blockquote")):
            quotation = outer
        if quotation is not None and _inside(quotation, homes):
            run.kept = True


def _take_code(runs: Sequence[Run], homes: set[int]) -> None:
    for run in runs:
        if run.block.name == "pre" and _inside(run.block, homes):
            run.kept = True


def _take_headings(runs: Sequence[Run], homes: set[int]) -> None:
    """Take the headings that stand beside paragraphs, where what follows them was taken."""
    follower: Run | None = None
    for run in reversed(runs):
        heading = run.within(*_HEADINGS)
        if heading is not None and not run.headline and not run.kept:
            run.kept = follower is not None and follower.kept and id(heading.parent) in homes
        follower = run


def _inside(tag: Tag, homes: set[int]) -> bool:
    """Return whether a tag, or what wraps it, stands beside chosen paragraphs."""
    near = [tag.parent, *list(tag.parents)[1:3]]
    return any(id(place) in homes for place in near)
