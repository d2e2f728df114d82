"""Servers that tests start for themselves: a free port, a folder, and a process that can be killed.

In: a folder. Out: a running server with its URL. Neither of the two is a `mongod`: SecantusDB is
MongoDB's storage engine behind its wire protocol, nx-27017 is the protocol over SQLite.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest

UP = 60.0
"""Seconds after which a server that does not answer counts as broken."""

SECANTUS, SECANTUS_ALONE, NX = "secantus", "secantus-standalone", "nx"

_PROGRAMS = {SECANTUS: "secantusd-py", SECANTUS_ALONE: "secantusd-py", NX: "nx-27017"}


class MongoServer:
    """A server that speaks MongoDB's protocol.

    Args:
        folder: where its data lie; they outlive `kill`.
        kind: ``secantus`` (a replica set of one), ``secantus-standalone`` (the same server, not
            calling itself one: no change streams), or ``nx``.
        options: further arguments of the program.
    """

    def __init__(self, folder: Path, kind: str = SECANTUS, options: tuple[str, ...] = ()) -> None:
        program = Path(sys.executable).parent / _PROGRAMS[kind]
        if not program.exists() and not shutil.which(program.name):
            pytest.skip(f"{program.name} is not installed (it is in the extra dev)")
        self.folder = folder
        self.port = free_port()
        self.url = f"mongodb://127.0.0.1:{self.port}"
        self._log = folder / "log"
        data = str(folder / "data")
        if kind == NX:
            log, pid = str(folder / "nx.log"), str(folder / "nx.pid")
            files = ["--data-dir", data, "--log-file", log, "--pid-file", pid]
            self._command = [str(program), *files, "-p", str(self.port)]
        else:
            alone = ["--standalone"] if kind == SECANTUS_ALONE else []
            where = ["--port", str(self.port), "--storage-path", data]
            self._command = [str(program), *where, "--sync-on-commit", *alone]
        self._command += options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError

        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + UP
        with MongoClient[dict[str, object]](self.url, serverSelectionTimeoutMS=500) as client:
            while True:
                with suppress(PyMongoError):
                    client.admin.command("ping")
                    return
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    pytest.fail(f"{self._command[0]} does not answer:\n{self._log.read_text()}")

    def add_options(self, *options: str) -> None:
        """Give the program more arguments from the next start on."""
        self._command += options

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Kill it, if it runs, and start it on the same port and data."""
        self.kill()
        self.start()


@contextmanager
def mongo_server(
    folder: Path, kind: str = SECANTUS, options: tuple[str, ...] = ()
) -> Iterator[MongoServer]:
    """Run a server for the length of a block."""
    with MongoServer(folder, kind, options) as server:
        yield server


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
