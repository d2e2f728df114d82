"""Which passages share the words of a question.

In: texts, and questions. Out: for each question the passages that the chat's keyword search (BM25) would
find.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from twin.index.sparse import SparseEncoder


class Finder:
    """Finds passages by their words, as the keyword search of the chat does.

    Args:
        texts: the passages, title in front.
        language: of the writing, as Snowball names it.
    """

    def __init__(self, texts: Sequence[str], language: str) -> None:
        self._encoder = SparseEncoder(language)
        self._postings: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._size = len(texts)
        for number, text in enumerate(texts):
            vector = self._encoder.document(text)
            for index, value in zip(vector.indices, vector.values, strict=True):
                self._postings[index].append((number, value))

    def find(self, question: str, count: int) -> list[int]:
        """Return the numbers of the passages that fit a question, best first."""
        scores: dict[int, float] = defaultdict(float)
        for index in sorted(self._encoder.query(question).indices):
            postings = self._postings.get(index, ())
            # The inverse document frequency of BM25, as Qdrant has it.
            rarity = math.log((self._size - len(postings) + 0.5) / (len(postings) + 0.5) + 1)
            for number, value in postings:
                scores[number] += rarity * value
        return sorted(scores, key=lambda number: (-scores[number], number))[:count]
