"""The embedder with its cache, its window and its keyword encoder, as the index uses them.

In: texts to embed, or a question. Out: dense and sparse vectors. Each text is embedded once, ever,
and each question once.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from twin.index.cache import Vector, VectorCache, check
from twin.index.passages import Window
from twin.index.sparse import SparseEncoder
from twin.points import CollectionInfo, SparseVector

if TYPE_CHECKING:
    import numpy as np
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from numpy.typing import NDArray

_QUESTIONS_KEPT = 256

_COMPARED_KEPT = 4096
"""Sentences whose vectors are kept in memory: what is cited today is cited again, and to embed its
sentences anew took two thirds of what a whole answer took. 6 MiB at 384 dimensions."""


@runtime_checkable
class _Windowed(Protocol):
    window: int

    def token_spans(self, text: str) -> list[tuple[int, int]]: ...


class Embedder:
    """Embeds through a cache. The model is loaded when the first text is not in it.

    Args:
        fingerprint: what identifies the vectors.
        load: returns the model.
        cache: vectors computed before.
        sparse: encodes keywords.
    """

    def __init__(
        self,
        fingerprint: str,
        load: Callable[[], "BaseEmbedding"],
        cache: VectorCache,
        sparse: SparseEncoder,
    ) -> None:
        self.fingerprint = fingerprint
        self.computed = 0
        """How many texts were really embedded since this object was made."""
        self._load = load
        self._cache = cache
        self._sparse = sparse
        self._questions: OrderedDict[str, Vector] = OrderedDict()
        self._compared: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._comparing = threading.Lock()

    @property
    def model(self) -> "BaseEmbedding":
        """The LlamaIndex embedding."""
        return self._load()

    def window(self) -> Window | None:
        """Return how much the model reads at once, None if it does not say."""
        return window_of(self.model)

    def info(self) -> CollectionInfo:
        """Return what a collection of these vectors must be made with."""
        [probe], _ = self._cache.embed(self.fingerprint, ["dimension"], self._compute)
        return CollectionInfo(
            embedder=self.fingerprint, dimension=len(probe), sparse=self._sparse.fingerprint
        )

    def texts(self, texts: Sequence[str]) -> list[Vector]:
        """Return the dense vector of every text."""
        vectors, computed = self._cache.embed(self.fingerprint, texts, self._compute)
        self.computed += computed
        return vectors

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Return the texts that were never embedded, each once, in the order given."""
        return self._cache.missing(self.fingerprint, texts)

    def remember(self, texts: Sequence[str], vectors: Sequence[Vector]) -> None:
        """Keep the vectors of texts that were embedded elsewhere, by the same model."""
        self._cache.remember(self.fingerprint, texts, vectors)
        self.computed += len(texts)

    def similar(self, text: str, others: Sequence[str]) -> list[float]:
        """Return the cosine of a text with each of others, -1 to 1; none of it is written down."""
        if not others:
            return []
        first, *rest = self._of_length_1([text, *others])
        return [float(first @ other) for other in rest]

    def _of_length_1(self, texts: Sequence[str]) -> list["NDArray[np.float32]"]:
        """Return the vectors of texts, of which those that were compared lately are known."""
        import numpy as np  # noqa: PLC0415 - comes with the embedder

        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
        with self._comparing:
            known = {key: self._compared[key] for key in keys if key in self._compared}
            for key in known:
                self._compared.move_to_end(key)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = np.asarray(vectors_of(self.model, list(new.values())), dtype=np.float32)
            made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
            known |= zip(new, made, strict=True)
            with self._comparing:
                self._compared |= zip(new, made, strict=True)
                while len(self._compared) > _COMPARED_KEPT:
                    self._compared.popitem(last=False)
        return [known[key] for key in keys]

    def sparse_texts(self, texts: Sequence[str]) -> list[SparseVector]:
        """Return the keyword vector of every text."""
        return [self._sparse.document(text) for text in texts]

    def question(self, text: str) -> Vector:
        """Return the dense vector of a question."""
        known = self._questions.get(text)
        if known is None:
            known = self._questions[text] = self.model.get_query_embedding(text)
            if len(self._questions) > _QUESTIONS_KEPT:
                self._questions.popitem(last=False)
        return known

    def sparse_question(self, text: str) -> SparseVector:
        """Return the keyword vector of a question."""
        return self._sparse.query(text)

    def _compute(self, texts: list[str]) -> Sequence[Vector]:
        return self.model.get_text_embedding_batch(texts)


def window_of(model: Any) -> Window | None:
    """Return how much a LlamaIndex embedding reads at once, None if it does not say."""
    if isinstance(model, _Windowed):
        return Window(model.window, model.token_spans)
    return None


def vectors_of(model: "BaseEmbedding", texts: Sequence[str]) -> Sequence[Vector]:
    """Return the vectors of texts, computed now.

    Raises:
        PluginError: if they are too many or too few, or one is no vector.
    """
    vectors = model.get_text_embedding_batch(list(texts))
    check(vectors, len(texts))
    return vectors
