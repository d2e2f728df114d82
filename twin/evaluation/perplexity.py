"""Perplexity: how much the author's own held-out text surprises a model.

In: texts and a model folder. Out: perplexity by token, bits by character, with intervals over whole
documents. Bits by character can be compared between models whose tokenizers differ; perplexity by
token cannot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import UsageError
from twin.evaluation.generation import Checkpoint, Told, quiet_told
from twin.evaluation.intervals import Interval, Rows, bootstrap

WINDOW = 512
STRIDE = 256
"""Every token but the first of a document is predicted once, from at least 256 before it where the
document has so many: the sliding window of Hugging Face's guide 'Perplexity of fixed-length models'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surprise:
    """What a model thought of one document.

    Attributes:
        nats: negative log-likelihood of its tokens, added up.
        tokens: how many were predicted.
        characters: of the text.
    """

    document: str
    nats: float
    tokens: int
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Perplexity:
    """What a model thinks of a set of documents."""

    documents: tuple[Surprise, ...]
    perplexity: Interval
    bits_per_character: Interval

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "documents": len(self.documents),
            "tokens": sum(one.tokens for one in self.documents),
            "perplexity": self.perplexity.as_json(),
            "bits_per_character": self.bits_per_character.as_json(),
        }


def perplexity(
    model: Checkpoint, texts: Mapping[str, str], told: Told = quiet_told, window: int = WINDOW
) -> Perplexity:
    """Return how much texts surprise a model.

    Args:
        model: a folder, with or without adapter.
        texts: by document.
        told: after each document.
        window: tokens that the model sees at once; half of them is the step.

    Raises:
        UsageError: if there is no text.
    """
    if not any(text.strip() for text in texts.values()):
        message = "there is no text whose perplexity could be measured"
        raise UsageError(message, "name held-out writing of the author")
    found = []
    for done, (name, text) in enumerate(texts.items(), start=1):
        if text.strip():
            found.append(_surprise(model, name, text, window))
        told(done, len(texts))
    return summed(found)


def summed(found: Sequence[Surprise]) -> Perplexity:
    """Return the figures of a set of documents, documents being drawn for the intervals."""
    nats = np.asarray([one.nats for one in found])
    tokens = np.asarray([one.tokens for one in found], dtype=np.float64)
    characters = np.asarray([one.characters for one in found], dtype=np.float64)
    units = [one.document for one in found]

    def by_token(rows: Rows) -> float:
        return math.exp(float(nats[rows].sum() / tokens[rows].sum()))

    def by_character(rows: Rows) -> float:
        return float(nats[rows].sum() / characters[rows].sum() / math.log(2))

    return Perplexity(
        documents=tuple(found),
        perplexity=bootstrap(by_token, units),
        bits_per_character=bootstrap(by_character, units),
    )


def ratio(one: Perplexity, base: Perplexity) -> Interval:
    """Return the perplexity of one model over another's on the same documents, drawn in pairs.

    Raises:
        UsageError: if they were not measured on the same documents.
    """
    if [s.document for s in one.documents] != [s.document for s in base.documents]:
        message = "perplexities of different documents cannot be compared"
        raise UsageError(message, "measure both models on the same held-out texts")
    mine = np.asarray([s.nats for s in one.documents])
    theirs = np.asarray([s.nats for s in base.documents])
    tokens = np.asarray([s.tokens for s in one.documents], dtype=np.float64)
    other = np.asarray([s.tokens for s in base.documents], dtype=np.float64)

    def of(rows: Rows) -> float:
        by_token = mine[rows].sum() / tokens[rows].sum()
        return math.exp(float(by_token - theirs[rows].sum() / other[rows].sum()))

    return bootstrap(of, [s.document for s in one.documents])


def _surprise(model: Checkpoint, name: str, text: str, window: int) -> Surprise:
    import torch  # noqa: PLC0415 - heavy

    tokenizer, loaded = model.loaded()
    ids = tokenizer(text, return_tensors="pt").input_ids.to(loaded.device)
    if tokenizer.bos_token_id is not None and ids[0, 0] != tokenizer.bos_token_id:
        first = torch.full((1, 1), tokenizer.bos_token_id, dtype=ids.dtype, device=ids.device)
        ids = torch.cat([first, ids], dim=1)
    length, nats, known = ids.shape[1], 0.0, 1
    for start in range(0, length, window // 2):
        end = min(start + window, length)
        fresh = end - known
        if fresh > 0:
            with torch.inference_mode():
                logits = loaded(ids[:, start:end]).logits[0, -fresh - 1 : -1].float()
                loss = torch.nn.functional.cross_entropy(
                    logits, ids[0, end - fresh : end], reduction="sum"
                )
            nats += float(loss)
            known = end
        if end == length:
            break
    return Surprise(document=name, nats=nats, tokens=length - 1, characters=len(text))
