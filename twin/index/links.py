"""Links between processes over a Unix socket: both ends know a key, and no wait is without end.

In: a folder, or a socket's address and the key. Out: connections. A process that is stopped
(``kill -STOP``, a debugger, a laptop's lid) accepts nothing, reads nothing and closes nothing, so
the system itself breaks off whatever takes longer than it may.
"""

import hashlib
import os
import socket
import struct
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path

from twin.errors import TwinError

LONGEST_PATH = 100
"""Bytes of a socket's path that every system takes (104 on macOS, 108 on Linux, a zero included)."""


def connect(address: str, key: bytes, seconds: float) -> Connection:
    """Return a connection to whoever listens at an address and knows the key.

    Args:
        address: the socket's path.
        key: what both must know.
        seconds: the most that any step of it may take.

    Raises:
        ConnectionError: if nobody listens there any more.
        AuthenticationError: if the other's key is another one.
        TimeoutError: if somebody listens and does not answer.
    """
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(seconds)
        try:
            raw.connect(address)
        except BlockingIOError as error:  # so many wait already that no more are taken
            raise TimeoutError(*error.args) from error
        raw.settimeout(None)
        link = Connection(raw.detach())
    try:
        limit(link, seconds)
        answer_challenge(link, key)
        deliver_challenge(link, key)
    except BlockingIOError as error:
        link.close()
        raise TimeoutError(*error.args) from error
    except BaseException:
        link.close()
        raise
    return link


def admit(link: Connection, key: bytes, seconds: float) -> None:
    """Let a caller in who knows the key; the counterpart of `connect`.

    Raises:
        AuthenticationError: if the caller's key is another one.
        OSError: if the caller does not answer in time, or went away; also `EOFError`.
    """
    limit(link, seconds)
    deliver_challenge(link, key)
    answer_challenge(link, key)
    limit(link, 0)


def limit(link: Connection, seconds: float) -> None:
    """Set how long a single read or write may wait: then it raises `BlockingIOError`; 0 is for ever."""
    whole = int(seconds)
    value = struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
    # The options belong to the socket, of which this is a second handle.
    with socket.socket(fileno=os.dup(link.fileno())) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


def socket_paths(folder: Path) -> Iterator[str]:
    """Yield where a folder's socket may lie: in it, unless that path is too long, or in a private one.

    Raises:
        TwinError: if others could put a socket of theirs in its place.
    """
    path = str(folder / "store.sock")
    if len(path.encode()) <= LONGEST_PATH:
        yield path
    private = Path(tempfile.gettempdir()) / f"twin-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    if private.stat().st_uid != os.getuid() or private.stat().st_mode & 0o077:
        message = f"{private} can be used by others, so no socket is put there"
        raise TwinError(message, "remove it, or use a home with a shorter path")
    yield str(private / f"{hashlib.sha256(path.encode()).hexdigest()[:24]}.sock")
