"""Memorisation: spans that a model gives back word for word from what it was trained on.

In: generated texts and the training set. Out: of each text its longest span that stands in the
training set, and which texts have one that is too long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SPAN = 30
"""Tokens. A span of thirty is chance in no text, and no quotation that a reader would take for
one's own words (Carlini et al., Quantifying Memorization across Neural Language Models, ICLR 2023,
count from 50 tokens on)."""

_SEED = 8
"""Tokens by which a shared span is found, before it is followed as far as it goes."""

_TOKENS = re.compile(r"\w+|[^\w\s]")

Tokenize = Callable[[str], Sequence[str | int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The longest span that a text shares with the training set.

    Attributes:
        text: the text's number.
        tokens: how long the span is.
        start: of the span, in tokens of the text.
        source: which training text it stands in; empty if there is no span of eight.
        words: the span, as the text has it where tokens are words, else empty.
    """

    text: int
    tokens: int
    start: int = 0
    source: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memorised:
    """What a set of texts shares with the training set."""

    longest: tuple[Shared, ...]
    limit: int

    @property
    def over(self) -> tuple[Shared, ...]:
        """The texts that share a span of the limit or more."""
        return tuple(one for one in self.longest if one.tokens >= self.limit)

    @property
    def rate(self) -> float:
        """The share of such texts."""
        return len(self.over) / len(self.longest) if self.longest else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "limit": self.limit,
            "texts": len(self.longest),
            "over": len(self.over),
            "longest": max((one.tokens for one in self.longest), default=0),
            "spans": [
                {"text": o.text, "tokens": o.tokens, "source": o.source, "words": o.words}
                for o in self.over
            ],
        }


def tokens_of(text: str) -> list[str]:
    """Return words and marks, case kept: what a span is counted in by default."""
    return _TOKENS.findall(text)


def memorised(
    texts: Sequence[str],
    training: Mapping[str, str],
    *,
    limit: int = SPAN,
    tokenize: Tokenize = tokens_of,
) -> Memorised:
    """Return the longest span of each text that stands in the training set.

    Args:
        texts: generated.
        training: text by name.
        limit: tokens from which a span counts as memorised.
        tokenize: words and marks by default. A model's own tokenizer makes more tokens of a text,
            so it is the stricter one; special tokens must be left out.
    """
    corpus = {name: list(tokenize(text)) for name, text in training.items()}
    asked = [list(tokenize(text)) for text in texts]
    # Only what the texts have is looked up, so the index stays small whatever the training set is.
    wanted = {tuple(t[i : i + _SEED]) for t in asked for i in range(len(t) - _SEED + 1)}
    places: dict[tuple[str | int, ...], list[tuple[str, int]]] = {}
    for name, tokens in corpus.items():
        for i in range(len(tokens) - _SEED + 1):
            seed = tuple(tokens[i : i + _SEED])
            if seed in wanted:
                places.setdefault(seed, []).append((name, i))
    longest = tuple(_longest(n, tokens, corpus, places) for n, tokens in enumerate(asked))
    return Memorised(longest=longest, limit=limit)


def _longest(
    number: int,
    tokens: Sequence[str | int],
    corpus: Mapping[str, Sequence[str | int]],
    places: Mapping[tuple[str | int, ...], Sequence[tuple[str, int]]],
) -> Shared:
    best = Shared(text=number, tokens=0)
    for start in range(len(tokens) - _SEED + 1):
        for name, at in places.get(tuple(tokens[start : start + _SEED]), ()):
            source = corpus[name]
            if start and at and tokens[start - 1] == source[at - 1]:
                continue  # It was followed from where it begins.
            length = _SEED
            most = min(len(tokens) - start, len(source) - at)
            while length < most and tokens[start + length] == source[at + length]:
                length += 1
            if length > best.tokens:
                span = tokens[start : start + length]
                words = " ".join(map(str, span)) if isinstance(span[0], str) else ""
                best = Shared(text=number, tokens=length, start=start, source=name, words=words)
    return best
