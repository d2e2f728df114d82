"""How many steps a run will take, before it is started.

In: a set, and a configuration of Axolotl. Out: `Steps`. Packed samples are counted in tokens: by the
base model's own tokenizer where that lies here, else by four characters a token.
"""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from twin.training.shapes import model_folder
from twin.training.trainset import TrainSet

FEWEST: Final = 100
"""Steps below which a learning rate that warms up and decays has little time at its height. LIMA, which
learned a style from 1,000 rows, took 470 (15 epochs of 32 rows a step: Zhou et al. 2023)."""

CHARACTERS: Final = 4
"""Of one token, the rule of thumb for English."""

MARKS: Final = 5
"""Tokens that a chat template puts around a message, about."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a run.

    Attributes:
        total: of the optimizer, in all epochs.
        sequences: that one pass over the set is made of.
        together: sequences of one step, over all devices.
    """

    total: int
    sequences: int
    together: int


def steps_of(data: TrainSet, config: Mapping[str, Any], devices: int, base: str) -> Steps:
    """Return the steps that a run will take, about.

    Args:
        data: what is trained on.
        config: of Axolotl.
        devices: GPUs, or 0.
        base: the model that it begins from.
    """
    sequences = data.train.rows
    if config.get("sample_packing") and not config.get("rl"):
        sequences = math.ceil(_tokens(data.train.path, base) / _number(config, "sequence_len", 512))
    held_out = float(config.get("val_set_size") or 0)
    sequences -= int(sequences * held_out if held_out < 1 else held_out)
    together = (
        _number(config, "micro_batch_size", 1)
        * _number(config, "gradient_accumulation_steps", 1)
        * max(1, devices)
    )
    passes = float(config.get("num_epochs") or 1)
    total = math.ceil(math.ceil(sequences / together) * passes)
    limit = int(config.get("max_steps") or 0)
    return Steps(min(total, limit) if limit > 0 else total, sequences, together)


def too_few(steps: Steps, config: Mapping[str, Any]) -> str:
    """Say that a run has few steps, and what makes more; empty if there are enough."""
    if steps.total >= FEWEST or int(config.get("max_steps") or 0) > 0:
        return ""
    told = f"about {steps.total} steps of {steps.together} sequences: few to learn in"
    now = _number(config, "gradient_accumulation_steps", 1)
    fewer = max(1, now * steps.total // FEWEST)
    if fewer < now:
        return f"{told}; --set gradient_accumulation_steps={fewer} makes more of them"
    return f"{told}; --set num_epochs=… makes more of them, more writing better ones"


def _number(config: Mapping[str, Any], key: str, otherwise: int) -> int:
    return max(1, int(config.get(key) or otherwise))


def _tokens(path: Path, base: str) -> int:
    """Return the tokens of all conversations of a file."""
    texts = list(_texts(path))
    folder = model_folder(base)
    # A tokenizer that cannot be read is told of by Axolotl; here a rule of thumb will do.
    with suppress(Exception):
        if folder is not None:
            from tokenizers import Tokenizer  # noqa: PLC0415 - of the extra `train`

            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            tokenizer.no_truncation()
            found = tokenizer.encode_batch(texts, add_special_tokens=False)
            return sum(len(one.ids) + MARKS for one in found)
    return sum(len(text) // CHARACTERS + MARKS for text in texts)


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                for message in json.loads(line)["messages"]:
                    yield str(message.get("content") or "")
