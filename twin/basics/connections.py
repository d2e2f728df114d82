"""Connections to servers of models, one for each request.

In: nothing. Out: a transport for httpx, by aiohttp. With it a turn of sixty tokens took 39 ms of the processor
and not 46, and of fifty chats at once the slowest twentieth waited 70 ms for their first token and not 160 to 260
(``python -m benchmarks.load --turns 500``, side by side). OpenAI's client offers the same. A question comes minutes after the
one before, so no connection is kept, and none is left to close at the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport


class OneEach(httpx.AsyncBaseTransport):
    """Opens a connection for each request, and closes it with the answer.

    Proxies are those of the environment: HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
    """

    def __init__(self) -> None:
        # To read the certificates takes longer than to connect, so it is done once.
        self._certificates = httpx.create_ssl_context()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and return the answer as soon as its head is there."""
        one = AiohttpTransport(verify=self._certificates, client=self._session)
        try:
            with _told():
                answer = await one.handle_async_request(request)
        except BaseException:
            await one.aclose()
            raise
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 - as it is from aiohttp
        answer.stream = _Body(answer.stream, one)
        return answer

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._certificates, force_close=True)
        return aiohttp.ClientSession(connector=connector, trust_env=True)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, with whose end its connection ends."""

    def __init__(self, stream: httpx.AsyncByteStream, connection: AiohttpTransport) -> None:
        self._stream = stream
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self._connection.aclose()


@contextmanager
def _told() -> Iterator[None]:
    """Let what aiohttp raises be told as httpx tells it.

    The transport takes a connection that the server closes for one that timed out, and passes on
    what it does not know: an answer that is no HTTP, for one.
    """
    try:
        yield
    except httpx.ConnectTimeout as error:
        if isinstance(error.__cause__, aiohttp.ServerTimeoutError):
            raise
        raise httpx.RemoteProtocolError(str(error) or "the connection was closed") from error
    except aiohttp.ClientError as error:
        # It holds the request with its key, and shows it to whoever prints it.
        raise httpx.RemoteProtocolError(str(error) or type(error).__name__) from None
