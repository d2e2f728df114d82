"""Small real components for tests: quick, without weights, and the same on every machine.

In: nothing. Out: an embedder that hashes words, so that texts which share words are near each other.
They are what a test passes where the product would build a model; no product code knows them.
"""

import hashlib
import math
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

DIMENSION = 64


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the span of every word and every other mark: the tokens of the hash embedder."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def hashed(text: str, dimension: int = DIMENSION) -> list[float]:
    """Return a vector of length 1 that is the sum of one direction a word."""
    vector = [0.0] * dimension
    for word in re.findall(r"\w+", text.casefold()):
        digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
        vector[int.from_bytes(digest[:4], "big") % dimension] += 1.0 if digest[4] % 2 else -1.0
    norm = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / norm for value in vector]


@cache
def _hash_class() -> Any:
    from llama_index.core.base.embeddings.base import BaseEmbedding  # noqa: PLC0415 - heavy
    from llama_index.core.bridge.pydantic import PrivateAttr  # noqa: PLC0415

    class HashEmbedding(BaseEmbedding):
        """Embeds by hashing words, and may be told to fail."""

        window: int = 64
        dimension: int = DIMENSION
        calls: list[str] = []  # noqa: RUF012 - a pydantic field
        remembers: bool = True
        _refuses: Callable[[str], bool] = PrivateAttr()

        def __init__(self, refuses: Callable[[str], bool], **values: Any) -> None:
            super().__init__(model_name="hash", embed_batch_size=2048, **values)
            self._refuses = refuses

        @classmethod
        def class_name(cls) -> str:
            return "HashEmbedding"

        def token_spans(self, text: str) -> list[tuple[int, int]]:
            return word_spans(text)

        def _get_text_embedding(self, text: str) -> list[float]:
            if self._refuses(text):
                message = f"the embedder refuses {text[:40]!r}"
                raise RuntimeError(message)
            if self.remembers:
                self.calls.append(text)
            return hashed(text, self.dimension)

        def _get_query_embedding(self, query: str) -> list[float]:
            return hashed(query, self.dimension)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return hashed(query, self.dimension)

    return HashEmbedding


def hash_embedding(
    window: int = 64,
    refuses: Callable[[str], bool] = lambda _: False,
    dimension: int = DIMENSION,
    *,
    remembers: bool = True,
) -> "BaseEmbedding":
    """Return an embedder that hashes words.

    Args:
        window: the most tokens it reads at once; a token is a word or a mark.
        refuses: raises for the texts of which it returns True, like a model that fails.
        dimension: of its vectors.
        remembers: whether its ``calls`` list every text that it really embedded.
    """
    embedding: BaseEmbedding = _hash_class()(
        refuses, window=window, dimension=dimension, calls=[], remembers=remembers
    )
    return embedding
