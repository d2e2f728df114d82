"""The one person of this machine is let in with the first page, without being asked.

In: requests. Out: the same, and with the page itself a cookie that says who reads, where there is
none. Chainlit would show its login page for a moment, and complain in the console, before it lets
the same person in.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from twin.serving.guard import Application, Receive, Scope, Send


class WelcomeIn:
    """An ASGI application that hands out the cookie of the local person.

    Args:
        inner: the page.
        cookie: its name.
        token: makes what stands in it.
        lasts: seconds.
    """

    def __init__(
        self, inner: Application, cookie: str, token: Callable[[], str], lasts: int
    ) -> None:
        self._inner = inner
        self._cookie = cookie
        self._token = token
        self._lasts = lasts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or self._known(scope):
            await self._inner(scope, receive, send)
            return

        async def sent(message: MutableMapping[str, Any]) -> None:
            headers = list(message.get("headers", ()))
            page = any(n == b"content-type" and v.startswith(b"text/html") for n, v in headers)
            if message["type"] == "http.response.start" and page:
                cookie = (
                    f"{self._cookie}={self._token()}; HttpOnly; Path=/; SameSite=lax; "
                    f"Max-Age={self._lasts}"
                )
                message["headers"] = [*headers, (b"set-cookie", cookie.encode())]
            await send(message)

        await self._inner(scope, receive, sent)

    def _known(self, scope: Scope) -> bool:
        try:
            cookies = SimpleCookie(
                b"; ".join(v for n, v in scope["headers"] if n.lower() == b"cookie").decode(
                    "latin-1"
                )
            )
        except CookieError:
            return False
        return self._cookie in cookies
