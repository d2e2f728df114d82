"""Personal data masked in what is traced, as in what a model reads.

In: what masks a text, and attributes of a span. Out: the attributes with every text masked. What is
known to hold no words of anybody's (ids, models, times) stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

REMEMBERED = 2048
"""Texts whose masked form is remembered: one turn tells the same passages in several steps."""


def masking(mask: Callable[[str], str]) -> Callable[[Any], Any]:
    """Return what masks the value of an attribute: a text, or several; anything else stays."""

    @lru_cache(REMEMBERED)
    def text(value: str) -> str:
        if value[:1] in {"{", "["}:
            try:
                # Number by number, a list of scores may look like a telephone's.
                return json.dumps(_inside(json.loads(value), mask), ensure_ascii=False)
            except ValueError:
                pass
        return mask(value)

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, Sequence):
            return [text(one) if isinstance(one, str) else one for one in value]
        return value

    return masked


def _inside(value: Any, mask: Callable[[str], str]) -> Any:
    """Return a value of JSON with every text in it masked; names of keys are ours."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: _inside(one, mask) for key, one in value.items()}
    if isinstance(value, list):
        return [_inside(one, mask) for one in value]
    return value
