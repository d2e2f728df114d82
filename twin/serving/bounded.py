"""How much a request may bring.

In: requests. Out: the same, but none that brings more than it may: the page's server would take in
all of a file, onto its disk and into its memory, before it asks who sends it.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from twin.serving.guard import Application, Receive, Scope, Send

USUAL = 4 * 1024 * 1024
"""Bytes of a request that brings no file: a draft with its sources, at the most."""

FORM = 64 * 1024
"""Bytes that a form has besides the file in it."""

UPLOAD = "/project/file"
"""Ends the path of Chainlit's route for files."""


class Bounded:
    """An ASGI application that refuses what brings too much.

    Args:
        inner: the page.
        upload: bytes of a file that somebody who may give one gives, at the most.
        may_upload: whether a request comes from such a one.
    """

    def __init__(
        self, inner: Application, *, upload: int, may_upload: Callable[[Scope], bool]
    ) -> None:
        self._inner = inner
        self._upload = upload
        self._may_upload = may_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, as far as it may go."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        most, brought = self._most(scope), 0
        answered = refused = False

        async def bounded() -> MutableMapping[str, Any]:
            nonlocal brought, refused
            message = await receive()
            brought += len(message.get("body", b""))
            if brought > most:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            nonlocal answered
            if not refused:
                answered = True
                await send(message)

        if _announced(scope) > most:
            await _refuse(send, most)
            return
        try:
            await self._inner(scope, bounded, sent)
        except Exception:
            # To the page it looks as if the browser had gone.
            if not refused:
                raise
        if refused and not answered:
            await _refuse(send, most)

    def _most(self, scope: Scope) -> int:
        file = scope["path"].rstrip("/").endswith(UPLOAD) and self._may_upload(scope)
        return self._upload + FORM if file else USUAL


def logged_in(scope: Scope) -> bool:
    """Return whether a request comes from somebody who is logged in."""
    from chainlit.auth import get_token_from_cookies  # noqa: PLC0415 - an extra
    from chainlit.auth.jwt import decode_jwt  # noqa: PLC0415
    from jwt import PyJWTError  # noqa: PLC0415 - comes with it
    from starlette.requests import Request  # noqa: PLC0415

    token = get_token_from_cookies(Request(scope).cookies)
    try:
        return bool(token and decode_jwt(token))
    except PyJWTError:
        return False


def _announced(scope: Scope) -> int:
    """Return the bytes that a request says it brings; 0 if it does not say."""
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send, most: int) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    body = f"this is more than the page takes: {most:,} bytes\n".encode()
    await send({"type": "http.response.body", "body": body})
