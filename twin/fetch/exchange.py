"""One request and its answer, and further attempts where a failure may pass.

In: a checked address and headers. Out: `Answer`, or a `FetchError`. Statuses are the caller's
business, but for those that another attempt may do away with.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

import httpcore
import httpx

from twin.errors import FetchError, RefusedAddress, TooLarge
from twin.fetch.bodies import read_body
from twin.fetch.connections import deadline
from twin.fetch.pace import Pace, asked_to_wait
from twin.fetch.settings import FetchSettings

if TYPE_CHECKING:
    from tenacity import RetryCallState

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
OK: Final = 200
UNCHANGED: Final = 304

_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another attempt may do away with."""

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
"""Seconds between attempts: a random part of 1, 2, 4 ... and at most 60."""

_FAILURES: Final = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpx.HTTPError,
    OSError,
)

_HINTS: Final = {
    401: "it is behind a login; use the site's export",
    403: "the site refuses; save the page in the browser, or use the site's export",
    404: "it is not there (any more)",
    410: "it is not there any more",
    429: "the site asks for patience; run it again later, or lower fetch.rate",
}


class _Passing(FetchError):
    """A failure that another attempt may do away with.

    Attributes:
        wait: the seconds that the server asks to wait before it.
    """

    wait = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; the names of the headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The header, empty if there is none."""
        return self.headers.get("content-type", "")


def refusal(url: str, status: int) -> FetchError:
    """Return the error of an answer that is no success."""
    message = f"{url}: the server answered {status}"
    return FetchError(message, _HINTS.get(status, "run it again later"), status=status)


def exchanged(
    transport: httpx.BaseTransport, url: str, headers: Mapping[str, str], settings: FetchSettings
) -> Answer:
    """Send one request and return its answer.

    Raises:
        TooLarge: if the body has more bytes than are allowed.
        FetchError: if there is no whole answer in time.
    """
    begun = monotonic()
    # Without httpx's client: it keeps cookies, and reads where a redirect leads before we do.
    timeouts = {"timeout": httpx.Timeout(settings.timeout).as_dict()}
    try:
        request = httpx.Request("GET", url, headers=dict(headers), extensions=timeouts)
    except httpx.InvalidURL as error:
        message = f"not a web address: {url[:100]!r} ({error})"
        raise RefusedAddress(message, "is it spelt as in the browser?") from error
    try:
        with (
            deadline(settings.total_timeout),
            closing(transport.handle_request(request)) as response,
        ):
            body = b""
            if response.status_code not in REDIRECTS | {UNCHANGED}:
                _refuse_announced(url, response.headers, settings.max_bytes)
                packed = response.headers.get("content-encoding", "")
                body = read_body(response.iter_raw(), packed, settings.max_bytes, url)
            return Answer(response.status_code, dict(response.headers), body)
    except _FAILURES as error:
        if monotonic() - begun >= settings.total_timeout:
            message = f"{url}: it took longer than {settings.total_timeout:g} seconds"
            raise FetchError(message, "raise fetch.total_timeout if it is worth it") from error
        # httpcore wraps the error of the system.
        if error.args and isinstance(error.args[0], ssl.SSLError):
            message = f"{url}: no safe connection to its host: {error}"
            raise FetchError(message, "is the address right? A browser would warn, too") from error
        what = str(error).strip() or type(error).__name__
        message = f"{url}: {what}"
        raise _Passing(message, "is the network up? A later run goes on from here") from error


def persistently(
    ask: Callable[[], Answer], url: str, host: str, pace: Pace, settings: FetchSettings
) -> Answer:
    """Return an answer, after as many attempts as are set.

    Args:
        ask: sends the request when it is its turn.
        url: what is asked for, for the errors.
        host: whose turns are put off by a failure.
        pace: the turns.
        settings: how often, and how long a host may ask to wait.

    Raises:
        FetchError: of the last attempt.
    """
    from tenacity import (  # noqa: PLC0415 - slow to import
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_random_exponential,
    )

    backoff = wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE)

    def attempt() -> Answer:
        answer = ask()
        if answer.status in _PASSING:
            raise _put_off(url, answer, pace, settings)
        return answer

    def put_off(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        wait = failure.wait if isinstance(failure, _Passing) else 0.0
        # All requests to the host wait, not this one only; the next turn does the waiting.
        pace.pause(host, wait or backoff(state))
        return 0.0

    attempts = Retrying(
        stop=stop_after_attempt(settings.retries + 1),
        wait=put_off,
        retry=retry_if_exception_type(_Passing),
        reraise=True,
        sleep=lambda _: None,
    )
    try:
        return attempts(attempt)
    except _Passing as failure:
        raise FetchError(failure.message, failure.hint, status=failure.status) from failure


def _put_off(url: str, answer: Answer, pace: Pace, settings: FetchSettings) -> FetchError:
    """Return the error of an answer that may be another one later."""
    wait = asked_to_wait(answer.headers.get("retry-after", ""), pace.clock.wall())
    if wait is not None and wait > settings.patience:
        message = f"{url}: the server asks to wait {wait:,.0f} seconds ({answer.status})"
        return FetchError(message, "run it again then", status=answer.status)
    failure = refusal(url, answer.status)
    passing = _Passing(failure.message, failure.hint, status=failure.status)
    passing.wait = wait or 0.0
    return passing


def _refuse_announced(url: str, headers: Mapping[str, str], limit: int) -> None:
    """Refuse what is announced as too large before it is begun."""
    size = headers.get("content-length", "")
    if size.isascii() and size.isdigit() and int(size) > limit:
        message = f"{url}: it has {int(size):,} bytes, more than {limit:,}"
        raise TooLarge(message, "raise fetch.max_bytes if it is one piece of writing")
