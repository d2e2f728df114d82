"""The embedder on OpenVINO: the same vectors on a CPU, several times as fast, and without torch.

In: a sentence-transformers model. Out: an encoder that runs its converted graph, in which the mean
and the length of 1 are worked out too.

Vectors differ from torch's by rounding (bf16 where the CPU has it): cosine at least 0.9999.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.basics.graphs import Graph, converted, opened, place

if TYPE_CHECKING:
    from twin.basics.embeddings import SentenceTransformersOptions


class OpenVINOEncoder:
    """A converted model, with mean pooling and vectors of length 1.

    Args:
        folder: what `convert` wrote.
    """

    def __init__(self, folder: Path) -> None:
        self._graph = Graph(folder)

    @property
    def window(self) -> int:
        """The most tokens of a text, special tokens not counted."""
        special = int(self._graph.whole.num_special_tokens_to_add(is_pair=False))
        return int(self._graph.facts["tokens"]) - special

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the code-point span of every token, untruncated."""
        encoding = self._graph.whole.encode(text, add_special_tokens=False)
        return [(start, end) for start, end in encoding.offsets if end > start]

    def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of length 1 for every text."""
        if not texts:
            return []
        rows: list[list[float]] = self._graph.run(texts).tolist()
        return rows


def load_openvino(
    options: SentenceTransformersOptions, cache: Path, load: Callable[[], Any]
) -> OpenVINOEncoder | None:
    """Return the model on OpenVINO, None if it has parts that are not known to run there.

    Args:
        options: the model.
        cache: where the conversion is kept.
        load: returns the sentence-transformers model, for the first time.
    """
    from twin.basics.embeddings import weights  # noqa: PLC0415 - it imports this module in turn

    folder = place(cache, "embedder", options.model, weights(options.model))
    return opened(folder, OpenVINOEncoder, lambda there: convert(load(), there))


def convert(model: Any, folder: Path) -> bool:
    """Convert a sentence-transformers model into a folder.

    Returns:
        False if the model is more than a transformer with mean pooling and normalisation.
    """
    modules = [type(part).__name__ for part in model]
    if modules[:2] != ["Transformer", "Pooling"] or set(modules[2:]) - {"Normalize"}:
        return False
    pooling = getattr(model[1], "pooling_mode", None)
    mean = pooling == "mean" or getattr(model[1], "pooling_mode_mean_tokens", False)
    facts = {"tokens": int(model.max_seq_length or 0)}
    return bool(mean) and converted(_pooled(model[0].auto_model), model.tokenizer, facts, folder)


def _pooled(transformer: Any) -> Any:
    """Return a module that gives the mean of a transformer's last layer, at length 1."""
    import torch  # noqa: PLC0415 - a second

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(
            self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None
        ) -> torch.Tensor:
            kinds = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask, **kinds)
            mask = attention_mask.unsqueeze(-1).float()
            total = (hidden.last_hidden_state * mask).sum(1)
            return torch.nn.functional.normalize(total / mask.sum(1).clamp(min=1e-9), dim=-1)

    return Pooled()
