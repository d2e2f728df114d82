"""A web server on this machine, for tests of what reads the web.

In: pages, and functions that answer. Out: a server at ``http://127.0.0.1:<port>``, and what it was
asked. Use it as a context; the client needs ``allow_private=("127.0.0.1",)``.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path with the query, and its headers with names in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. A body in parts goes out part by part, and the connection ends after it."""

    body: bytes | str | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = HTML


Answering = Callable[[Asked], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Whoever breaks a connection off is what some tests are about.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class WebServer:
    """Serves what it is given, and remembers what it was asked. What it was not given is a 404.

    Args:
        host: a number of this machine; on Linux all of 127.0.0.0/8 will do.
        port: 0 takes a free one.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, Answering] = {}
        self._server = _Server((host, port), self._connection())
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def encrypt(self, certificate: Path, key: Path) -> None:
        """Serve by https from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order, without robots.txt."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def page(self, path: str, body: bytes | str, media_type: str = HTML, **headers: str) -> None:
        """Serve a body, with an ``ETag``; to whoever has it already it answers 304.

        Args:
            path: with its slash.
            body: the bytes, or text that is sent in UTF-8.
            media_type: the ``Content-Type``.
            headers: more of them; an underscore stands for a hyphen.
        """
        content = body.encode() if isinstance(body, str) else body
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        more = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(asked: Asked) -> Reply:
            if asked.headers.get("if-none-match") == tag:
                return Reply(status=304, headers={"ETag": tag})
            return Reply(content, headers={"ETag": tag, **more}, media_type=media_type)

        self._answers[path] = answer

    def answer(self, path: str, answering: Answering | Reply) -> None:
        """Serve what a function returns for each request, or always the same reply."""
        self._answers[path] = answering if callable(answering) else lambda _: answering

    def remove(self, path: str, status: int = 410) -> None:
        """Serve no longer what was there."""
        self._answers[path] = lambda _: Reply("<p>Gone.</p>", status)

    def _connection(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Connection(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.path, headers)
                server.asked.append(asked)
                bare = self.path.partition("?")[0]
                answering = server._answers.get(self.path) or server._answers.get(bare)
                reply = answering(asked) if answering else Reply("<p>Not here.</p>", 404)
                try:
                    self._send(reply)
                except OSError:
                    # Whoever asked has had enough, as some tests want it.
                    self.close_connection = True

            def _send(self, reply: Reply) -> None:
                body = reply.body.encode() if isinstance(reply.body, str) else reply.body
                self.send_response(reply.status)
                if reply.media_type:
                    self.send_header("Content-Type", reply.media_type)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if isinstance(body, bytes):
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                for part in body:
                    self.wfile.write(part)
                    self.wfile.flush()
                self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                del format, args

        return Connection
