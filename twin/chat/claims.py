"""What a sentence claims that can be compared word for word: numbers, names, and what it denies.

In: a sentence. Out: a `Claim`. The words and forms are English; numbers, and names by their capitals,
are those of most languages that have capitals.
"""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from twin.chat.english import IRREGULAR, NEGATIONS, OPPOSITES, SOFT, STOP
from twin.chat.figures import numbers

_TOKEN: Final = re.compile(
    r"(?P<number>(?<![\w.])\d+(?:[.,:]\d+)*)|(?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)"
    r"|(?P<mixed>\w+)|(?P<stop>[.!?;:,()—–\n])"
)

_PREFIX: Final = re.compile(r"(?:un|in|im|ir|dis|non|de)(\w{3,})")

_SCOPE: Final = 4
"""Words with a meaning of their own that a negation reaches, within its clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A sentence taken apart.

    Attributes:
        stems: of the words that have a meaning of their own.
        numbers: their values, as texts.
        names: proper nouns in lower case, as they stand, without those that only begin a sentence.
        doubtful: capitalised words that begin a sentence, and so may be names.
        denied: stems within the reach of a negation.
        negations: how many there are.
        words: all words in lower case.
    """

    stems: frozenset[str]
    numbers: tuple[str, ...]
    names: frozenset[str]
    doubtful: frozenset[str]
    denied: frozenset[str]
    negations: int
    words: frozenset[str]


@lru_cache(maxsize=4096)
def claim_of(text: str) -> Claim:
    """Return what a sentence, or a few of them, claim."""
    plain = _plain(text)
    names, doubtful, denied = set[str](), set[str](), set[str]()
    stems, words = set[str](), set[str]()
    negations = reach = 0
    begins = True
    for match in _TOKEN.finditer(plain):
        if match["stop"]:
            # A clause ends here, and with it the reach of a negation; a sentence may begin.
            reach = 0
            begins = begins or match["stop"] in ".!?:\n"
            continue
        token = match[0]
        lower = token.lower().replace("’", "'")
        words.add(lower)
        if match["word"]:
            _name(token, names, doubtful, begins=begins)
        begins = False
        if lower in NEGATIONS or lower.endswith("n't"):
            negations += 1
            reach = _SCOPE
            if lower.endswith("n't"):
                continue
        elif lower not in STOP and match["word"]:
            stem = stemmed(lower)
            stems.add(stem)
            if reach:
                denied.add(stem)
                reach -= 1
    return Claim(
        stems=frozenset(stems),
        numbers=tuple(numbers(plain)),
        names=frozenset(names),
        doubtful=frozenset(doubtful),
        denied=frozenset(denied),
        negations=negations,
        words=frozenset(words),
    )


def _name(token: str, names: set[str], doubtful: set[str], *, begins: bool) -> None:
    lower = token.lower().replace("’", "'").removesuffix("'s")
    if not token[0].isupper() or lower in STOP or lower in {"i", "o", "ok"} or len(lower) < 2:  # noqa: PLR2004
        return
    capitals = sum(character.isupper() for character in token)
    if begins and capitals == 1:
        doubtful.add(lower)
    else:
        names.add(lower)


def softened(one: Claim, other: Claim) -> bool:
    """Return whether one has a word, which the other lacks, that says what a negation says."""
    alone = one.words - other.words
    return bool(alone & SOFT) or any(
        (found := _PREFIX.match(word)) and stemmed(found[1]) in other.stems for word in alone
    )


def opposite(one: Claim, other: Claim) -> tuple[str, str] | None:
    """Return a word of one and its opposite in the other, if neither has both."""
    for pair in OPPOSITES:
        ours, theirs = pair & one.words, pair & other.words
        if len(ours) == len(theirs) == 1 and ours != theirs:
            return next(iter(ours)), next(iter(theirs))
    return None


_STEMMING = threading.Lock()


@cache
def stemmed(word: str) -> str:
    """Return the stem of a word in lower case; a verb's irregular forms have one stem."""
    word = word.removesuffix("'s")
    # The stemmer keeps the word at hand in itself, and many answers are checked at once.
    with _STEMMING:
        return str(_stemmer().stemWord(IRREGULAR.get(word, word)))


@cache
def _stemmer():  # type: ignore[no-untyped-def]  # noqa: ANN202
    from snowballstemmer import stemmer  # noqa: PLC0415 - only where answers are checked

    return stemmer("english")


def _plain(text: str) -> str:
    """Return a text without what is only Markdown: the addresses of links, and marks."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"\]\([^)\s]*\)|\]\[[^\]]*\]", " ", text)
    return re.sub(r"https?://\S+|[*_`#>\[\]]+", " ", text)
