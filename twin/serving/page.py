"""The page's server: Chainlit on a socket that is already ours, in a folder of the home.

In: the home's folder and a bound socket. Out: the page, until SIGINT or SIGTERM. Chainlit reads its
folder and its variables when it is first imported, so everything is put in place before that.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from twin.errors import ConfigurationError, UsageError
from twin.home import Home
from twin.resources import resource
from twin.serving.access import LOCAL_USER, Access, Login, admitted, let_in
from twin.serving.bounded import Bounded, logged_in
from twin.serving.guard import Guard, is_loopback
from twin.serving.history.address import FOLDER
from twin.serving.users import Users, signing_key
from twin.serving.welcome_in import WelcomeIn

COOKIE = "CHAINLIT_AUTH_COOKIE_NAME"
"""Chainlit's variable for the name of the cookie that says who reads."""
PATIENCE = 3
"""Seconds that open connections get to end when the page is stopped."""

_HERE = Path(__file__).parent
_FOREIGN = re.compile(r"<link\b[^>]*\bhref=\"https?://[^>]*>")
_SAYINGS = {
    ("chat", "input", "placeholder"): "Ask about anything that was written…",
    ("chat", "input", "actions", "stop"): "Stop",
    ("chat", "messages", "status", "using"): "",
    ("chat", "messages", "status", "used"): "",
    ("chat", "watermark"): "Every number leads to the words it rests on.",
    ("navigation", "header", "readme"): "How to read this",
    ("auth", "login", "title"): "Who would like to talk to the twin?",
    ("auth", "login", "form", "email", "label"): "Name",
    ("auth", "login", "form", "email", "placeholder"): "",
    ("auth", "login", "form", "email", "required"): "a name is needed",
    ("auth", "login", "form", "password", "required"): "a password is needed",
    ("auth", "login", "form", "actions", "signin"): "Log in",
    (
        "auth",
        "login",
        "errors",
        "credentialsSignin",
    ): "That name and that password do not go together. "
    "After five tries the name has to wait a minute.",
    ("chat", "messages", "feedback", "dialog", "title"): "Say why, if you like",
    ("chat", "messages", "feedback", "dialog", "submit"): "Keep it",
    ("chat", "messages", "feedback", "dialog", "yourFeedback"): "What was good, or wrong…",
    ("chat", "messages", "feedback", "status", "updated"): "Kept",
    ("navigation", "newChat", "button"): "New conversation",
    ("navigation", "newChat", "dialog", "title"): "Begin anew?",
    ("navigation", "newChat", "dialog", "tooltip"): "New conversation",
    ("navigation", "newChat", "dialog", "description"): "The next question begins a conversation.",
}
"""What Chainlit says in words of its own, where they do not fit."""


def logins(home: Home) -> bool:
    """Return whether somebody can log in: by a password, or by OAuth."""
    return bool(Users(home.folder / FOLDER).names() or home.settings.chat.oauth_allowed)


def check_installed() -> None:
    """See whether Chainlit is there.

    Raises:
        ConfigurationError: if it is not.
    """
    if importlib.util.find_spec("chainlit") is None:
        message = "the chat page needs Chainlit, which is not installed"
        raise ConfigurationError(message, "pip install 'twin[chat]'")


def admitted_by_oauth(allowed: Sequence[str]) -> frozenset[str]:
    """Return who may log in by OAuth; to be called once Chainlit may be imported.

    Args:
        allowed: as twin.toml names them.

    Raises:
        ConfigurationError: if the environment names no provider, or it is not clear who is meant.
    """
    from chainlit.oauth_providers import get_configured_oauth_providers  # noqa: PLC0415 - an extra

    providers: list[str] = get_configured_oauth_providers()  # type: ignore[no-untyped-call]
    if not providers:
        message = "chat.oauth_allowed lets somebody in by OAuth, and no provider is set up"
        hint = (
            "set its variables, as in OAUTH_GITHUB_CLIENT_ID and OAUTH_GITHUB_CLIENT_SECRET, and "
            "CHAINLIT_URL (docs/chat.md)"
        )
        raise ConfigurationError(message, hint)
    return let_in(allowed, providers)


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


def prepare(home: Path, oauth_allowed: Sequence[str] = ()) -> Path:
    """Write what Chainlit reads into a folder of the home, and point Chainlit at it.

    Args:
        home: the folder.
        oauth_allowed: who may log in by OAuth.

    Returns:
        The folder. It is written anew at every start, so that it always fits the version.
    """
    folder = home / FOLDER
    home.mkdir(parents=True, exist_ok=True)
    # While the page is open, what it shows of private writing lies there in files.
    folder.mkdir(exist_ok=True, mode=0o700)
    for name in (".chainlit", ".files", "public", "public/elements"):
        (folder / name).mkdir(exist_ok=True)
    _copy(_HERE / "chainlit.toml", folder / ".chainlit" / "config.toml")
    public = _HERE / "public"
    for path in sorted(public.rglob("*.*")):
        _copy(path, folder / "public" / path.relative_to(public))
    readme = resource("chainlit.md")
    if readme is not None:
        _copy(readme, folder / "chainlit.md")
    os.environ["CHAINLIT_APP_ROOT"] = str(folder)
    # Chainlit would read the .env of the current folder, whosever that is.
    os.environ["CHAINLIT_ENV_FILE"] = str(folder / ".env")
    # The last word is how people are called: whoever was called otherwise logs in anew.
    by_provider = ["provider:name"] if oauth_allowed else []
    key = signing_key(folder, admitted().login.value, *sorted(oauth_allowed), *by_provider)
    os.environ.setdefault("CHAINLIT_AUTH_SECRET", key)
    # Browsers keep one cookie of a name for all ports of a host, and two homes know not each other.
    mark = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    os.environ[COOKIE] = f"twin_{mark}"
    return folder


def application(*, loopback: bool) -> Any:
    """Return the page as an ASGI application; `prepare` comes before it, and once a process is enough.

    Args:
        loopback: whether only this machine is served.
    """
    from chainlit import config as chainlit_config  # noqa: PLC0415 - an extra

    # Before the server is imported: it takes this folder's place then, and empties it at its end.
    chainlit_config.FILES_DIRECTORY = own_folder(Path(chainlit_config.APP_ROOT) / ".files")
    from chainlit import server, session  # noqa: PLC0415
    from chainlit.config import config, load_module  # noqa: PLC0415

    target = resource("app.py")
    if target is None:  # pragma: no cover - a broken installation
        message = "app.py, which is the page, did not travel with this installation"
        raise ConfigurationError(message, "install twin anew")
    logging.getLogger("chainlit").setLevel(logging.ERROR)
    _translate(Path(config.root))
    _fit(config, admitted())
    config.run.headless = True
    config.run.module_name = str(target)
    # No profile overrides anything. Chainlit would find that out by running the
    # event loop inside itself.
    session.BaseSession.config = config  # type: ignore[attr-defined]
    _keep_home(server)
    if admitted().keeps:
        from twin.serving.thumbs import replace_thumbs  # noqa: PLC0415 - Chainlit is there by now

        replace_thumbs(server.app, config.run.root_path)
    load_module(config.run.module_name)
    made: Any = server.app
    if admitted().login is Login.LOCAL:
        made = _welcoming(made, config.project.user_session_timeout)
    upload = config.features.spontaneous_file_upload.max_size_mb * 1024 * 1024
    gives = logged_in if admitted().keeps else lambda _: False
    made = Bounded(made, upload=upload, may_upload=gives)
    return Guard(made, loopback=loopback)


def serve(bound: socket.socket, ready: Callable[[], None]) -> None:
    """Run the page until it is told to stop; the process may end with it.

    Args:
        bound: a socket from `bind`.
        ready: called when the page can be opened.
    """
    import uvicorn  # noqa: PLC0415 - comes with Chainlit, which is an extra

    host, port = bound.getsockname()[:2]
    made = application(loopback=is_loopback(host))
    from chainlit.config import config  # noqa: PLC0415

    config.run.host, config.run.port = host, port

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    settings = uvicorn.Config(
        made, host=host, port=port, log_level="error", timeout_graceful_shutdown=PATIENCE
    )
    asyncio.run(Server(settings).serve(sockets=[bound]))


def _welcoming(application: Any, lasts: int) -> Any:
    """Return a page that lets in whoever sits at this machine."""
    from chainlit.auth import create_jwt  # noqa: PLC0415
    from chainlit.user import User  # noqa: PLC0415

    cookie = os.environ[COOKIE]
    return WelcomeIn(application, cookie, lambda: create_jwt(User(LOCAL_USER)), lasts)


def own_folder(folder: Path) -> Path:
    """Return a folder below another that no other process uses, and clear away what others left.

    The lock beside it is held until the process ends, however it ends.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only where the page is served

    for left in folder.glob("*.lock"):
        lock = FileLock(left)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        shutil.rmtree(left.with_suffix(""), ignore_errors=True)
        left.unlink(missing_ok=True)
        lock.release()
    made = Path(tempfile.mkdtemp(dir=folder, prefix="page-"))
    lock = FileLock(made.with_name(f"{made.name}.lock"))
    lock.acquire()
    _held.append(lock)
    return made


_held: list[Any] = []
"""Locks of this process; nobody else may take them from it."""


def _fit(config: Any, access: Access) -> None:
    """Fit Chainlit to who reads the page: of guests nothing is kept or taken in."""
    config.features.spontaneous_file_upload.enabled = access.keeps
    config.features.edit_message = True
    config.ui.default_sidebar_state = "closed" if access.keeps else "hidden"
    if access.login is Login.PASSWORD:
        config.ui.login_page_image = "/public/favicon.svg"


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
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(sayings, ensure_ascii=False, indent=2), encoding="utf-8")
    beside.replace(path)


def _copy(source: Path, target: Path) -> None:
    # Another page on this home may be reading it.
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    beside.write_bytes(source.read_bytes())
    beside.replace(target)
