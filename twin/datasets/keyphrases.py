"""What a passage is about, in a few words: names, code words, and what stands where nouns stand.

In: all passages. Out: of one of them the phrases that tell it from the others. No tagger is asked: whether
a word is a noun is told by what stands before it throughout the corpus ("the shed", "of rope" against
"we moor", "is cold"). That is English; for other languages the words that weigh most stand alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from twin.datasets.rules import FUNCTION_WORDS
from twin.datasets.words import WORD, prose

SHORTEST: Final = 4
LONGEST_PHRASE: Final = 2
"""Words of a phrase; a name may have one more."""

_DIGITS: Final = frozenset("0123456789_")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOMINAL: Final = _set(
    """
    the a an this these those my our your its his her their each every no another of with for in on
    from by into via about without between against under through per
    """
)
"""What stands before a noun, or before what goes with one."""

_VERBAL: Final = _set(
    """
    to i we you they he she it who can could will would should may might must shall do does did
    don't doesn't didn't not never is are was were be been being am very so too more most just also
    as have has had having i'm it's that's you're we're there
    """
)
"""What stands before a verb, a participle or an adjective that stands alone."""

_EMPTY: Final = _set(
    """
    thing things stuff something anything everything nothing someone anyone everyone lot lots bit
    kind sort piece pieces part parts case cases point points example examples reason reasons fact
    facts idea ideas place places time times today yesterday moment week weeks month months year
    years days hours minutes people person rest other others same first second last next previous
    following few whole amount number numbers half couple right left look sense means order addition
    general question answer problem problems solution works want need make made take using used like
    back here well good great nice best better different various certain entire above below current
    single simple main only actual particular specific itself themselves myself however instead
    because almost either already still always often maybe perhaps again ever yet quite really
    """
)
"""Words that stand where nouns do and tell nothing, and those that only go before one."""

_CODE: Final = re.compile(r"(?<!`)`([A-Za-z@][\w.@/:-]{2,30})`(?!`)")
_FENCE: Final = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_MARKS: Final = re.compile(r"(?<!\w)[*_]+|[*_]+(?!\w)")
_TOKEN: Final = re.compile(rf"({WORD.pattern})|([^\w\s'’-]+|\n\s*\n|\s-+\s)")
_NAMED: Final = re.compile(r"[A-Z]|\w+[A-Z]")
_ENDINGS: Final = ("ly", "ing", "ed")
_ONCE: Final = 0.75
_TWO: Final = 1.2
_NAME: Final = 1.25


@dataclass(slots=True)
class _Phrase:
    text: str
    place: int
    count: int = 0
    factor: float = 1.0


class Keyphrases:
    """Finds what passages are about.

    Args:
        texts: all of them.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._frequency: Counter[str] = Counter()
        self._nominal: Counter[str] = Counter()
        self._verbal: Counter[str] = Counter()
        self._size = 0
        for text in texts:
            self._size += 1
            plain = _plain(text)
            self._frequency.update(
                {w for w in map(str.casefold, WORD.findall(plain)) if _is_term(w)}
            )
            self._frequency.update({code.casefold() for code in _codes(text)})
            for before, words, _ in _runs(plain):
                last = words[-1].casefold()
                if before in _VERBAL:
                    self._verbal[words[0].casefold()] += 1
                elif before in _NOMINAL:
                    self._nominal[last] += 1

    def of(self, text: str, count: int) -> list[str]:
        """Return the phrases that weigh most in a text, in its order: `count` of them at most."""
        phrases = self._phrases(text) or self._words(text)
        ranked = sorted(phrases.values(), key=lambda p: (-self._weight(p), p.place))
        chosen: list[_Phrase] = []
        said: set[str] = set()
        for phrase in ranked:
            own = {word.removesuffix("s") for word in phrase.text.casefold().split()}
            if said.isdisjoint(own) and len(chosen) < count:
                chosen.append(phrase)
                said |= own
        return [phrase.text for phrase in sorted(chosen, key=lambda p: p.place)]

    def _phrases(self, text: str) -> dict[str, _Phrase]:
        found: dict[str, _Phrase] = {}

        def add(words: str, place: int, factor: float) -> None:
            phrase = found.setdefault(words.casefold(), _Phrase(words, place, factor=factor))
            phrase.count += 1
            phrase.factor = max(phrase.factor, factor)

        for place, code in enumerate(_codes(text)):
            add(code, place, 1.0)
        for number, (_, words, starts) in enumerate(_runs(_plain(text))):
            place = 1000 + number
            if name := _name(words, first=starts):
                add(name, place, _NAME)
                continue
            phrase = self._nouns(words)
            if phrase:
                joined = " ".join(phrase)
                add(_small(joined) if starts else joined, place, _TWO if len(phrase) > 1 else 1.0)
        return found

    def _nouns(self, words: list[str]) -> list[str]:
        """Return the last noun of a run of words, with the word before it if that describes it."""
        last = len(words) - 1
        # Behind another word that may be the noun, one that is a verb elsewhere is a verb.
        while last >= 0 and not self._is_noun(words[last], behind=last > 0):
            last -= 1
        begin = max(last - LONGEST_PHRASE + 1, 0)
        if begin < last and not self._describes(words[begin]):
            begin = last
        return words[begin : last + 1]

    def _words(self, text: str) -> dict[str, _Phrase]:
        found: dict[str, _Phrase] = {}
        for place, word in enumerate(WORD.findall(_plain(text))):
            if _is_term(word.casefold()):
                found.setdefault(word.casefold(), _Phrase(word, place)).count += 1
        return found

    def _weight(self, phrase: _Phrase) -> float:
        key = phrase.text.casefold()
        words = [key] if key in self._frequency else key.split()
        rare = [math.log((self._size + 1) / (self._frequency[word] + 0.5)) for word in words]
        # What is there once may be anything: a slip, a joke, a name that nobody asks for.
        once = _ONCE if all(self._frequency[word] < 2 for word in words) else 1.0  # noqa: PLR2004
        return (1 + math.log(phrase.count)) * sum(rare) / len(rare) * phrase.factor * once

    def _is_noun(self, word: str, *, behind: bool) -> bool:
        key = word.casefold()
        if key in _EMPTY or not _is_term(key) or "'" in key or "’" in key:
            return False
        forms = {key, key.removesuffix("s"), key.removesuffix("es")}
        nominal = sum(self._nominal[form] for form in forms)
        verbal = sum(self._verbal[form] for form in forms)
        return nominal > (3 * verbal + 1 if behind or key.endswith(_ENDINGS) else verbal)

    def _describes(self, word: str) -> bool:
        """Return whether a word may go before a noun, as an adjective or another noun does."""
        key = word.casefold()
        return (
            key not in _EMPTY
            and _is_term(key)
            and not key.endswith("ly")
            and 2 * self._nominal[key] >= self._verbal[key]
        )


def _plain(text: str) -> str:
    return _MARKS.sub(" ", prose(text))


def _codes(text: str) -> Iterator[str]:
    """Yield the words of a text that are set as code."""
    for found in _CODE.finditer(_FENCE.sub(" ", text)):
        if sum(map(str.isalpha, found[1])) >= SHORTEST:
            yield found[1]


def _runs(plain: str) -> Iterator[tuple[str, list[str], bool]]:
    """Yield runs of words that are no function words: the word before, they, and whether they begin."""
    before, run, starts, fresh = "", list[str](), True, True
    for token in _TOKEN.finditer(plain):
        word = token[1]
        if word and word.casefold().replace("’", "'") not in FUNCTION_WORDS | _VERBAL | _NOMINAL:
            if not run:
                starts = fresh
            run.append(word)
        else:
            if run:
                yield before, run, starts
            before, run = (word or "").casefold().replace("’", "'"), []
        fresh = word is None
    if run:
        yield before, run, starts


def _name(words: list[str], *, first: bool) -> str:
    """Return the name in a run of words: up to three in a row that are written like one."""
    best: list[str] = []
    current: list[str] = []
    for place, word in enumerate(words):
        named = bool(_NAMED.match(word)) and word.casefold() not in _EMPTY
        # A capital at the beginning of a sentence says nothing, unless more of them follow in the word.
        if place == 0 and first and named and not _NAMED.match(word[1:]):
            named = len(words) > 1 and bool(_NAMED.match(words[1]))
        current = [*current, word] if named else []
        if len(current) > len(best):
            best = current
    text = " ".join(best[: LONGEST_PHRASE + 1])
    return text if len(text) >= SHORTEST - 1 and any(map(str.isalpha, text)) else ""


def _small(text: str) -> str:
    return text if _NAMED.match(text[1:]) else text[:1].lower() + text[1:]


def _is_term(key: str) -> bool:
    return (
        len(key) >= SHORTEST
        and key.replace("’", "'") not in FUNCTION_WORDS
        and not _DIGITS & set(key)
    )
