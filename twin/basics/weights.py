"""The weights of a model that reads pairs: in a folder, in the hub's cache, or from the hub.

In: a name or a folder. Out: the folder that holds them. The hub is asked with a short limit, and not again
for an hour after it could not be reached: a question must not wait for it.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from twin.errors import ComponentUnavailable

Download = Annotated[bool, Field(description="Whether the hub may be asked for weights.")]
Backend = Annotated[
    Literal["auto", "torch", "openvino"],
    Field(description="`auto` takes OpenVINO on a CPU, where it can run the model."),
]
Device = Annotated[
    str, Field(description="`cuda` and the like run on torch; empty takes what there is.")
]
"""Options that every such model has: whence its weights come, and what runs it."""

RETRY_SECONDS = 3600
"""After a failed download, how long until the hub is asked again."""


def weights_of(model: str, cache: Path, *, download: bool, without: str) -> str:
    """Return the folder that holds the weights of a model, downloading them at most once.

    Args:
        model: a name on the hub, or a folder.
        cache: where it is noted that the hub could not be reached.
        download: whether the hub may be asked.
        without: how one does without the model, for the hint.

    Raises:
        ComponentUnavailable: if they cannot be had.
    """
    if Path(model).expanduser().is_dir():
        return str(Path(model).expanduser())
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - half a second

    reason: Exception | None = None
    try:
        there = snapshot_download(model, local_files_only=True)
        if _whole(Path(there)):
            return there
    except Exception as missing:  # noqa: BLE001 - the client raises a dozen kinds of error
        reason = missing
    name = hashlib.sha256(model.encode()).hexdigest()[:16]
    refused = cache / f"unreachable-{name}"
    recently = refused.exists() and time.time() - refused.stat().st_mtime < RETRY_SECONDS
    if download and not recently:
        try:
            return _download(model)
        except Exception as error:  # noqa: BLE001 - likewise
            reason = error
            cache.mkdir(parents=True, exist_ok=True)
            refused.write_text(f"{type(error).__name__}: {error}\n", encoding="utf-8")
    message = f"the weights of {model} are not here and cannot be fetched"
    hint = f"connect once, name a folder as `model`, or {without}"
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
