"""Read the filters out of a question, by rules.

In: a question, the authors and platforms that there are, and today's date. Out: authors, kinds,
platforms and a period, and a note for each. The rules only read: a name that nobody has widens the
search instead of emptying it, and nothing is ever created.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from twin.documents import Audience, Kind, author_slug, epoch
from twin.points import Filters
from twin.warehouse.protocol import Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a question asks for, besides its subject.

    Attributes:
        since: ISO date, inclusive.
        until: ISO date, exclusive.
        notes: what a person should know: a name that nobody has, a filter that was dropped.
    """

    authors: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    platforms: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    notes: tuple[str, ...] = ()

    def filters(self, audience: Audience) -> Filters:
        """Return the filters for the store."""
        return Filters(
            audience=audience,
            authors=self.authors,
            kinds=self.kinds,
            platforms=self.platforms,
            since=epoch(self.since) if self.since else None,
            until=epoch(self.until) if self.until else None,
        )

    def noting(self, note: str) -> "Found":
        """Return the same with one more note."""
        return replace(self, notes=(*self.notes, note))


_KIND_WORDS = {
    Kind.ARTICLE: r"articles?|essays?|blog ?posts?|notes?",
    Kind.POST: r"posts|tweets?|toots?|updates|comments",
    Kind.CODE: r"code|source(?: code)?|repositor(?:y|ies)|repos?",
    Kind.MESSAGE: r"messages?|mails?|e-?mails?|chats?|conversations?",
}
_OWNER = r"(?:my|your|his|her|their|our|the|any|some|which|what)"
_NAME = r"[A-Z][\w’'-]*(?: [A-Z][\w’'-]*){0,2}"
_SAYS = (
    r"think|say|said|write|wrote|written|believe|argue|recommend|feel|suggest|advise|prefer|claim"
)
_ASKED_OF = re.compile(
    rf"\b(?:does|did|do|has|had|would|is|was) ({_NAME}) (?:{_SAYS})\b"
    rf"|\b[Aa]ccording to ({_NAME})|\bby ({_NAME})\b(?=[^a-z]*$)"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_MONTH = rf"(?:(?P<month{{n}}>{'|'.join(_MONTHS)})\.? (?:of )?)?(?P<year{{n}}>(?:19|20)\d\d)"
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}


def read_filters(
    question: str,
    *,
    authors: Sequence[Author],
    platforms: Sequence[str],
    resolve: Callable[[str], str | None],
    today: date,
) -> Found:
    """Return what a question asks for, besides its subject.

    Args:
        question: as it was asked.
        authors: everybody who has written something.
        platforms: every platform that a document has.
        resolve: gives the slug of a name or alias, None if nobody has it.
        today: what "last year" is counted from.
    """
    found = _authors(question, authors, resolve)
    since, until = _period(question, today)
    return replace(
        found,
        kinds=_kinds(question),
        platforms=_platforms(question, platforms),
        since=since,
        until=until,
    )


def _authors(
    question: str, authors: Sequence[Author], resolve: Callable[[str], str | None]
) -> Found:
    named: list[str] = []
    firsts: dict[str, list[str]] = {}
    for author in authors:
        for name in (author.name, *author.aliases):
            first = name.split()[0] if name.split() else ""
            firsts.setdefault(first, []).append(author.slug)
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question, re.IGNORECASE):
                named.append(author.slug)
    for first, slugs in firsts.items():
        # A first name counts if one person has it, and it stands in the question as a name.
        alone = len(set(slugs)) == 1 and len(first) > 2 and first[:1].isupper()  # noqa: PLR2004
        if alone and re.search(rf"(?<!\w){re.escape(first)}(?!\w)", question):
            named.append(slugs[0])
    found = Found(authors=tuple(dict.fromkeys(named))) if named else _asked_of(question, resolve)
    # Of a single author everything is theirs, and what states no author should be found too.
    return replace(found, authors=()) if len(authors) == 1 else found


def _asked_of(question: str, resolve: Callable[[str], str | None]) -> Found:
    """Return the author whom a question asks of by its form, as in "what does Ada think"."""
    found = Found()
    for match in _ASKED_OF.finditer(question):
        name = next(group for group in match.groups() if group)
        slug = resolve(name)
        if slug is not None:
            found = replace(found, authors=(slug,))
        elif author_slug(name):
            found = found.noting(f"nobody here is called {name}: everyone was searched")
    return found


def _kinds(question: str) -> tuple[Kind, ...]:
    """Return the kinds that a question asks to look in, as in "in your posts"."""
    return tuple(
        kind
        for kind, words in _KIND_WORDS.items()
        if re.search(
            rf"\b(?:in|from|among|of) {_OWNER} (?:\w+ )?(?:{words})\b", question, re.IGNORECASE
        )
    )


def _platforms(question: str, platforms: Sequence[str]) -> tuple[str, ...]:
    found = []
    for platform in platforms:
        name = re.escape(platform).replace(r"\-", "[- ]")
        if platform in {"file", "code"}:
            continue
        if re.search(rf"\b(?:on|in|from|to|via) (?:{_OWNER} )?{name}\b", question, re.IGNORECASE):
            found.append(platform)
    return tuple(found)


def _period(question: str, today: date) -> tuple[str | None, str | None]:
    """Return the period that a question asks about, as ISO dates, the second one exclusive."""
    text = question.lower()
    between = re.search(
        rf"\b(?:between|from) {_MONTH.format(n=1)} (?:and|to|until|till) {_MONTH.format(n=2)}\b",
        text,
    )
    if between:
        since, _ = _span(between["year1"], between["month1"])
        _, until = _span(between["year2"], between["month2"])
        return _ordered(since, until)
    one = re.search(
        rf"\b(?P<how>in|during|throughout|since|from|before|until|till|after|by) "
        rf"(?:early |mid-?|late |the year )?{_MONTH.format(n=1)}\b",
        text,
    )
    if one:
        start, end = _span(one["year1"], one["month1"])
        reaches: dict[str, tuple[str | None, str | None]] = {
            "since": (start, None),
            "from": (start, None),
            "after": (end, None),
            "before": (None, start),
            "until": (None, end),
            "till": (None, end),
            "by": (None, end),
        }
        return reaches.get(one["how"], (start, end))
    return _relative(text, today)


def _relative(text: str, today: date) -> tuple[str | None, str | None]:
    if re.search(r"\blast year\b", text):
        return _span(str(today.year - 1), None)
    if re.search(r"\bthis year\b", text):
        return _span(str(today.year), None)
    if re.search(r"\blast month\b", text):
        month = today.year * 12 + today.month - 2
        return _month_span(month)
    if re.search(r"\bthis month\b", text):
        return _month_span(today.year * 12 + today.month - 1)
    ago = re.search(
        rf"\b(?:in|over|during|within) the (?:last|past) "
        rf"(?P<count>\d{{1,2}}|{'|'.join(_NUMBERS)}) (?P<unit>years|months)\b",
        text,
    )
    if ago:
        count = _NUMBERS.get(ago["count"]) or int(ago["count"])
        months = count * (12 if ago["unit"] == "years" else 1)
        start, _ = _month_span(today.year * 12 + today.month - 1 - months)
        return start, None
    return None, None


def _span(year: str, month: str | None) -> tuple[str, str]:
    if month is None:
        return f"{year}-01-01", f"{int(year) + 1}-01-01"
    return _month_span(int(year) * 12 + _MONTHS[month] - 1)


def _month_span(month: int) -> tuple[str, str]:
    """Return the first day of a month, counted from year 0, and of the next."""
    start, end = divmod(month, 12), divmod(month + 1, 12)
    return f"{start[0]:04}-{start[1] + 1:02}-01", f"{end[0]:04}-{end[1] + 1:02}-01"


def _ordered(since: str, until: str) -> tuple[str, str]:
    return (since, until) if since < until else (until, since)
