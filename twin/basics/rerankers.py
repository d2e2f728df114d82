"""The cross-encoder: reads question and passage together, and puts the passages in order.

In: options. Out: LlamaIndex's own sentence-transformers reranker, on OpenVINO where it can be. Its
weights come from a folder or the hub; where neither has them it says so, and retrieval goes on
without it.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from twin.components import BuildContext, Options, RerankerComponent
from twin.errors import ComponentUnavailable

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

RETRY_SECONDS = 3600
"""After a failed download, how long until the hub is asked again: a question must not wait for it."""


EVERY = 10_000
"""The reranker puts passages in order; how many are kept is `retrieve.passages`, not its affair."""


class CrossEncoderOptions(Options):
    """Options of the reranker."""

    model: str = Field(
        default="cross-encoder/ms-marco-MiniLM-L-4-v2",
        description="A name on the hub, or a folder.",
    )
    download: bool = Field(default=True, description="Whether the hub may be asked for weights.")
    backend: Literal["auto", "torch", "openvino"] = Field(
        default="auto", description="`auto` takes OpenVINO on a CPU, where it can run the model."
    )
    device: str = Field(
        default="", description="`cuda` and the like run on torch; empty takes what there is."
    )


def _build(options: CrossEncoderOptions, ctx: BuildContext) -> BaseNodePostprocessor:
    folder = _folder(options, ctx.cache)
    from twin.basics.cross_encoders import load_scorer, reranker  # noqa: PLC0415 - not for options

    scorer = load_scorer(folder, options.device, options.backend, ctx.cache)
    if scorer is None:
        message = f"OpenVINO cannot run {options.model!r}"
        raise ComponentUnavailable(message, 'install openvino, or set backend = "torch"')
    return reranker(scorer, options.model, EVERY)


def _folder(options: CrossEncoderOptions, cache: Path) -> str:
    """Return the folder that holds the weights, downloading them at most once.

    Raises:
        ComponentUnavailable: if they cannot be had.
    """
    if Path(options.model).expanduser().is_dir():
        return str(Path(options.model).expanduser())
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - half a second

    reason: Exception | None = None
    try:
        there = snapshot_download(options.model, local_files_only=True)
        if _whole(Path(there)):
            return there
    except Exception as missing:  # noqa: BLE001 - the client raises a dozen kinds of error
        reason = missing
    name = hashlib.sha256(options.model.encode()).hexdigest()[:16]
    refused = cache / f"unreachable-{name}"
    recently = refused.exists() and time.time() - refused.stat().st_mtime < RETRY_SECONDS
    if options.download and not recently:
        try:
            return _download(options.model)
        except Exception as error:  # noqa: BLE001 - likewise
            reason = error
            cache.mkdir(parents=True, exist_ok=True)
            refused.write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")
    message = f"the weights of {options.model} are not here and cannot be fetched"
    hint = "connect once, name a folder as `model`, or set retrieve.rerankers = []"
    raise ComponentUnavailable(message, hint) from reason


def _whole(folder: Path) -> bool:
    """Return whether a model is all there; a download that broke off leaves a part of it."""
    weights = ("*.safetensors", "pytorch_model*.bin")
    return (folder / "config.json").exists() and any(any(folder.glob(w)) for w in weights)


def _download(model: str) -> str:
    from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415

    # Asked first with a short limit, because a download would go on trying for a minute.
    HfApi().model_info(model, timeout=3)
    return snapshot_download(
        model, allow_patterns=["*.json", "*.txt", "model.safetensors"], max_workers=2
    )


COMPONENTS = (
    RerankerComponent(
        name="cross-encoder",
        summary="A sentence-transformers cross-encoder over the retrieved passages",
        options=CrossEncoderOptions,
        build=_build,
    ),
)
