"""Who may talk to the page: this machine's browser, from the page itself.

In: requests. Out: those that come from the page. Without it any web page that is open in the same
browser could ask the twin by WebSocket, or by a host name that it points at this machine, and read
what is private. The policy keeps the page from sending anything elsewhere, pictures included.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    # 'unsafe-eval' is for Chainlit, which compiles the elements in public/ in the browser; a source
    # carries its text in a data: address. Neither lets anything out.
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine alone."""
    if host.casefold().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def allowed(host: str, origin: str | None, *, loopback: bool) -> bool:
    """Return whether a request comes from the page.

    Args:
        host: its ``Host`` header.
        origin: its ``Origin`` header, None if it has none (a browser leaves it out where the page
            asks its own server).
        loopback: whether only this machine is served.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        asking = host if origin is None else urlsplit(origin).netloc
    except ValueError:  # neither is an address at all, as in "[::1"
        return False
    if loopback and not is_loopback(name):
        return False
    return asking.casefold() == host.casefold()


class Guard:
    """An ASGI application that lets through what comes from the page.

    Args:
        inner: the page.
        loopback: whether only this machine is served.
    """

    def __init__(self, inner: Application, *, loopback: bool) -> None:
        self._inner = inner
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not allowed(headers.get(b"host", ""), headers.get(b"origin"), loopback=self._loopback):
            await _refuse(scope, receive, send)
            return

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._inner(scope, receive, sent)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    body = b"this page answers only to itself, on the address that `twin chat` printed\n"
    await send({"type": "http.response.body", "body": body})
