"""The numbers in a text, in digits or in words, each in one spelling.

In: a text. Out: the values of its numbers, as texts. Number words are English.
"""

import re
from collections.abc import Iterator
from typing import Final

_ONES: Final = dict(
    zip(
        """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen
    """.split(),  # noqa: SIM905 - a list would be many lines
        range(20),
        strict=True,
    )
)
_TENS: Final = dict(
    zip(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        range(20, 100, 10),
        strict=True,
    )
)
_SCALES: Final = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_LIKE: Final = {
    "once": 1,
    "twice": 2,
    "thrice": 3,
    "half": 0.5,
    "dozen": 12,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
_SUFFIXES: Final = re.compile(r"^(\d+(?:[.,]\d+)*)(?:st|nd|rd|th|s|x|k|m|bn|%|[a-z]{1,3})$")


def numbers(text: str) -> Iterator[str]:
    """Yield the value of every number, written in digits or in words, in order."""
    tokens = list(re.finditer(r"[^\W_]+(?:[.,:]\d+)*", text.lower()))
    at = 0
    while at < len(tokens):
        token = tokens[at][0]
        suffixed = _SUFFIXES.match(token)
        if token[0].isdigit() or suffixed:
            yield _value(suffixed[1] if suffixed else token)
            at += 1
            continue
        total, used = _words(tokens[at:], text)
        if used:
            # "one" and "second" are rarely numbers, and a pronoun or a moment more often.
            if used > 1 or token not in {"one", "once", "second", "half", "first"}:
                yield _value(str(total))
            at += used
        else:
            at += 1


def _words(tokens: list[re.Match[str]], text: str) -> tuple[float, int]:
    """Return the value of a number in words, and how many words it has."""
    total: float = 0
    part: float = 0
    used = 0
    for place, token in enumerate(tokens):
        word = token[0]
        if place and not re.fullmatch(
            r"(?:\s|-|\sand\s)*", text[tokens[place - 1].end() : token.start()]
        ):
            break
        if word == "and" and used and place + 1 < len(tokens):
            follows = tokens[place + 1][0]
            if follows in _ONES or follows in _TENS:
                continue
            break
        if word in _SCALES and used:
            part = (part or 1) * _SCALES[word]
            if _SCALES[word] > 100:  # noqa: PLR2004 - a thousand and more closes a group
                total, part = total + part, 0
        elif word in _TENS and not part % 100:
            part += _TENS[word]
        elif word in _ONES and not (part % 10 if part % 100 >= 20 else part % 100):  # noqa: PLR2004
            part += _ONES[word]
        elif word in _LIKE and not used:
            part = _LIKE[word]
            return part, place + 1
        else:
            break
        used = place + 1
    return total + part, used


def _value(text: str) -> str:
    """Return a number in one spelling: ``1,200`` and ``1200.0`` are ``1200``."""
    if ":" in text:
        return text
    plain = re.sub(r",(?=\d{3}(?:\D|$))", "", text).replace(",", ".")
    if plain.count(".") > 1:
        return plain
    try:
        value = float(plain)
    except ValueError:
        return plain
    return f"{value:g}" if abs(value) < 1e6 else str(int(value)) if value.is_integer() else plain  # noqa: PLR2004
