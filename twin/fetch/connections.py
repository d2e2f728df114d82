"""Connections to checked numbers only, with an end.

In: a request of httpx. Out: its response, over a connection to a number that was checked when it
was made: the name is not looked up twice, so it cannot lead elsewhere the second time. Every read
and write, headers and TLS included, ends at the deadline of the request.
"""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

import httpcore
import httpx

from twin.fetch.addresses import Resolver, public_numbers, resolved

DEADLINE: ContextVar[float] = ContextVar("deadline", default=float("inf"))
"""When the running request must have ended, in seconds of the monotonic clock."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """End whatever is read inside after `seconds`, however slowly it comes."""
    token = DEADLINE.set(monotonic() + seconds)
    try:
        yield
    finally:
        DEADLINE.reset(token)


def _left(timeout: float | None) -> float:
    left = DEADLINE.get() - monotonic()
    if left <= 0:
        message = "it took too long as a whole"
        raise httpcore.ReadTimeout(message)
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A stream whose every step ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Looks a host up, checks all of its numbers, and connects to the first that answers."""

    def __init__(self, allowed: frozenset[str], resolve: Resolver) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for number in public_numbers(host, port, self._allowed, self._resolve):
            try:
                return _Stream(
                    self._inner.connect_tcp(
                        number, port, _left(timeout), local_address, socket_options
                    )
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(host)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class Transport(httpx.BaseTransport):
    """What an `httpx.Client` sends its requests through.

    Args:
        allowed: hosts that may lie in a private network.
        resolve: from a host to its numbers.
        connections: the most that are open at once.
    """

    def __init__(
        self, allowed: Iterable[str], connections: int, resolve: Resolver = resolved
    ) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=30.0,
            network_backend=_Backend(frozenset(allowed), resolve),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its response, whose body is still to be read."""
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()
