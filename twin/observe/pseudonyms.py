"""What people are called on traces that are to hold no words: always the same, and nobody's name.

In: a folder that keeps a key, and names. Out: a pseudonym of each. Without the key, which never leaves
the home, no list of names that somebody tries leads from a pseudonym to a person.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

FILE = "pseudonyms.key"
LENGTH = 16
"""Hexadecimal digits: enough to tell everybody who logs in apart."""


def pseudonyms(folder: Path) -> Callable[[str], str]:
    """Return what gives a name its pseudonym; the key is made if there is none.

    Raises:
        OSError: if the key can be neither read nor written.
    """
    key = _key(folder / FILE)

    def pseudonym(name: str) -> str:
        return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:LENGTH]

    return pseudonym


def _key(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(32))
            # Another process may have made one meanwhile: the first one counts for both.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
