"""How long a server is waited for, and when it is asked again.

In: an attempt, which yields the parts of an answer or says that the server is not ready. Out: the parts
of the first attempt that begins to speak. Once a word has been said, nothing is ever asked again: the
reader would see it twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import monotonic, time

from twin.errors import ModelError
from twin.models.calls import Ending, Pause, Said

FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is twice as long."""

LONGEST_PAUSE = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What is waited for.

    Attributes:
        retries: further attempts after a failure that may pass.
        seconds: that all attempts together may spend on waiting for the next one.
        first_token: seconds until the first word of an attempt.
        silence: seconds between two words.
    """

    retries: int
    seconds: float
    first_token: float
    silence: float


class NotReady(Exception):
    """The server cannot answer now, and may be able to in a moment.

    Args:
        error: what to raise if there is no further attempt.
        why: what is waited for, as a person would say it.
        after: seconds that the server asks to wait, None if it does not say.
    """

    def __init__(self, error: ModelError, why: str, after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.why = why
        self.after = after


async def insist(
    attempt: Callable[[], AsyncIterator[Said]],
    patience: Patience,
    silent: Callable[[float], ModelError],
) -> AsyncIterator[Said]:
    """Yield the parts of the first attempt that begins to speak.

    Args:
        attempt: asks once; raises `NotReady` for what may pass.
        patience: how long.
        silent: makes the error for a server that has said nothing for so many seconds.

    Raises:
        ModelError: if no attempt came to its end.
    """
    begun = monotonic()
    for number in range(patience.retries + 1):
        spoke = False
        try:
            async with aclosing(_timed(attempt(), patience, silent)) as parts:
                async for said in parts:
                    spoke = spoke or not isinstance(said, Pause)
                    yield said
        except NotReady as failure:
            pause = min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)
            if failure.after is not None:
                pause = max(failure.after, 0.05)
            over = monotonic() - begun + pause > patience.seconds
            if spoke or over or number == patience.retries:
                raise failure.error from failure.__cause__
            yield Pause(failure.why)
            await asyncio.sleep(pause)
        else:
            return


async def _timed(
    parts: AsyncIterator[Said], patience: Patience, silent: Callable[[float], ModelError]
) -> AsyncGenerator[Said, None]:
    """Yield parts, none of which may take too long."""
    limit = patience.first_token
    try:
        while True:
            try:
                async with asyncio.timeout(limit):
                    said = await anext(parts)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise silent(limit) from None
            yield said
            if not isinstance(said, Pause | Ending):
                limit = patience.silence
    finally:
        if close := getattr(parts, "aclose", None):
            await close()


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for (RFC 9110, 10.2.3), None if it says nothing."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None
