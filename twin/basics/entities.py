"""Named entities: the people, places and things that a text names, told by how names are written.

In: a document. Out: names as they are written. No model: those that find names well are fetched
from hubs, and what is fetched behind one's back has no place here. A name is what is capitalised
where no rule of spelling asks for it, what is set together like NixOS, and what a link is named by.
`python -m benchmarks.enrichment` says how much of what there is that finds.
"""

import re
from collections import Counter
from typing import Final

from pydantic import Field

from twin.basics.prose import linked, prose
from twin.basics.topics import STOP_WORDS
from twin.components import BuildContext, Enricher, Options
from twin.documents import Document, Enrichment, Kind

_WORD: Final = re.compile(r"[^\W\d_][\w&]*(?:[-.'’+#][\w+#]+)*[+#]*")
_JOINED: Final = re.compile(r"[ \t]+|[ \t]*&[ \t]*")
_SMALL: Final = frozenset(
    {"of", "de", "del", "der", "den", "van", "von", "la", "le", "the", "y", "zu"}
)
"""Words that stand small inside of a name."""
_BEGINS: Final = re.compile(r"(?:^|[.!?…:;]['\"”’)*\]]*|[“„«\"(\[•]|\n)\s*$")
_CAMEL: Final = re.compile(r"[^\W\d_]+[a-z\d][A-Z]\w*|[a-z][A-Z]\w+")
_ACRONYM: Final = re.compile(r"[A-Z][A-Z\d&]{1,6}")
_NUMBER: Final = re.compile(r"[ \t]+(\d+(?:\.\d+)*)(?![\w.])")

_NOT_NAMES: Final = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july
    august september october november december i i'm i've i'd i'll ok okay yes no mr mrs ms dr prof hi
    hello dear thanks thank please update edit note todo tl;dr tldr fixme faq pm am etc figure table
    chapter section part step example warning tip http https url html css json yaml xml pdf api cli ui
    montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz mai juni juli oktober
    dezember lundi mardi mercredi jeudi vendredi samedi dimanche
    """.split()  # noqa: SIM905 - a list of eighty words would be eighty lines
)
"""Words that are written large and name nobody, and file formats that every page speaks of."""

_NO_NAMES: Final = _NOT_NAMES | STOP_WORDS

_CAPITALISING: Final = 0.22
"""In a language that writes its nouns large, a larger share of the words inside of sentences is: 30%
and more in German, 5 to 15% in English prose."""
_DETERMINED: Final = re.compile(
    r"\b(?:d(?:er|ie|as|en|em|es)|[dms]?ein(?:e[mnrs]?)?|kein(?:e[mnrs]?)?|[iI]hre?[mnrs]?|unsere?[mnrs]?"
    r"|viele?[nr]?|alle[mnrs]?|jede[mnrs]?|diese[mnrs]?|[aiz]m|zu[mr]|vo[mn])\s+$"
)
"""In German, what stands in front of nouns and seldom of names."""
_LEAST: Final = 40
"""Words by which that share can be told."""


class EntitiesOptions(Options):
    """How many names are kept."""

    most: int = Field(default=20, ge=1, le=50, description="Most names of a text.")


class Entities:
    """Finds the names in a document.

    Args:
        options: how many are kept.
    """

    def __init__(self, options: EntitiesOptions) -> None:
        self._options = options

    def __call__(self, document: Document) -> Enrichment:
        """Return the names, the most frequent first; none for code."""
        if document.kind is Kind.CODE:
            return Enrichment()
        counts = names(document.text)
        ranked = sorted(counts, key=lambda name: (-counts[name], name))
        return Enrichment(entities=tuple(ranked[: self._options.most]))


def build_entities(options: EntitiesOptions, ctx: BuildContext) -> Enricher:
    """Return the entities."""
    del ctx
    return Entities(options)


def names(text: str) -> Counter[str]:
    """Return the names in a text with how often each stands there."""
    plain = prose(text, headed=False)
    words = list(_WORD.finditer(plain))
    # What is also written small is a word that began a sentence.
    small = {word[0] for word in words if word[0][0].islower()}
    inside = [word for word in words if not _begins(plain, word.start())]
    large = sum(1 for word in inside if word[0][0].isupper())
    nouns = len(inside) >= _LEAST and large > _CAPITALISING * len(inside)
    counts: Counter[str] = Counter()
    position = 0
    while position < len(words):
        run = _run(plain, words, position)
        if not run:
            position += 1
            continue
        position += len(run)
        counts.update(_named(plain, run, small, nouns=nouns))
    for label in linked(text):
        if _is_title(label):
            counts[label] = max(counts[label], 1)
    return _whole(counts)


def _begins(text: str, start: int) -> bool:
    """Return whether a sentence, a line or a quotation begins at a place."""
    return bool(_BEGINS.search(text, max(0, start - 40), start)) or start == 0


def _run(text: str, words: list[re.Match[str]], position: int) -> list[re.Match[str]]:
    """Return the words from a position on that are written large and stand together."""
    if not _large(words[position][0]):
        return []
    run = [words[position]]
    at = position + 1
    while at < len(words):
        between = text[words[at - 1].end() : words[at].start()]
        if not _JOINED.fullmatch(between):
            break
        word = words[at][0]
        if _large(word):
            run = words[position : at + 1]
        elif word not in _SMALL or not (at + 1 < len(words)):
            break
        at += 1
    return run


def _large(word: str) -> bool:
    return word[0].isupper() or bool(_CAMEL.fullmatch(word))


def _named(text: str, run: list[re.Match[str]], small: set[str], *, nouns: bool) -> list[str]:
    """Return the name that a run of large words is; none if it is the beginning of a sentence."""
    run = _trimmed(text, run, small)
    words = [_plain(word) for word in run]
    if (
        len(words) > 1
        and nouns
        and _DETERMINED.search(text, max(0, run[0].start() - 20), run[0].start())
    ):
        return []
    if len(words) != 1:
        return [" ".join(words)] if any(w.casefold() not in STOP_WORDS for w in words) else []
    word = words[0]
    if len(word) < 2 or word.casefold() in small or (nouns and not _sure(word)):  # noqa: PLR2004
        return []
    number = _NUMBER.match(text, run[0].end())
    return [word, f"{word} {number[1]}"] if number and not _ACRONYM.fullmatch(word) else [word]


def _trimmed(text: str, run: list[re.Match[str]], small: set[str]) -> list[re.Match[str]]:
    """Return a run without the words at its ends that are large for another reason."""
    if _begins(text, run[0].start()) and not _sure(_plain(run[0])):
        first = _plain(run[0]).casefold()
        if len(run) == 1 or first in small:
            run = run[1:]
    while run and _plain(run[0]).casefold() in _NO_NAMES:
        run = run[1:]
    while run and _plain(run[-1]).casefold() in _NO_NAMES:
        run = run[:-1]
    return run


def _plain(word: re.Match[str]) -> str:
    return word[0].replace("’", "'").removesuffix("'s")


def _sure(word: str) -> bool:
    """Return whether a word is written as no ordinary word is: NixOS, GPU, C++."""
    return bool(_CAMEL.fullmatch(word) or _ACRONYM.fullmatch(word) or word[-1] in "+#")


def _is_title(label: str) -> bool:
    words = label.split()
    first, last = words[0], words[-1]
    if not 1 < len(words) <= 5 or not (_large(first) and _large(last)):  # noqa: PLR2004
        return False
    inside = all(_large(word) or word in _SMALL for word in words)
    return inside and first.casefold() not in _NO_NAMES


def _whole(counts: Counter[str]) -> Counter[str]:
    """Return the names, a part of one longer name counted to it where it names nobody else."""
    for name in [name for name in counts if " " not in name]:
        longer = [other for other in counts if other != name and name in other.split()]
        if len(longer) == 1 and not longer[0].removeprefix(f"{name} ").replace(".", "").isdigit():
            counts[longer[0]] += counts.pop(name)
    return counts
