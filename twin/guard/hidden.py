"""A text as a model reads it: hidden characters shown, look-alikes made plain.

In: a text. Out: `Plain`, the same in lower case with what hides an order undone, every character of
it with its place in the original; and the spans of hidden characters that carry a message.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from twin.documents import Span

_TAGS: Final = range(0xE0020, 0xE007F)
"""Unicode's tag characters: invisible copies of ASCII, in which a message travels unseen."""

_HIDDEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
_RUN: Final = re.compile("[\U000e0020-\U000e007f]{4,}|[\u200b-\u200d\u2060-\u2064\ufeff]{16,}")
"""A message in hidden characters: tags, or a long run of zero-width ones, of which emoji and Indic
scripts need two or three together. Flags of regions are tags too, behind a black flag."""

_FLAG: Final = "\U0001f3f4"

_ALIKE: Final = str.maketrans(
    # Cyrillic and Greek letters that look as Latin ones do (the commonest of Unicode's confusables).
    "аеорсухіјѕһԁԛԝвмнктαεοριυνκτχ",
    "aeopcyxijshdqwbmhktaeopiuvktx",
)
# Only where a word begins: from anywhere in it, a long one would take the square of its length.
_MIXED: Final = re.compile(r"(?<!\w)(?=\w*[a-z])(?=\w*[\u0370-\u04ff])\w+")

_LEET: Final = str.maketrans("013457@$", "oieastas")
_LEETED: Final = re.compile(r"[a-z013457][a-z013457@$]{3,}")

_SPACED: Final = re.compile(r"(?<!\w)(?:[a-z][ .\-_*]){5,}[a-z](?!\w)")
"""A word spelled out: ``i g n o r e``."""


_ORDERS: Final = frozenset(
    [
        "ignore",
        "disregard",
        "forget",
        "override",
        "reveal",
        "password",
        "passwords",
        "secret",
        "instructions",
        "instruction",
        "previous",
        "prompt",
        "prompts",
        "system",
        "rules",
        "assistant",
        "answer",
        "output",
        "tell",
        "state",
    ]
)
"""Words of orders; nothing else that is written with figures is made plain."""


def _unleeted(match: re.Match[str]) -> str:
    word = match[0].translate(_LEET)
    return word if word in _ORDERS else match[0]


@dataclass(frozen=True)
class Plain:
    """A text made plain.

    Attributes:
        original: as it was given.
        text: made plain.
        places: of every character of `text`, its place in `original`.
    """

    original: str
    text: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """Return where a span of the plain text stands in the original."""
        if not self.places:
            return Span(0, 0)
        return Span(self.places[start], self.places[max(start, end - 1)] + 1)

    @cached_property
    def undone(self) -> str:
        """The plain text, of the same length, with figures that stand for letters made letters."""
        return _LEETED.sub(_unleeted, self.text)


def plain(text: str) -> Plain:
    """Return a text as a model reads it."""
    if text.isascii():
        return Plain(text, text.lower(), tuple(range(len(text))))
    parts: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        code = ord(character)
        if code in _TAGS:
            shown = chr(code - 0xE0000)
        elif code > 0x7F and _HIDDEN.match(character):  # noqa: PLR2004 - ASCII hides nothing
            continue
        else:
            shown = unicodedata.normalize("NFKC", character) if code > 0x7F else character  # noqa: PLR2004
        for one in shown.lower():
            parts.append(one)
            places.append(place)
    made = "".join(parts)
    made = _MIXED.sub(lambda m: m[0].translate(_ALIKE), made)
    return Plain(text, made, tuple(places))


def messages(text: str) -> list[Span]:
    """Return the runs of hidden characters that are long enough to be a message."""
    if text.isascii():
        return []
    return [
        Span(*match.span())
        for match in _RUN.finditer(text)
        if text[match.start() - 1 : match.start()] != _FLAG
    ]


def spelled(text: str) -> list[tuple[Span, str]]:
    """Return words that are spelled out letter by letter, with the word."""
    return [
        (Span(*match.span()), re.sub(r"[ .\-_*]", "", match[0])) for match in _SPACED.finditer(text)
    ]
