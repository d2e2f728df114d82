"""Read the filters out of a question, by rules.

In: a question, the authors and platforms that there are, and today's date. Out: authors, kinds,
platforms and a period, and a note for each. The rules only read: a name that nobody has widens the
search instead of emptying it, and nothing is ever created.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from twin.documents import Audience, Kind, author_slug, epoch, topic_key
from twin.points import Filters
from twin.retrieve.languages import read_languages
from twin.retrieve.periods import CLAUSE_GOES_ON, read_period
from twin.warehouse.protocol import Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a question asks for, besides its subject.

    Attributes:
        since: ISO date, inclusive.
        until: ISO date, exclusive.
        languages: as ISO 639-1; like topics and entities, only what was asked for in so many words
            (an option of a command), and never dropped.
        topics: any of them, in any spelling.
        entities: any of them, in any spelling.
        preferred: languages that a question names: what is written in them is put forward, and
            nothing else is left out.
        notes: what a person should know: a name that nobody has, a filter that was dropped.
    """

    authors: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    platforms: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
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
            languages=self.languages,
            topics=tuple(map(topic_key, self.topics)),
            entities=tuple(map(topic_key, self.entities)),
        )

    def noting(self, note: str) -> "Found":
        """Return the same with one more note."""
        return replace(self, notes=(*self.notes, note))

    def completed(self, other: "Found") -> "Found":
        """Return these filters, and the other's where there are none of a kind."""
        dated = self.since or self.until
        return replace(
            self,
            authors=self.authors or other.authors,
            kinds=self.kinds or other.kinds,
            platforms=self.platforms or other.platforms,
            since=self.since if dated else other.since,
            until=self.until if dated else other.until,
        )

    def within(self, chosen: "Found") -> "Found":
        """Return these filters as narrowed by others, which somebody chose and which always hold.

        Where the two exclude each other, the chosen ones win, and a note says so.
        """
        notes = list(self.notes)

        def both(mine: Sequence[Any], theirs: Sequence[Any], what: str) -> tuple[Any, ...]:
            shared = tuple(one for one in mine if one in theirs)
            if mine and theirs and not shared:
                notes.append(f"the settings name other {what} than the question: they were kept")
            return shared or tuple(theirs or mine)

        since = max(filter(None, (self.since, chosen.since)), default=None, key=epoch)
        until = min(filter(None, (self.until, chosen.until)), default=None, key=epoch)
        if since and until and epoch(since) >= epoch(until):
            since, until = chosen.since, chosen.until
            notes.append("the settings name another period than the question: it was kept")
        return Found(
            authors=both(self.authors, chosen.authors, "authors"),
            kinds=both(self.kinds, chosen.kinds, "kinds"),
            platforms=both(self.platforms, chosen.platforms, "platforms"),
            since=since,
            until=until,
            languages=chosen.languages or self.languages,
            topics=chosen.topics or self.topics,
            entities=chosen.entities or self.entities,
            preferred=self.preferred,
            notes=tuple(notes),
        )

    def widened(self) -> Iterator[tuple["Found", list[str]]]:
        """Yield the filters as found, and then with one kind of them dropped after the other.

        With each stands what was dropped, as it goes on after "nothing was written".
        """
        found, dropped = self, list[str]()
        yield found, dropped
        for there, without, words in (
            (self.since or self.until, {"since": None, "until": None}, "in that period"),
            (self.kinds, {"kinds": ()}, "in that kind of writing"),
            (self.platforms, {"platforms": ()}, "there"),
            (self.authors, {"authors": ()}, "by them"),
        ):
            if there:
                found, dropped = replace(found, **without), [*dropped, words]
                yield found, dropped


EVERYTHING = Found()
"""No filter at all."""

_OWNER = r"(?:your|his|her|their|\w+['’]s)"
_ANY_OWNER = r"(?:my|our|your|his|her|their|\w+['’]s)"
_AGE = r"(?:(?:early|earlier|first|last|latest|old|older|other|own|public|private|recent) )?"
_KIND_WORDS = {
    # Of a blog's articles most people say posts, so that word does not leave them out.
    Kind.ARTICLE: r"articles|essays|blog ?posts|notes|posts",
    Kind.POST: r"(?<!blog )posts|tweets|toots|updates|comments",
    Kind.CODE: r"repositories|repos",
    Kind.MESSAGE: r"messages|e?-?mails|chats|conversations",
}
_KIND = {
    kind: re.compile(
        rf"\b(?:in|from|among) (?:{_ANY_OWNER}|any|some|which|what) {_AGE}(?:{words}){CLAUSE_GOES_ON}"
        rf"|\bof {_ANY_OWNER} {_AGE}(?:{words}){CLAUSE_GOES_ON}",
        re.IGNORECASE,
    )
    for kind, words in _KIND_WORDS.items()
}
# "In my code" is said by whoever has a bug; "in your code" is said to an author.
_IN_CODE = re.compile(
    rf"\bin {_OWNER} {_AGE}(?:source )?code(?! of\b){CLAUSE_GOES_ON}", re.IGNORECASE
)
_IN_ARTICLE = re.compile(r"\bin (?:which|what) (?:article|essay|blog ?post)\b", re.IGNORECASE)

_NAME = r"[A-Z][\w'-]*(?: [A-Z][\w'-]*){0,2}"
_THINKS = r"think|believe|feel|argue"
_SAYS = rf"{_THINKS}|say|said|write|wrote|written|recommend|suggest|advise|prefer|claim"
_ASKED_OF = re.compile(
    rf"\b(?:does|did|do|has|had|would|is|was) (?!I\b)({_NAME}) ({_SAYS})\b"
    rf"|\b[Aa]ccording to (?!I\b)({_NAME})|\b(?:said|written|writes) by (?!I\b)({_NAME})\b"
)
_ORDINARY = frozenset(
    """
    april art august bill buck chance chase chip christian crystal dawn dean drew earl faith frank gene
    grace grant guy hope iris ivy jack jade joy june lance lily major mark max may miles pat pearl
    penny ray rich rob rose ruby rusty sandy sky star sue summer victor violet wade ward will
    """.split()  # noqa: SIM905 - a list of fifty words would be fifty lines
)
"""Names that are words too: they name a person only where nothing else can stand."""
_SHORT = 4
"""A lower-case handle of fewer letters, as in "pi", is more often a word."""

_BASE = r"(?:say|write|post|publish|share|tweet|toot|mention|think|argue)"
_PAST = r"(?:said|wrote|written|posted|published|shared|tweeted|tooted|mentioned|argued)"
_WRITING = (
    r"(?:posts|articles|essays|notes|comments|toots|tweets|updates|repos|repositories|messages)"
)
_WHO = r"(?:I|you|we|he|she|they|[A-Z]\w+(?: [A-Z]\w+)?)"
_OTHER = r"(?:[\w-]+(?: [\w-]+)? (?:and|or) )?"
_NO_PLACE = frozenset({"code", "file", "web"})
"""Platforms that say how a document came, which is nothing that a person asks for."""


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
    since, until = read_period(question, today)
    return replace(
        found,
        kinds=_kinds(question),
        platforms=_platforms(question, platforms),
        since=since,
        until=until,
        preferred=read_languages(question),
    )


def _authors(
    question: str, authors: Sequence[Author], resolve: Callable[[str], str | None]
) -> Found:
    asked = _folded(question)
    named: list[str] = []
    firsts: dict[str, set[str]] = {}
    for author in authors:
        for name in (author.name, *author.aliases):
            # A handle is asked of with its sign and without.
            words = _folded(name).removeprefix("@").split()
            if len(words) == 1 and _names(words[0], asked):
                named.append(author.slug)
            if len(words) > 1:
                whole = r"\s+".join(re.escape(word) for word in words)
                if re.search(rf"(?<![\w-]){whole}(?![\w-])", asked, re.IGNORECASE):
                    named.append(author.slug)
                firsts.setdefault(words[0], set()).add(author.slug)
    for first, slugs in firsts.items():
        # A first name counts if one person has it.
        if len(slugs) == 1 and len(first) > 2 and _names(first, asked):  # noqa: PLR2004
            named += slugs
    found = Found(authors=tuple(dict.fromkeys(named))) if named else _asked_of(asked, resolve)
    # Of a single author everything is theirs, and what states no author should be found too.
    return replace(found, authors=()) if len(authors) == 1 else found


def _folded(text: str) -> str:
    """Return a text without accents and with straight apostrophes, its case kept."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not "\u0300" <= c <= "\u036f").replace("’", "'")


def _names(name: str, question: str) -> bool:
    """Return whether a single word stands in a question as somebody's name."""
    word = re.escape(name)
    person = (
        rf"\b(?:does|did|has|had|would|is|was) {word} (?:{_SAYS})\b|\baccording to {word}(?![\w-])"
        rf"|\b(?:said|written|writes|posts|notes|articles|essays) by {word}(?![\w-])"
        rf"|(?<![\w-]){word}'s\b|(?<![\w-]){word} (?:says|thinks|writes|wrote|believes|argues)\b"
    )
    cased = 0 if name.casefold() in _ORDINARY else re.IGNORECASE
    # After or before another capitalised word it is a part of somebody else's name.
    form = re.search(person, question, cased)
    if form and not re.search(rf"(?<!^)(?<![.?!] )\b[A-Z]\w+ {word}\b", question):
        return True
    if name.casefold() in _ORDINARY:
        return False
    for match in re.finditer(rf"(?<![\w-]){word}(?![\w-])", question, re.IGNORECASE):
        before, after = question[: match.start()], question[match.end() :]
        if match[0][0].isupper():
            first = re.search(r"(?:^|[.?!])\W*(?:[A-Z]\w*\W+)?$", before)
            alone = first or not re.search(r"\b[A-Z]\w+ $", before)
            if alone and not re.match(r" [A-Z]\w", after):
                return True
        elif name[0].islower() and len(name) >= _SHORT:
            return True
    return False


def _asked_of(question: str, resolve: Callable[[str], str | None]) -> Found:
    """Return the author whom a question asks of by its form, as in "what does Ada think"."""
    found = Found()
    for match in _ASKED_OF.finditer(question):
        name = (match[1] or match[3] or match[4]).removesuffix("'s")
        slug = resolve(name)
        # "What does SQLite recommend" is a question, and SQLite is nobody who could have written.
        person = " " in name or match[4] or re.fullmatch(_THINKS, match[2] or "")
        if slug is not None:
            found = replace(found, authors=(*found.authors, slug))
        elif author_slug(name) and person:
            found = found.noting(f"nobody here is called {name}: everyone was searched")
    return replace(found, authors=tuple(dict.fromkeys(found.authors)))


def _kinds(question: str) -> tuple[Kind, ...]:
    """Return the kinds that a question asks to look in, as in "in your posts"."""
    also = {Kind.CODE: _IN_CODE, Kind.ARTICLE: _IN_ARTICLE}
    return tuple(
        kind
        for kind, pattern in _KIND.items()
        if pattern.search(question) or (kind in also and also[kind].search(question))
    )


def _platforms(question: str, platforms: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms that a question asks to look on: where somebody wrote, or whose it is."""
    found = []
    for platform in platforms:
        if platform in _NO_PLACE:
            continue
        # The name of one letter, or in lower case, is a word: "on x", "in medium heat".
        name = rf"(?i:{re.escape(platform)})".replace(r"\-", "[- ]")
        if len(platform) == 1:
            name = re.escape(platform.upper())
        wrote = (
            rf"\b(?:[Dd]id|[Hh]ave|[Hh]as|[Hh]ad|[Ww]hat do|[Ww]hat does) {_WHO} (?:\w+ ){{0,2}}?"
            rf"(?:{_BASE}|{_PAST})|\b{_WHO} (?:\w+ )?{_PAST}|\b(?i:{_ANY_OWNER}) (?:\w+ )?{_WRITING}"
        )
        somewhere = rf"(?:{wrote})\b[^.?!]*? (?:on|in|to|via|from) (?:{_ANY_OWNER} )?{_OTHER}{name}"
        theirs = rf"\b(?:on|in|from|via) {_OWNER} {name}"
        ends = rf"(?:{CLAUSE_GOES_ON}|(?= {_WRITING}\b))"
        if re.search(rf"(?:{somewhere}|{theirs}){ends}", question):
            found.append(platform)
    return tuple(found)
