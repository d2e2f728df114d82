"""What a teacher's answers take: the tokens that its server tells.

In: calls of a teacher by langchain. Out: tokens read and written, of this thread's calls alone.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(slots=True)
class Usage:
    """Tokens that were read and written."""

    read: int = 0
    written: int = 0

    def price(self, prices: tuple[float, float]) -> float:
        """Return what they cost, at the prices of a million read and written."""
        return (self.read * prices[0] + self.written * prices[1]) / 1e6


@contextmanager
def counting() -> Iterator[Usage]:
    """Yield what is known, after the block, of the tokens that were used in it, by failures too."""
    from langchain_core.callbacks import UsageMetadataCallbackHandler  # noqa: PLC0415 - heavy

    variable, counter, usage = _variable(), UsageMetadataCallbackHandler(), Usage()
    before = variable.set(counter)
    try:
        yield usage
    finally:
        variable.reset(before)
        for one in counter.usage_metadata.values():
            usage.read += one.get("input_tokens", 0)
            usage.written += one.get("output_tokens", 0)


@cache
def _variable() -> contextvars.ContextVar[Any]:
    """Return the variable by which LangChain finds the counter of tokens; registered once."""
    from langchain_core.tracers.context import register_configure_hook  # noqa: PLC0415 - heavy

    variable: contextvars.ContextVar[Any] = contextvars.ContextVar("twin_usage", default=None)
    register_configure_hook(variable, inheritable=True)
    return variable
