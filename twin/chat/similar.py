"""How near sentences are to each other in meaning, by the embedder of the index.

In: a sentence and others. Out: the cosine of each. Nothing is kept: the sentences of answers are not
worth a cache.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from twin.chat.support import Similar
from twin.index.embedder import vectors_of

if TYPE_CHECKING:
    from twin.index.embedder import Embedder


def similar_by(embedder: Embedder) -> Similar:
    """Return what compares sentences; the model is loaded when it is first asked."""

    def similar(text: str, others: Sequence[str]) -> list[float]:
        first, *rest = vectors_of(embedder.model, [text, *others])
        return [_cosine(first, one) for one in rest]

    return similar


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    sizes = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / sizes if sizes else 0.0
