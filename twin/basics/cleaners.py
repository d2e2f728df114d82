"""What surrounds a piece of writing on a page and is no part of it.

In: a document. Out: the spans of boilerplate in its text, each with the reason; nothing is edited.

Precision goes before recall: a span is named only where it can hardly be the author's own words.
Articles and posts are looked at, code and messages never, nor is anything inside a fenced block.
Every step is linear in the text.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from pydantic import field_validator

from twin.basics import phrases
from twin.basics.lines import Line, outside_code
from twin.components import BuildContext, CleanerComponent, Excluded, Options
from twin.documents import Document, Kind, Span

MENU_ITEM = 60
"""Code points of a menu's item at most."""

MENU = 3
"""Items of a menu at least; fewer are a list."""

BOX = 6
"""Lines from ``Share this post`` to ``Copy link`` at most: the title, wrapped, and the host."""

EDGE = 15
"""Lines at the beginning and at the end of a text among which notices and counters stand."""

SHARE_BOX = "a box for sharing"
BUTTONS = "buttons of the page"

WIDTH = 2_000
"""Code points of a line that a person's own pattern is tried on; the rest of it is prose."""

_IN_PAGE = re.compile(r"\[[^\[\]]{1,200}\]\(#[^()\s]{0,200}\)")
_INNER_LINK = re.compile(r"\[[^\[\]]{1,100}\]\(/?(?![a-z]+:)[^()\s]{0,200}\)")
_BARE_IMAGE = re.compile(
    r"[ \t]*(?:!\[[ \t]*\]\([^()\s]{1,2000}(?:\([^()\s]{0,200}\))?[^()\s]{0,500}\)"
    r"|\[!\[[ \t]*\]\([^()\s]{1,2000}\)\]\([^()\s]{1,2000}\)"
    r"|<img(?![^<>]{0,2000}\balt\s*=\s*(?:\"[^\"]|'[^']|[^\"'\s>]))[^<>]{0,2000}>)[ \t]*"
)
_ICON = re.compile(r"__[ \t]*|__\w.*|.*[^\s_*][*\s]*[ \t]__|(?:\*[ \t]?){3,}")


class BoilerplateOptions(Options):
    """Options of the cleaner `boilerplate`.

    Attributes:
        patterns: regular expressions; a line is left out if one matches all of it, its leading
            and trailing white space aside.
    """

    patterns: tuple[str, ...] = ()

    @field_validator("patterns")
    @classmethod
    def _compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                matches_nothing = re.compile(pattern).fullmatch("")
            except re.error as error:
                message = f"{pattern!r} is no regular expression: {error}"
                raise ValueError(message) from error
            if matches_nothing:
                message = f"{pattern!r} matches an empty line, and so might match them all"
                raise ValueError(message)
        return value


def build_boilerplate(options: BoilerplateOptions, ctx: BuildContext) -> "Boilerplate":
    """Return the cleaner; it needs nothing of the context."""
    del ctx
    return Boilerplate(options)


class Boilerplate:
    """Names the spans of a text that surround the writing and are no part of it."""

    def __init__(self, options: BoilerplateOptions) -> None:
        self._own = [re.compile(pattern) for pattern in options.patterns]

    def __call__(self, document: Document) -> Iterable[Excluded]:
        """Return the spans in order, none of which overlaps another.

        A document that would lose every word keeps them all: then they are what was written.
        """
        if document.kind not in {Kind.ARTICLE, Kind.POST}:
            return []
        text = document.text
        comments, lines = outside_code(text)
        steps: tuple[Callable[[list[Line]], None], ...] = (
            self._own_patterns,
            _images,
            _share_boxes,
            _sentences,
            _labels,
            _contents,
            _menus,
        )
        for step in steps:
            step(lines)
        found = _joined(text, sorted([*comments, *_excluded(lines)], key=lambda e: e.span))
        return found if _something_left(text, found) else []

    def _own_patterns(self, lines: list[Line]) -> None:
        for pattern in self._own:
            for line in lines:
                if pattern.fullmatch(line.text.strip()[:WIDTH]):
                    line.reason = line.reason or f"matches {pattern.pattern!r}"


def _images(lines: list[Line]) -> None:
    for line in lines:
        pictured = "](" in line.text or "<img" in line.text
        if pictured and len(line.text) <= 2 * WIDTH and _BARE_IMAGE.fullmatch(line.text):
            line.reason = line.reason or "an image without words"


def _share_boxes(lines: list[Line]) -> None:
    """Mark the box that Substack repeats: its call, the post's title, its host, its buttons."""
    for index, line in enumerate(lines):
        if line.label != "share this post":
            continue
        ahead = [other.label for other in lines[index : index + BOX + 1]]
        if "copy link" in ahead:
            for other in lines[index : index + ahead.index("copy link") + 1]:
                other.reason = other.reason or SHARE_BOX


def _sentences(lines: list[Line]) -> None:
    """Mark paragraphs that are nothing but a call to subscribe, share, follow or comment."""
    for block in _blocks(lines):
        length = sum(len(line.text) for line in block)
        if length <= phrases.SENTENCE and (
            reason := phrases.call(" ".join(line.label for line in block))
        ):
            for line in block:
                line.reason = line.reason or reason


def _blocks(lines: list[Line]) -> Iterator[list[Line]]:
    """Yield paragraphs and list items: what a blank line, a bullet or a hard break sets apart."""
    block: list[Line] = []
    for line in lines:
        alone = line.is_item or line.level > 0
        if block and (
            alone
            or block[-1].level
            or line.number != block[-1].number + 1
            or block[-1].text.endswith(("  ", "\\"))
        ):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _labels(lines: list[Line]) -> None:
    """Mark runs of buttons. What may be a word of the author's counts only beside a sure one."""
    run: list[Line] = []
    sure = False
    edges = {line.number for line in (*lines[:EDGE], *lines[-EDGE:])}
    for line in lines:
        if _surely(line, at_edge=line.number in edges):
            run.append(line)
            sure = True
        elif _perhaps(line):
            run.append(line)
        else:
            _press(run, sure=sure)
            run, sure = [], False
    _press(run, sure=sure)


def _press(run: list[Line], *, sure: bool) -> None:
    for button in run if sure else ():
        button.reason = button.reason or BUTTONS


def _surely(line: Line, *, at_edge: bool) -> bool:
    if line.reason in {SHARE_BOX, phrases.COMMENTS, phrases.PLATFORM}:
        return True
    if line.is_item or (line.level and line.label not in phrases.SURE_HEADINGS):
        return False
    return line.label in phrases.SURE or (
        at_edge and phrases.NOTICE.fullmatch(line.label) is not None
    )


def _perhaps(line: Line) -> bool:
    plain = not line.is_item and not line.level
    return (plain and line.label in phrases.UNSURE) or _counter(line)


def _counter(line: Line) -> bool:
    """Return whether a line is a bare number, as beside a heart, or a lone sign of a heading."""
    bare = line.text.strip()
    return bare == "#" or (
        len(bare) <= len("99.9K") and bare.rstrip("Kk").replace(".", "").isdigit()
    )


def _contents(lines: list[Line]) -> None:
    """Mark tables of contents: lists of nothing but links into the page, or of its headings."""
    headings = {line.label for line in lines if line.level}
    for first, last in _lists(lines):
        items = lines[first:last]
        before = lines[first - 1] if first else None
        titled = before is not None and before.label.rstrip(":") in phrases.CONTENTS
        linked = all(_IN_PAGE.fullmatch(line.item) for line in items)
        named = titled and sum(line.label in headings for line in items) * 5 >= len(items) * 4
        if len(items) > 1 and (linked or named):
            for line in [before, *items] if titled and before else items:
                line.reason = line.reason or "a table of contents"


def _menus(lines: list[Line]) -> None:
    """Mark navigation: lists of short items before the title, at an end, or full of icons."""
    title = next((i for i, line in enumerate(lines) if line.level == 1 and line.label), 0)
    first_long = next((i for i, line in enumerate(lines) if not _short(line)), len(lines))
    kept = [index for index, line in enumerate(lines) if not line.reason]
    for first, last in _lists(lines):
        items = lines[first:last]
        if len(items) < MENU or not all(_short(line) for line in items):
            continue
        icons = sum(_ICON.fullmatch(line.item) is not None for line in items)
        before_title = last <= min(title, first_long)
        at_an_end = bool(kept) and (first <= kept[0] or last > kept[-1])
        if icons > 1 or before_title or (at_an_end and _leads_around(items)):
            for line in items:
                line.reason = line.reason or "a menu"
    _breadcrumbs(lines, title)


def _leads_around(items: list[Line]) -> bool:
    """Return whether all items lead to places of a site, half of them to those that all have."""
    places = sum(line.label in phrases.PLACES for line in items)
    others = sum(
        line.label not in phrases.PLACES and _INNER_LINK.fullmatch(line.item) is not None
        for line in items
    )
    return places + others == len(items) and places >= others


def _breadcrumbs(lines: list[Line], title: int) -> None:
    """Mark what is left before the title if a menu was there: icons and the path to the page."""
    above = lines[:title]
    if any(line.reason == "a menu" for line in above) and all(_short(line) for line in above):
        for line in above:
            if line.is_item or not line.label:
                line.reason = line.reason or "a menu"


def _lists(lines: list[Line]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of lines that are list items with nothing else between them."""
    first: int | None = None
    for index, line in enumerate(lines):
        if line.is_item:
            first = index if first is None else first
        elif first is not None:
            yield first, index
            first = None
    if first is not None:
        yield first, len(lines)


def _short(line: Line) -> bool:
    """Return whether a line can be an item of a menu: few words, no sentence, no code."""
    return (
        len(line.label) <= MENU_ITEM
        and "`" not in line.text
        and not line.label.endswith((".", "!", "?", ",", ";", ":"))
    )


def _excluded(lines: Iterable[Line]) -> Iterator[Excluded]:
    for line in lines:
        if line.reason:
            yield Excluded(Span(line.start, line.end), line.reason)


def _joined(text: str, found: Iterable[Excluded]) -> list[Excluded]:
    """Return the spans without overlap; those of one reason with only blanks between are one."""
    joined: list[Excluded] = []
    for this in found:
        if joined:
            last = joined[-1]
            start = max(this.span.start, last.span.end)
            if this.span.end <= last.span.end:
                continue
            if last.reason == this.reason and not text[last.span.end : start].strip():
                joined[-1] = Excluded(Span(last.span.start, this.span.end), last.reason)
                continue
            joined.append(Excluded(Span(start, this.span.end), this.reason))
        else:
            joined.append(this)
    return joined


def _something_left(text: str, found: Iterable[Excluded]) -> bool:
    position = 0
    for this in found:
        if text[position : this.span.start].strip():
            return True
        position = this.span.end
    return bool(text[position:].strip())


COMPONENTS = (
    CleanerComponent(
        name="boilerplate",
        summary="Leaves out menus, buttons, sign-up calls, notices and HTML comments",
        options=BoilerplateOptions,
        build=build_boilerplate,
    ),
)
