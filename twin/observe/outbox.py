"""What a server has not taken yet, kept in a folder until it has.

In: bodies of requests. Out: requests, sent by a thread of their own, the oldest first. Handing one
over costs a small file; a server that is down, slow or silent delays nobody, and what it has not
taken when the process ends is sent by the next one. A body is sent twice if the process dies between
the answer and the deletion; spans and scores carry ids, so the server then has it once.
"""

from __future__ import annotations

import gzip
import logging
import os
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from twin.observe.targets import Target

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger("twin.observe")

CONNECT, ANSWER = 5.0, 20.0
"""Seconds that a connection and an answer may take; only the sending thread waits for them."""

PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Seconds before the next attempt, after so many failures in a row."""

LOOK = 30.0
"""Seconds after which it is looked for what other processes left behind."""

_PASSING = frozenset({401, 403, 404, 405, 408, 425, 429})
"""Answers below 500 that say nothing of the body: keys, address or load may be mended."""


class Body(StrEnum):
    """What a request holds; it is the suffix of its file."""

    TRACES = "traces"
    SCORES = "scores"


_HEADERS = {
    Body.TRACES: {"content-type": "application/x-protobuf"},
    Body.SCORES: {"content-type": "application/json"},
}
_COMPRESSED = {"content-encoding": "gzip"}


class Outbox:
    """The folder of one server, and the thread that empties it.

    Args:
        folder: where bodies are kept; it is made, for the owner's eyes only.
        target: the server.
        most: bytes that are kept; beyond them the oldest are dropped.
    """

    def __init__(self, folder: Path, target: Target, most: int) -> None:
        self._folder = folder
        self._target = target
        self._most = most
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._failures = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A daemon, because a server that never answers must not keep the process from ending.
        self._thread = threading.Thread(
            target=self._run, name=f"twin-observe-{target.name}", daemon=True
        )
        self._thread.start()

    def put(self, body: bytes, kind: Body) -> None:
        """Keep a body and have it sent.

        Args:
            body: spans as OTLP's protobuf under gzip, or a score as JSON.
            kind: which of them.

        Raises:
            OSError: if it cannot be written.
        """
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:12]}"
        path = self._folder / f"{name}.{kind}"
        fresh = self._folder / f".{name}.new"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
        fresh.replace(path)
        self._wake.set()

    def waiting(self) -> list[Path]:
        """Return the bodies that are still to be sent, the oldest first."""
        suffixes = {f".{kind}" for kind in Body}
        return sorted(path for path in self._folder.glob("[0-9]*") if path.suffix in suffixes)

    def close(self, patience: float) -> int:
        """Send what can be sent in so many seconds, and return how many bodies are left."""
        self._closing.set()
        self._wake.set()
        self._thread.join(patience)
        return len(self.waiting())

    def _run(self) -> None:
        with self._client() as client:
            while not self._closing.is_set():
                self._attempt(client)
                if self._failures:
                    self._closing.wait(PAUSES[min(self._failures, len(PAUSES)) - 1])
                else:
                    self._wake.wait(LOOK)
                    self._wake.clear()
            self._attempt(client)

    def _attempt(self, client: httpx.Client) -> None:
        try:
            with self._alone() as mine:
                if mine:
                    self._send(client)
        except Exception:  # noqa: BLE001 - the boundary of the thread: it must not end what it watches
            self._failures += 1
            _log.exception("what is to be traced could not be read from %s", self._folder)

    def _send(self, client: httpx.Client) -> None:
        waiting = self._within_limit(self.waiting())
        for path in waiting:
            try:
                body = path.read_bytes()
            except FileNotFoundError:
                continue
            if not self._sent(client, Body(path.suffix[1:]), body):
                return
            path.unlink(missing_ok=True)

    def _sent(self, client: httpx.Client, kind: Body, body: bytes) -> bool:
        """Return whether the server took it, or never will."""
        import httpx  # noqa: PLC0415 - only where something is sent

        address, headers = self._target.scores, _HEADERS[kind]
        if kind is Body.TRACES:
            address = self._target.traces
            if self._target.compressed:
                headers = headers | _COMPRESSED
            else:
                try:
                    body = gzip.decompress(body)
                except (OSError, EOFError, zlib.error) as error:
                    _log.warning("a batch of traces is damaged (%s); dropped", error)
                    return True
        try:
            status = client.post(address, content=body, headers=headers).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return self._failed(type(error).__name__)
        if httpx.codes.is_success(status):
            if self._failures:
                _log.info("%s takes what is traced again", self._target.shown)
            self._failures = 0
            return True
        refused = httpx.codes.BAD_REQUEST <= status < httpx.codes.INTERNAL_SERVER_ERROR
        if refused and status not in _PASSING:
            _log.warning("%s refused %s: %d; dropped", self._target.shown, kind, status)
            return True
        return self._failed(f"status {status}")

    def _failed(self, why: str) -> bool:
        self._failures += 1
        if self._failures == 1:
            _log.warning(
                "%s does not take what is traced (%s); it is kept and sent later",
                self._target.shown,
                why,
            )
        return False

    def _within_limit(self, waiting: list[Path]) -> list[Path]:
        """Drop the oldest bodies beyond the limit, and return the others."""
        sizes = []
        for path in waiting:
            with suppress(FileNotFoundError):
                sizes.append((path, path.stat().st_size))
        total, dropped = sum(size for _, size in sizes), 0
        for path, size in sizes:
            if total <= self._most:
                break
            path.unlink(missing_ok=True)
            total -= size
            dropped += 1
        if dropped:
            _log.warning("dropped the %d oldest batches of traces: observe.keep_mb", dropped)
        return [path for path, _ in sizes[dropped:]]

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Yield whether no other process is sending from this folder; what it holds is sent then."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only where something is sent

        try:
            with FileLock(self._folder / ".lock", timeout=0):
                yield True
        except Timeout:
            yield False

    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415

        return httpx.Client(
            headers=dict(self._target.headers), timeout=httpx.Timeout(ANSWER, connect=CONNECT)
        )
