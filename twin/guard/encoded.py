"""What is written in a code: base64, hexadecimal, binary, Morse, shifted letters, backwards.

In: a text. Out: the spans that can be decoded into words, with the words. Whether these are an order
is for whoever asks to decide: a text may hold a key or a hash for good reasons.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from twin.documents import Span

LONGEST: Final = 20_000
"""Characters of a coded piece that are decoded: an order is short, an embedded picture is not."""

_BASE64: Final = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w+/=])")
_HEX: Final = re.compile(r"(?<![0-9A-Za-z])(?:0x)?(?:[0-9A-Fa-f]{2}[ :,]?){8,}(?![0-9A-Za-z])")
_ESCAPED: Final = re.compile(
    r"(?:\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]+;|%[0-9A-Fa-f]{2}){6,}"
)
_BINARY: Final = re.compile(r"(?<![01])(?:[01]{8}[ ,]?){6,}(?![01])")
_MORSE: Final = re.compile(r"(?<![\w.-])[.\-–—]{1,6}(?:[ /|]+[.\-–—]{1,6}){7,}")

_READABLE: Final = re.compile(r"(?<![a-z'])[A-Za-z][a-z']+(?:[ ,.:;!?]+[A-Za-z'0-9]+){2,}")

_LETTERS: Final = dict(
    zip(
        [
            ".-",
            "-...",
            "-.-.",
            "-..",
            ".",
            "..-.",
            "--.",
            "....",
            "..",
            ".---",
            "-.-",
            ".-..",
            "--",
            "-.",
            "---",
            ".--.",
            "--.-",
            ".-.",
            "...",
            "-",
            "..-",
            "...-",
            ".--",
            "-..-",
            "-.--",
            "--..",
            "-----",
            ".----",
            "..---",
            "...--",
            "....-",
            ".....",
            "-....",
            "--...",
            "---..",
            "----.",
        ],
        "abcdefghijklmnopqrstuvwxyz0123456789",
        strict=True,
    )
)

_KEYS: Final = [
    "ignore",
    "previous",
    "instructions",
    "disregard",
    "forget",
    "override",
    "password",
    "system",
    "prompt",
    "reveal",
    "secret",
    "assistant",
    "conclusion",
    "output",
    "answer",
]
"""Words of orders, for which shifted and reversed texts are searched: nothing else is decoded."""

_WORD: Final = re.compile(r"[A-Za-z]{6,}")

_KEYED: Final = 2
"""So many of these words under one shift are no chance."""


def decoded(text: str) -> Iterator[tuple[Span, str]]:
    """Yield the spans of a text that decode into words, with the words."""
    for pattern, decode in _CODES:
        for match in pattern.finditer(text):
            if match.end() - match.start() > LONGEST:
                continue
            found = decode(match[0])
            if found and _READABLE.search(found):
                yield Span(*match.span()), found
    for shift, span in _shifted(text):
        yield span, _shift(span.of(text), -shift)


def _base64(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/") + "==", validate=False)
    except (binascii.Error, ValueError):
        return ""
    return _utf8(data)


def _hex(text: str) -> str:
    digits = re.sub(r"[^0-9A-Fa-f]", "", text.removeprefix("0x"))
    return _utf8(bytes.fromhex(digits)) if len(digits) % 2 == 0 else ""


def _escaped(text: str) -> str:
    codes = re.findall(r"(?:\\x|\\u|&#x|%)([0-9A-Fa-f]+)|&#([0-9]+);", text)
    numbers = [int(a, 16) if a else int(b) for a, b in codes]
    return "".join(map(chr, numbers)) if all(n < 0x110000 for n in numbers) else ""  # noqa: PLR2004


def _binary(text: str) -> str:
    digits = re.sub(r"[^01]", "", text)
    return _utf8(bytes(int(digits[n : n + 8], 2) for n in range(0, len(digits) - 7, 8)))


def _morse(text: str) -> str:
    plain = text.replace("–", "-").replace("—", "-")
    words = re.split(r"\s*[/|]\s*|\s{2,}", plain.strip())
    return " ".join("".join(_LETTERS.get(c, "") for c in word.split()) for word in words)


def _utf8(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return text if all(c.isprintable() or c.isspace() for c in text) else ""


def _shift(text: str, by: int) -> str:
    if by == 0:
        return text[::-1]
    small = "abcdefghijklmnopqrstuvwxyz"
    moved = small[by % 26 :] + small[: by % 26]
    return text.translate(str.maketrans(small + small.upper(), moved + moved.upper()))


@cache
def _shifts() -> dict[str, int]:
    """Return the key words under every shift, and backwards (a shift of 0)."""
    known = {_shift(word, by): by for by in range(1, 26) for word in _KEYS if len(word) > 5}  # noqa: PLR2004
    known |= {word[::-1]: 0 for word in _KEYS if len(word) > 5}  # noqa: PLR2004
    return {word: by for word, by in known.items() if word not in _KEYS}


def _shifted(text: str) -> Iterator[tuple[int, Span]]:
    known = _shifts()
    found: dict[int, list[tuple[int, int]]] = {}
    for match in _WORD.finditer(text):
        if (shift := known.get(match[0].lower())) is not None:
            found.setdefault(shift, []).append(match.span())
    for shift, spans in found.items():
        if len(spans) >= _KEYED:
            # The sentence around them, as far as the line goes.
            start = text.rfind("\n", 0, spans[0][0]) + 1
            start = max(start, text.rfind(". ", 0, spans[0][0]) + 1)
            end = text.find("\n", spans[-1][1])
            yield shift, Span(start, len(text) if end < 0 else end)


_CODES: Final = (
    (_BASE64, _base64),
    (_HEX, _hex),
    (_ESCAPED, _escaped),
    (_BINARY, _binary),
    (_MORSE, _morse),
)
