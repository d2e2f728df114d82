"""What recurs from document to document: the lines that a site puts around writing.

In: the texts of an author. Out: the paragraphs of a text that stand in many others too, as "Discussion on
Reddit" does under every post, each time with another address. They are no writing to learn from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from twin.datasets.words import normal
from twin.documents import Span
from twin.index.boundaries import blocks

FEWEST: Final = 3
"""Documents that have a paragraph, at least; of many documents one in a hundred."""

ONE_IN: Final = 100
LONGEST: Final = 400
"""Code points of such a paragraph at most."""

_LINK: Final = re.compile(r"\]\([^)]*\)|\]\[[^\]]*\]|<?https?://\S+")
_NUMBER: Final = re.compile(r"\d+")


class Recurring:
    """Counts the paragraphs of an author's documents.

    Args:
        texts: one of each document.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._documents: Counter[str] = Counter()
        count = 0
        for text in texts:
            self._documents.update({key for _, key in _paragraphs(text)})
            count += 1
        self._least = max(FEWEST, -(-count // ONE_IN))

    def spans(self, text: str) -> list[Span]:
        """Return the paragraphs of a text that recur, in order."""
        return [span for span, key in _paragraphs(text) if self._documents[key] >= self._least]


def _paragraphs(text: str) -> list[tuple[Span, str]]:
    """Return every short paragraph with what it is compared by: its words, without where links lead."""
    return [
        (block, key)
        for block, solid in blocks(text, Span(0, len(text)))
        if not solid and block.end - block.start <= LONGEST and (key := _key(block.of(text)))
    ]


def _key(paragraph: str) -> str:
    # What announces something ("For example:") belongs to what it announces.
    if paragraph.endswith(":"):
        return ""
    return normal(_NUMBER.sub("0", _LINK.sub("]", paragraph)))
