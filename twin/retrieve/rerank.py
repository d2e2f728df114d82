"""Reorder passages by rerankers, one after the other.

In: a question and passages. Out: the passages in the rerankers' order, with their scores. A reranker
that fails is left out from then on, and a note says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from twin.retrieve.passages import Passage

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor


class Rerankers:
    """The rerankers that are set.

    Args:
        made_by: name and what builds each, in order.
    """

    def __init__(self, made_by: Sequence[tuple[str, Callable[[], BaseNodePostprocessor]]]) -> None:
        self._made_by = made_by
        self._unavailable: dict[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Those that work, in order."""
        return tuple(name for name, _ in self._made_by if name not in self._unavailable)

    def reorder(self, question: str, passages: list[Passage], notes: list[str]) -> list[Passage]:
        """Return the passages as the rerankers order them; `notes` is told which were left out."""
        for name, build in self._made_by:
            if not passages:
                break
            if name not in self._unavailable:
                try:
                    passages = _reordered(question, passages, build())
                    continue
                except Exception as error:  # noqa: BLE001 - the boundary of plugins' rerankers
                    self._unavailable[name] = str(error)
            notes.append(f"without the reranker {name}: {self._unavailable[name]}")
        return passages


def _reordered(
    question: str, passages: Sequence[Passage], reranker: BaseNodePostprocessor
) -> list[Passage]:
    """Return the passages in the order, and with the scores, that a reranker gives them."""
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode  # noqa: PLC0415

    nodes = []
    for number, passage in enumerate(passages):
        metadata = {
            "title": passage.title,
            "author": passage.author,
            "kind": passage.kind.value,
            "platform": passage.platform,
            "published_at": passage.published_at,
        }
        node = TextNode(
            id_=str(number),
            text=passage.text,
            metadata=metadata,
            # The title belongs to what is read; the rest is for rerankers that ask for it.
            excluded_embed_metadata_keys=[key for key in metadata if key != "title"],
        )
        nodes.append(NodeWithScore(node=node, score=passage.score))
    ordered = reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(question))
    # Whatever a plugin makes of the scores, a passage comes once, and JSON knows no NaN.
    scores = {int(one.node.node_id): float(one.score or 0.0) for one in reversed(ordered)}
    return [
        replace(passages[number], score=score if math.isfinite(score) else 0.0)
        for number, score in reversed(scores.items())
    ]
