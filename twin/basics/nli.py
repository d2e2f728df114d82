"""Cross-encoders that tell what follows from what, on OpenVINO where they can be converted, else on torch.

In: a folder with the weights. Out: the probability of one label for every pair of texts. Probabilities
differ by rounding (bf16 where the CPU has it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.basics.cross_encoders import logits_of, on_openvino_or_torch
from twin.basics.graphs import Graph, converted
from twin.errors import ComponentUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pairs = Sequence[tuple[str, str]]

Classifier = Callable[[Pairs, int], list[float]]
"""Gives for every pair the probability, 0 to 1, of the label of that number."""


def label_of(folder: str, model: str, given: int | None) -> int:
    """Return the number of the label that stands for entailment.

    Args:
        folder: with the model's ``config.json``.
        model: its name, for an error.
        given: the number, if twin.toml says it.

    Raises:
        ComponentUnavailable: if no label is called so, or there is none of that number.
    """
    config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
    names = {int(n): str(name).casefold() for n, name in config.get("id2label", {}).items()}
    if given is not None and (given in names or not names):
        return given
    # Also of a model of two labels, whose other one is not_entailment.
    found = [n for n, name in names.items() if name.startswith("entail")]
    if given is None and len(found) == 1 and len(names) > 1:
        return found[0]
    told = ", ".join(f"{n} {name}" for n, name in names.items()) or "none"
    message = f"{model} has no label for entailment; its labels: {told}"
    raise ComponentUnavailable(message, "is it a model for NLI? `label` names the label's number")


def load_classifier(folder: str, device: str, backend: str, kept: Path) -> Classifier | None:
    """Return a classifier of pairs, on OpenVINO unless the device or the backend says otherwise.

    Args:
        folder: with the weights.
        device: empty and `cpu` allow OpenVINO.
        backend: `auto`, `torch` or `openvino`.
        kept: the cache, where conversions are.

    Returns:
        None if the backend is `openvino` and it cannot run this model.
    """
    model = on_openvino_or_torch(folder, device, backend, (kept, "nli"), Graph, _convert)
    if model is None:
        return None
    if isinstance(model, Graph):
        return lambda pairs, label: _shares(model.run(pairs), label) if pairs else []
    return lambda pairs, label: _on_torch(model, pairs, label) if pairs else []


def _on_torch(model: Any, pairs: Pairs, label: int) -> list[float]:
    import torch  # noqa: PLC0415 - a second

    rows = model.predict(list(pairs), activation_fn=torch.nn.Identity(), show_progress_bar=False)
    return _shares(rows, label)


def _shares(rows: NDArray[np.float32], label: int) -> list[float]:
    """Return the softmax of a label in every row."""
    import numpy as np  # noqa: PLC0415 - comes with either backend

    wide = np.asarray(rows, dtype=np.float64)
    raised = np.exp(wide - wide.max(axis=1, keepdims=True))
    return [float(share) for share in raised[:, label] / raised.sum(axis=1)]


def _convert(model: Any, folder: Path) -> bool:
    """Convert a classifier; False if it is more than a transformer with several labels."""
    if [type(part).__name__ for part in model] != ["Transformer"] or model.num_labels < 2:  # noqa: PLR2004
        return False
    if model.default_prompt_name is not None:
        return False
    facts = {"tokens": int(model.max_seq_length)}
    return converted(logits_of(model[0].auto_model), model.tokenizer, facts, folder)
