"""The page's server: Chainlit on a socket that is already ours, in a folder of the home.

In: the home's folder and a bound socket. Out: the page, until SIGINT or SIGTERM. Chainlit reads its
folder and its variables when it is first imported, so everything is put in place before that.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin.errors import ConfigurationError, UsageError
from twin.resources import resource
from twin.serving.guard import Guard, is_loopback

FOLDER = "chat"
PATIENCE = 3
"""Seconds that open connections get to end when the page is stopped."""

_HERE = Path(__file__).parent
_FOREIGN = re.compile(r"<link\b[^>]*\bhref=\"https?://[^>]*>")
_SAYINGS = {
    ("chat", "input", "placeholder"): "Ask about anything that was written…",
    ("chat", "input", "actions", "stop"): "Stop",
    ("chat", "messages", "status", "using"): "Looking through",
    ("chat", "messages", "status", "used"): "Looked through",
    ("chat", "watermark"): "Every number leads to the words it rests on.",
    ("navigation", "header", "readme"): "How to read this",
    ("navigation", "newChat", "button"): "New conversation",
    ("navigation", "newChat", "dialog", "title"): "Begin anew?",
    ("navigation", "newChat", "dialog", "tooltip"): "New conversation",
    ("navigation", "newChat", "dialog", "description"): "What was asked here is not kept.",
}
"""What Chainlit says in words of its own, where they do not fit."""


def check_installed() -> None:
    """See whether Chainlit is there.

    Raises:
        ConfigurationError: if it is not.
    """
    if importlib.util.find_spec("chainlit") is None:
        message = "the chat page needs Chainlit, which is not installed"
        raise ConfigurationError(message, "pip install 'twin[chat]'")


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address; port 0 takes a free one.

    Raises:
        UsageError: if the port is taken, or the host is none of this machine's.
    """
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
    except OSError as error:
        message = f"--host {host}: {error.strerror or error}"
        raise UsageError(message, "127.0.0.1 is this machine alone") from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()
    except OSError as error:
        bound.close()
        message = f"cannot listen on {host} port {port}: {error.strerror}"
        raise UsageError(message, "choose another with --port; 0 takes any that is free") from error
    return bound


def address_of(bound: socket.socket) -> str:
    """Return the address under which a bound socket is reached from this machine's browser."""
    host, port = bound.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - it is compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def prepare(home: Path) -> Path:
    """Write what Chainlit reads into a folder of the home, and point Chainlit at it.

    Returns:
        The folder. It is written anew at every start, so that it always fits the version.
    """
    folder = home / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    # While the page is open, what it shows of private writing lies there in files.
    folder.mkdir(exist_ok=True, mode=0o700)
    for name in (".chainlit", "public"):
        (folder / name).mkdir(exist_ok=True)
    _copy(_HERE / "chainlit.toml", folder / ".chainlit" / "config.toml")
    for name in ("favicon.svg", "page.css", "page.js", "theme.json"):
        _copy(_HERE / "public" / name, folder / "public" / name)
    readme = resource("chainlit.md")
    if readme is not None:
        _copy(readme, folder / "chainlit.md")
    os.environ["CHAINLIT_APP_ROOT"] = str(folder)
    # Chainlit would read the .env of the current folder, whosever that is.
    os.environ["CHAINLIT_ENV_FILE"] = str(folder / ".env")
    return folder


def serve(bound: socket.socket, ready: Callable[[], None]) -> None:
    """Run the page until it is told to stop; the process may end with it.

    Args:
        bound: a socket from `bind`.
        ready: called when the page can be opened.
    """
    import uvicorn  # noqa: PLC0415 - comes with Chainlit, which is an extra
    from chainlit import server, session  # noqa: PLC0415
    from chainlit.config import config, load_module  # noqa: PLC0415

    target = resource("app.py")
    if target is None:  # pragma: no cover - a broken installation
        message = "app.py, which is the page, did not travel with this installation"
        raise ConfigurationError(message, "install twin anew")
    logging.getLogger("chainlit").setLevel(logging.ERROR)
    _translate(Path(config.root))
    host, port = bound.getsockname()[:2]
    config.run.headless = True
    config.run.host, config.run.port = host, port
    config.run.module_name = str(target)
    # The page has one profile and it overrides nothing. Chainlit would find that out by running the
    # event loop inside itself.
    session.BaseSession.config = config  # type: ignore[attr-defined]
    _keep_home(server)
    load_module(config.run.module_name)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    settings = uvicorn.Config(
        Guard(server.app, loopback=is_loopback(host)),
        host=host,
        port=port,
        log_level="error",
        timeout_graceful_shutdown=PATIENCE,
    )
    asyncio.run(Server(settings).serve(sockets=[bound]))


def _keep_home(server: Any) -> None:
    """Leave out of the page what it would fetch from other people's servers: fonts and styles."""
    template = server.get_html_template

    def own(root_path: str) -> str:
        return _FOREIGN.sub("", template(root_path))

    server.get_html_template = own


def _translate(folder: Path) -> None:
    path = folder / ".chainlit" / "translations" / "en-US.json"
    sayings = json.loads(path.read_text(encoding="utf-8"))
    for (*parents, last), text in _SAYINGS.items():
        place = sayings
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = text
    path.write_text(json.dumps(sayings, ensure_ascii=False, indent=2), encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())
