"""Who may log in to the chat page.

In: names and passwords. Out: a file in the home that holds no password, only what scrypt makes of it,
and whether a name and a password belong together.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from twin.errors import UsageError, WarehouseError
from twin.serving.access import LOCAL_USER

FILE = "users.json"
SHORTEST = 10
"""Characters of a password."""

_COST = {"n": 2**15, "r": 8, "p": 1}
"""Of scrypt, as OWASP's cheat sheet on password storage has it for 32 MiB; about 0.1 s a try."""
_MEMORY = 128 * 1024 * 1024
_NAME = re.compile(r"[\w.@+-]{1,100}")
_TRIES = 5
_PAUSE = 60.0
"""After so many wrong passwords in a row a name is refused for so many seconds."""

_NAMES_TRIED = 10_000
"""Names whose tries are remembered; beyond that somebody is guessing names, not passwords."""


@dataclass
class _Tries:
    """Wrong passwords in a row, and when the last one was given."""

    count: int = 0
    last: float = 0.0


class Users:
    """Those who may log in.

    Args:
        folder: of the chat, in the home.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._tries: dict[str, _Tries] = {}
        # What is compared for a name that nobody has, so that it takes as long.
        self._nobody = _hashed(secrets.token_hex(8))

    def names(self) -> list[str]:
        """Return their names."""
        return sorted(self._read())

    def add(self, name: str, password: str) -> bool:
        """Let somebody log in, or change their password; return whether they are new.

        Raises:
            UsageError: if the name or the password cannot be used.
        """
        if not _NAME.fullmatch(name):
            message = f"{name!r:.60} cannot be a name"
            raise UsageError(message, "use letters, digits and . @ + - _")
        if name == LOCAL_USER:
            message = f"{name} is whoever sits at this machine, without a login"
            raise UsageError(message, "take another name")
        if len(password) < SHORTEST:
            message = f"the password has fewer than {SHORTEST} characters"
            raise UsageError(message, "a few words that belong together only for you are good")
        users = self._read()
        new = name not in users
        self._write({**users, name: _hashed(password)})
        return new

    def remove(self, name: str) -> bool:
        """Let somebody log in no more; return whether they could."""
        users = self._read()
        known = users.pop(name, None) is not None
        if known:
            self._write(users)
        return known

    def check(self, name: str, password: str) -> bool:
        """Return whether a name and a password belong together.

        After some wrong ones in a row, even the right one is refused for a while.
        """
        if len(self._tries) > _NAMES_TRIED:
            self._tries.clear()
        tries = self._tries.setdefault(name[:100], _Tries())
        if tries.count >= _TRIES and time.monotonic() - tries.last < _PAUSE:
            return False
        # It counts before it is known to be wrong: others may be tried in the same moment.
        tries.count, tries.last = tries.count + 1, time.monotonic()
        known = self._read().get(name)
        right = _matches(password, known or self._nobody) and known is not None
        if right:
            tries.count, tries.last = 0, 0.0
        return right

    def _read(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            message = f"{self._path} cannot be read: {error}"
            raise WarehouseError(message, "delete it, and add the users anew") from error

    def _write(self, users: dict[str, str]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(self._path, json.dumps(users, indent=2, sort_keys=True))


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def signing_key(folder: Path, *who: str) -> str:
    """Return the key that signs who is logged in: another one once others may log in.

    So nobody stays logged in who was taken out, whose password was changed, or who came before there
    were logins.

    Args:
        folder: of the chat, in the home.
        who: may log in besides those with a password, and how.
    """
    path = folder / "secret"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_secret(path, secrets.token_urlsafe(48))
    secret = path.read_bytes().strip()
    users = folder / FILE
    known = users.read_text(encoding="utf-8") if users.exists() else ""
    return hmac.new(secret, json.dumps([known, *who]).encode(), hashlib.sha256).hexdigest()


def _hashed(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(password, salt).hex()}"


def _matches(password: str, known: str) -> bool:
    _, salt, digest = known.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, maxmem=_MEMORY, dklen=32, **_COST)
