"""What lies in the folder of a checkpoint or an adapter.

In: paths. Out: where the weights, the adapter and the tokenizer are; nothing is loaded here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import ComponentUnavailable, ConfigurationError
from twin.models.tokenizers import tokenizer_folder

ADAPTER, MODEL = "adapter_config.json", "config.json"
_BELOW = ("", "merged", "adapter")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the parts of a model are.

    Attributes:
        weights: the folder of the whole model, or of the one below the adapter.
        adapter: the folder of the adapter, None if there is none.
        tokenizer: the folder of the tokenizer and its chat template.
        context: tokens that the model reads; None if it does not say.
    """

    weights: Path
    adapter: Path | None
    tokenizer: Path
    context: int | None


def checkpoint(path: str, base: str) -> Checkpoint:
    """Return what lies in a folder.

    Args:
        path: a checkpoint, an adapter, or a training run that has one of them.
        base: the checkpoint below the adapter; empty takes the one that it names.

    Raises:
        ComponentUnavailable: if something is missing.
    """
    if not path:
        message = "transformers has no model"
        raise ComponentUnavailable(message, "path is the folder of a checkpoint or an adapter")
    folder = _folder(Path(path).expanduser())
    if (folder / ADAPTER).is_file():
        named = base or str(_read(folder / ADAPTER).get("base_model_name_or_path") or "")
        weights, adapter = Path(named).expanduser(), folder
        if not (weights / MODEL).is_file():
            message = (
                f"the adapter in {folder} rests on {named or 'nothing'}, which is no folder here"
            )
            raise ComponentUnavailable(message, "base is the folder of that checkpoint")
    else:
        weights, adapter = folder, None
    tokenizer = weights
    for place in (folder, folder.parent, weights):
        try:
            tokenizer = tokenizer_folder(place)
            break
        except ConfigurationError:
            continue
    context = _read(weights / MODEL).get("max_position_embeddings")
    return Checkpoint(weights, adapter, tokenizer, context if isinstance(context, int) else None)


def _folder(given: Path) -> Path:
    for place in _BELOW:
        folder = given / place if place else given
        if (folder / ADAPTER).is_file() or (folder / MODEL).is_file():
            return folder
    message = f"there is neither a checkpoint nor an adapter in {given}"
    raise ComponentUnavailable(message, f"it has a {MODEL}, or an {ADAPTER}")


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {error}"
        raise ComponentUnavailable(message, "was the training cut off?") from error
    return said if isinstance(said, dict) else {}
