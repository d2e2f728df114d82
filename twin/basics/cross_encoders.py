"""Cross-encoders, on OpenVINO where they can be converted and on torch elsewhere.

In: a folder with the weights. Out: LlamaIndex's own sentence-transformers reranker, whose model is
either. Scores differ by rounding (bf16 where the CPU has it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twin.basics.graphs import Graph, converted, opened, place

if TYPE_CHECKING:
    import numpy as np
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from numpy.typing import NDArray

MAXIMUM = 512
"""Tokens of question and passage together, as LlamaIndex has it; many models read no more."""


class Scorer(Protocol):
    """A loaded cross-encoder."""

    def predict(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """Return a score for every pair of question and passage, in order."""


class OpenVINOScorer:
    """A converted cross-encoder.

    Args:
        folder: what `load_scorer` wrote.
    """

    def __init__(self, folder: Path) -> None:
        self._graph = Graph(folder)

    def predict(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Return a score for every pair of question and passage, in order."""
        import numpy as np  # noqa: PLC0415 - comes with OpenVINO

        if not pairs:
            return np.zeros(0)
        raw = self._graph.run(pairs)[:, 0].astype(np.float64)
        # Not in the graph: rounded as its numbers are, all good passages would score the same 1.
        # This form does not overflow, whatever the sign.
        return 0.5 * (1 + np.tanh(raw / 2)) if self._graph.facts["sigmoid"] else raw


@cache
def _reranker_class() -> Any:
    """Return the LlamaIndex class; made on first use, its imports being heavy."""
    from llama_index.core.postprocessor import SentenceTransformerRerank  # noqa: PLC0415

    class CrossEncoderRerank(SentenceTransformerRerank):
        """LlamaIndex's reranker over a model that is loaded already, whichever backend runs it."""

        def __init__(self, scorer: Scorer, model: str, top_n: int) -> None:
            # Past its own, which would load the model on torch and let it read more than it can.
            parameters: dict[str, Any] = {"top_n": top_n, "model": model}
            super(SentenceTransformerRerank, self).__init__(**parameters)
            self._model = scorer

        @classmethod
        def class_name(cls) -> str:
            return "CrossEncoderRerank"

    return CrossEncoderRerank


def reranker(scorer: Scorer, model: str, top_n: int) -> BaseNodePostprocessor:
    """Return a LlamaIndex reranker.

    Args:
        scorer: the model.
        model: its name, for traces.
        top_n: how many passages it keeps at most.
    """
    made: BaseNodePostprocessor = _reranker_class()(scorer, model, top_n)
    return made


def load_torch_scorer(folder: str, device: str) -> Any:
    """Return a cross-encoder as sentence-transformers runs it.

    Args:
        folder: with the weights.
        device: as torch names it; empty takes what there is.
    """
    from sentence_transformers import CrossEncoder  # noqa: PLC0415 - four seconds

    from twin.basics.embeddings import quiet  # noqa: PLC0415 - only here

    quiet()
    # No code is run that comes with the weights: that is the default here, and stays so.
    model = CrossEncoder(
        folder, device=device or None, trust_remote_code=False, local_files_only=True
    )
    model.max_seq_length = window(model)
    return model


def window(model: Any) -> int:
    """Return how many tokens a loaded cross-encoder reads at once, at most `MAXIMUM`."""
    limits = [MAXIMUM, model.max_seq_length or MAXIMUM]
    for name, part in model[0].auto_model.named_modules():
        if name.endswith("position_embeddings") and hasattr(part, "num_embeddings"):
            # Models of RoBERTa's kind count positions from behind the padding's.
            before = 0 if part.padding_idx is None else part.padding_idx + 1
            limits.append(part.num_embeddings - before)
    return int(min(limits))


def load_scorer(folder: str, device: str, backend: str, kept: Path) -> Scorer | None:
    """Return a cross-encoder with one score, as `on_openvino_or_torch` finds it.

    Args:
        folder: with the weights.
        device: empty and `cpu` allow OpenVINO.
        backend: `auto`, `torch` or `openvino`.
        kept: the cache, where conversions are.
    """
    scorer: Scorer | None = on_openvino_or_torch(
        folder, device, backend, (kept, "cross-encoder"), OpenVINOScorer, _convert
    )
    return scorer


def on_openvino_or_torch(
    folder: str,
    device: str,
    backend: str,
    cached: tuple[Path, str],
    open_it: Callable[[Path], Any],
    convert: Callable[[Any, Path], bool],
) -> Any:
    """Return a cross-encoder on OpenVINO, unless the device or the backend says otherwise.

    Args:
        folder: with the weights.
        device: empty and `cpu` allow OpenVINO.
        backend: `auto`, `torch` or `openvino`.
        cached: the cache, and what its conversions of this kind are called there.
        open_it: opens the conversion.
        convert: writes it, of a loaded model; False if the model cannot be converted.

    Returns:
        What `open_it` returns; else the model as `load_torch_scorer` returns it; None if the backend is
        `openvino` and it cannot run this model.
    """
    loaded: list[Any] = []

    def write(into: Path) -> bool:
        loaded.append(load_torch_scorer(folder, device))
        return convert(loaded[0], into)

    if backend != "torch" and device in {"", "cpu"} and openvino_is_there():
        kept, kind = cached
        converted_one = opened(place(kept, kind, folder, folder), open_it, write)
        if converted_one is not None:
            return converted_one
    if backend == "openvino":
        return None
    return loaded[0] if loaded else load_torch_scorer(folder, device)


def openvino_is_there() -> bool:
    """Return whether OpenVINO is installed."""
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("openvino") is not None


def _convert(model: Any, folder: Path) -> bool:
    """Convert a cross-encoder; False if it is more than a transformer with one score."""
    activation = type(model.activation_fn).__name__
    if [type(part).__name__ for part in model] != ["Transformer"] or model.num_labels != 1:
        return False
    if activation not in {"Sigmoid", "Identity"} or model.default_prompt_name is not None:
        return False
    facts = {"tokens": int(model.max_seq_length), "sigmoid": activation == "Sigmoid"}
    return converted(logits_of(model[0].auto_model), model.tokenizer, facts, folder)


def logits_of(transformer: Any) -> Any:
    """Return a module that gives a transformer's bare scores, a row a pair."""
    import torch  # noqa: PLC0415 - a second

    class Scores(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(
            self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None
        ) -> torch.Tensor:
            kinds = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            out = self.transformer(input_ids=input_ids, attention_mask=attention_mask, **kinds)
            scores: torch.Tensor = out.logits
            return scores

    return Scores()
