"""How many questions are answered at once: of each who asks, and of all together.

In: whoever asks. Out: a turn, at once or once another one has ended; or words for a person when there
are too many. Each question takes threads and the model's time, so without this one visitor could take
all of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from twin.errors import UsageError

LINE = 4
"""As many times the turns may wait in line; whoever comes then is told to come back."""


class Turns:
    """The turns of one page.

    Args:
        most: questions that are answered at once; the next ones wait in line.
        each: questions of one person that are answered or wait.
    """

    def __init__(self, most: int, each: int) -> None:
        self._most = most
        self._each = each
        self._asked: Counter[str] = Counter()
        self._free = asyncio.Semaphore(most)

    @asynccontextmanager
    async def turn(
        self, whose: str, waits: Callable[[], Awaitable[None]]
    ) -> AsyncGenerator[None, None]:
        """Hold a turn, first come, first served.

        Args:
            whose: who asks; whatever is empty is bounded with all others alone.
            waits: called if others are first.

        Raises:
            UsageError: if this one asks too much at once, or all of them together do.
        """
        if whose and self._asked[whose] >= self._each:
            count = f"{self._each} questions" if self._each > 1 else "a question"
            message = f"you have {count} being answered already"
            raise UsageError(message, "ask this one again once an answer is there")
        if self._asked.total() >= self._most * (1 + LINE):
            message = "more people are asking than can be answered just now"
            raise UsageError(message, "ask again in a moment")
        self._asked[whose] += 1
        try:
            if self._free.locked():
                await waits()
            async with self._free:
                yield
        finally:
            self._asked[whose] -= 1
            if not self._asked[whose]:
                del self._asked[whose]
