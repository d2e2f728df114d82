"""What the words of a corpus weigh: the terms that tell a passage from others, and who shares them.

In: texts. Out: the terms of each that are rare elsewhere, and for a question the passages that the
chat's keyword search (BM25) would find.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from twin.datasets.rules import FUNCTION_WORDS
from twin.datasets.words import WORD, prose
from twin.index.sparse import SparseEncoder

SHORTEST_TERM: Final = 4
NUMBERS: Final = frozenset("0123456789_")


class Lexicon:
    """Document frequencies of words.

    Args:
        texts: the passages.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._frequency: Counter[str] = Counter()
        self._size = 0
        for text in texts:
            self._frequency.update(set(_terms(text)))
            self._size += 1

    def terms(self, text: str, count: int) -> list[str]:
        """Return the terms that weigh most in a text (tf-idf), as they are written and in its order."""
        found: dict[str, str] = {}
        places: dict[str, int] = {}
        counts: Counter[str] = Counter()
        for place, word in enumerate(WORD.findall(prose(text))):
            term = word.casefold()
            if _is_term(term):
                counts[term] += 1
                found.setdefault(term, word)
                places.setdefault(term, place)
        weights = {
            term: (1 + math.log(count)) * math.log((self._size + 1) / (self._frequency[term] + 0.5))
            for term, count in counts.items()
        }
        best = sorted(weights, key=lambda term: (-weights[term], places[term]))[:count]
        return [found[term] for term in sorted(best, key=places.__getitem__)]


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


def _terms(text: str) -> list[str]:
    return [term for word in WORD.findall(prose(text)) if _is_term(term := word.casefold())]


def _is_term(term: str) -> bool:
    return (
        len(term) >= SHORTEST_TERM
        and term.replace("’", "'") not in FUNCTION_WORDS
        and not NUMBERS & set(term)
    )
