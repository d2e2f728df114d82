"""Keyword vectors: BM25 terms by Qdrant's own encoder, the inverse frequencies by the store.

In: texts. Out: `SparseVector`s. Tokens are lower-cased, stop-words go, and words are stemmed by
Snowball for the language that is set.
"""

from functools import cache
from typing import TYPE_CHECKING

from twin.errors import ConfigurationError
from twin.points import SparseVector

if TYPE_CHECKING:
    from qdrant_edge import Bm25

AVERAGE_LENGTH = 66
"""Mean number of terms of an embedded piece, title included and stop-words not: 64 to 68 over each of
the three corpora of `benchmarks/corpora.py`."""


class SparseEncoder:
    """Encodes texts and queries as BM25 terms.

    Args:
        language: in English and lower-case, as Snowball names it.

    Raises:
        ConfigurationError: if there is no stemmer for the language.
    """

    def __init__(self, language: str = "english") -> None:
        self.language = language
        self._model = _model(language)

    @property
    def fingerprint(self) -> str:
        """What decides the vectors that documents get."""
        return f"bm25:{self.language}:{AVERAGE_LENGTH}"

    def document(self, text: str) -> SparseVector:
        """Return the weights of a text that is indexed."""
        vector = self._model.embed_document(text)
        return SparseVector(list(vector.indices), list(vector.values))

    def query(self, text: str) -> SparseVector:
        """Return the terms of a question, each of weight 1."""
        vector = self._model.embed_query(text)
        return SparseVector(list(vector.indices), list(vector.values))


@cache
def _model(language: str) -> "Bm25":
    from qdrant_edge import Bm25, Bm25Config  # noqa: PLC0415 - a native library

    try:
        return Bm25(Bm25Config(language=language, avg_len=AVERAGE_LENGTH))
    except ValueError as error:
        message = f"index.language: {language!r} has no stemmer ({error})"
        raise ConfigurationError(message, 'use an English name, as in "german"') from error
