"""Words, and sequences of them: what rows are compared by.

In: texts. Out: their words, a normal form, and hashes of their sequences.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

SHINGLE: Final = 3
"""Words of a sequence by which near duplicates are told; rows are too short for the usual five."""

OVERLAP: Final = 13
"""Words that a row may not share with a test or benchmark, as in Brown et al., "Language models are
few-shot learners" (2020), appendix C."""

WORD: Final = re.compile(r"\w+(?:['’]\w+)*")
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`", re.DOTALL)
_INDENTED: Final = re.compile(
    r"(?:(?<=\n\n)|\A)(?: {4}|\t)(?![-*+] |\d+[.)] )[^\n]*(?:\n(?: {4}|\t)[^\n]*)*"
)
_MARKUP: Final = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|https?://\S+|<[^<>\n]{1,300}>")


def words(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return WORD.findall(text.casefold())


def normal(text: str) -> str:
    """Return a text without case and with single spaces, as duplicates are compared."""
    return " ".join(text.casefold().split())


def prose(text: str) -> str:
    """Return a text without its code, addresses and tags; of a link, its words."""
    return _MARKUP.sub(r" \1 ", _CODE.sub(" ", text))


def code_share(text: str) -> float:
    """Return the share of a text's characters that stands in code, fenced, indented or inline, 0 to 1."""
    found = (*_CODE.finditer(text), *_INDENTED.finditer(_CODE.sub("", text)))
    return sum(len(one[0]) for one in found) / max(len(text), 1)


def sequences(text: str, length: int = SHINGLE) -> Iterator[str]:
    """Yield every run of `length` words; of a shorter text, all of it."""
    found = words(text)
    if len(found) < length:
        if found:
            yield " ".join(found)
        return
    for start in range(len(found) - length + 1):
        yield " ".join(found[start : start + length])


def hashes(texts: Iterable[str]) -> frozenset[int]:
    """Return the hashes of strings, to be compared within this process alone."""
    return frozenset(map(hash, texts))


def number(*parts: object) -> int:
    """Return a 64-bit number that these parts decide, the same on every machine and in every run."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def share(*parts: object) -> float:
    """Return a number of [0, 1) that these parts decide, evenly spread."""
    return number(*parts) / 2**64
