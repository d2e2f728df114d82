"""The shape of a base model: how many layers, how wide, how large a vocabulary.

In: a model's folder, or a name that the hub's cache holds, or one of the table below. Out: a `Shape`,
from which the memory of a run follows. Nothing is fetched.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twin.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a decoder-only transformer is made of.

    Attributes:
        hidden: width of the residual stream.
        layers: how many.
        heads: query heads.
        kv_heads: key and value heads.
        head_dim: width of one head.
        intermediate: width of the MLP.
        vocabulary: rows of the embedding.
        tied: whether the output layer is the embedding.
        gated: whether the MLP has a gate beside its two projections.
    """

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    tied: bool = False
    gated: bool = True

    @property
    def projections(self) -> tuple[tuple[int, int], ...]:
        """The linear layers of one layer, each as its inputs and outputs."""
        query, key = self.heads * self.head_dim, self.kv_heads * self.head_dim
        attention = (
            (self.hidden, query),
            (self.hidden, key),
            (self.hidden, key),
            (query, self.hidden),
        )
        up = ((self.hidden, self.intermediate),) * (2 if self.gated else 1)
        return (*attention, *up, (self.intermediate, self.hidden))

    @property
    def linear(self) -> int:
        """Parameters of all linear layers, those that QLoRA keeps in four bits."""
        return self.layers * sum(inputs * outputs for inputs, outputs in self.projections)

    @property
    def embedding(self) -> int:
        """Parameters of the embedding and of the output layer."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def parameters(self) -> int:
        """All of them, without the few of the norms."""
        return self.linear + self.embedding

    def adapter(self, rank: int) -> int:
        """Parameters of LoRA of that rank on every linear layer."""
        return self.layers * rank * sum(inputs + outputs for inputs, outputs in self.projections)


KNOWN: Final[Mapping[str, Shape]] = {
    "meta-llama/llama-3.1-8b": Shape(
        hidden=4096, layers=32, heads=32, kv_heads=8, head_dim=128, intermediate=14336,
        vocabulary=128256,
    ),
    "meta-llama/llama-3.2-1b": Shape(
        hidden=2048, layers=16, heads=32, kv_heads=8, head_dim=64, intermediate=8192,
        vocabulary=128256, tied=True,
    ),
    "meta-llama/llama-3.2-3b": Shape(
        hidden=3072, layers=28, heads=24, kv_heads=8, head_dim=128, intermediate=8192,
        vocabulary=128256, tied=True,
    ),
    "meta-llama/llama-3.1-70b": Shape(
        hidden=8192, layers=80, heads=64, kv_heads=8, head_dim=128, intermediate=28672,
        vocabulary=128256,
    ),
    "qwen/qwen2.5-0.5b": Shape(
        hidden=896, layers=24, heads=14, kv_heads=2, head_dim=64, intermediate=4864,
        vocabulary=151936, tied=True,
    ),
    "google/gemma-3-270m": Shape(
        hidden=640, layers=18, heads=4, kv_heads=1, head_dim=256, intermediate=2048,
        vocabulary=262144, tied=True,
    ),
}  # fmt: skip
"""Models that the shipped files name or that people are likely to put there, as their config.json
says; so that a run can be planned on a machine that does not hold them."""


def model_folder(name: str, environ: Mapping[str, str] | None = None) -> Path | None:
    """Return where a model lies on this machine: its folder, or its newest place in the hub's cache.

    Args:
        name: a path, or a name on the hub.
        environ: the environment; None takes this process's.
    """
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return folder
    values = os.environ if environ is None else environ
    root = values.get("HF_HUB_CACHE") or values.get("HUGGINGFACE_HUB_CACHE")
    home = Path(values.get("HF_HOME") or Path.home() / ".cache" / "huggingface").expanduser()
    cache = Path(root).expanduser() if root else home / "hub"
    snapshots = cache / f"models--{name.replace('/', '--')}" / "snapshots"
    found = [path.parent for path in snapshots.glob("*/config.json")] if snapshots.is_dir() else []
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def shape_of(name: str) -> Shape | None:
    """Return the shape of a model that lies here or is known, None for any other.

    Raises:
        TrainingError: if its config.json cannot be read.
    """
    folder = model_folder(name)
    if folder is not None:
        path = folder / "config.json"
        try:
            return _read(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError) as error:
            message = f"{path} cannot be read: {error}"
            raise TrainingError(message, "fetch the model anew") from error
    key = name.lower().removesuffix("-instruct").removesuffix("-it")
    return KNOWN.get(key)


def _read(config: Mapping[str, Any]) -> Shape | None:
    """Return the shape that a config.json tells, None if it is no such model."""
    inner = config.get("text_config")
    told: Mapping[str, Any] = inner if isinstance(inner, Mapping) else config
    try:
        hidden, heads = int(told["hidden_size"]), int(told["num_attention_heads"])
        return Shape(
            hidden=hidden,
            layers=int(told["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(told.get("num_key_value_heads") or heads),
            head_dim=int(told.get("head_dim") or hidden // heads),
            intermediate=int(told["intermediate_size"]),
            vocabulary=int(told["vocab_size"]),
            tied=bool(told.get("tie_word_embeddings", config.get("tie_word_embeddings", False))),
            gated=told.get("model_type") not in {"gpt_neox", "apertus", "arcee", "opt"},
        )
    except (KeyError, TypeError, ValueError):
        return None
