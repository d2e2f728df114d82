"""One owner of the embedded store, and everyone else through it.

In: calls to a vector store. Out: their results, wherever the store is open. The process that opens
the folder first owns it and serves the others over a Unix socket with a key that only the same
person can read; when it ends, even by ``kill -9``, the next call of another process takes over. So
`twin ask`, `twin sync --watch` and `twin chat` work side by side, whichever started first.
"""

import contextlib
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from twin.errors import StoreInUse, TwinError
from twin.index.links import admit, connect, limit, socket_paths
from twin.index.qdrant_edge import QdrantEdgeStore, who_has
from twin.points import CollectionInfo, Filters, Hit, Payload, Point, Query

_log = logging.getLogger("twin.index")

PATIENCE = 10.0
"""Seconds until a call gives up: the owner has just gone, and nobody has taken over."""

GREETING = 5.0
"""Seconds that an owner may take to let a caller in: it has a thread for nothing else."""

SILENCE = 120.0
"""Seconds that an owner may take over one call: it may be storing a large batch of its own."""

PAUSE = 0.05
"""Seconds between two attempts."""

SERVED = frozenset(
    {"ensure", "upsert", "set_payload", "delete", "points_of", "scroll", "search", "count", "clear"}
)


class SharedEdgeStore:
    """The embedded store, in this process or in the one that owns it.

    Args:
        folder: where the collection lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._note = folder / "served.json"
        self._edge = QdrantEdgeStore(folder)
        self._owned = False
        self._listener: Listener | None = None
        self._links = threading.local()
        self._lock = threading.RLock()

    @property
    def owned(self) -> bool:
        """Whether this process has the folder open."""
        return self._owned

    def info(self) -> CollectionInfo | None:
        """Return what the collection was made with, None if there is none."""
        return self._edge.info()

    def ensure(self, info: CollectionInfo) -> None:
        """Open the collection here or reach it at its owner, and make it if there is none."""
        self._call("ensure", info)

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert points, or replace those with the same id."""
        if points:
            self._call("upsert", list(points))

    def set_payload(self, payloads: Mapping[str, Payload]) -> None:
        """Replace the payload of existing points."""
        if payloads:
            self._call("set_payload", dict(payloads))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id."""
        if ids:
            self._call("delete", list(ids))

    def points_of(self, document_ids: Sequence[str]) -> Mapping[str, Mapping[str, Payload]]:
        """Return the payloads of all points of some documents."""
        found: dict[str, dict[str, Payload]] = self._call("points_of", list(document_ids))
        return found

    def scroll(self) -> Iterator[tuple[str, Payload]]:
        """Yield every point's id and payload."""
        yield from self._call("scroll")

    def search(self, queries: Sequence[Query], filters: Filters, limit: int) -> list[list[Hit]]:
        """Return the best hits of each query."""
        found: list[list[Hit]] = self._call("search", list(queries), filters, limit)
        return found

    def count(self) -> int:
        """Return the number of points."""
        number: int = self._call("count")
        return number

    def clear(self) -> None:
        """Delete the collection with all its points."""
        self._call("clear")

    def close(self) -> None:
        """Give the folder up, if it is owned; the next call of another process takes over."""
        with self._lock:
            listener, self._listener = self._listener, None
            self._owned = False
            if listener is not None:
                self._note.unlink(missing_ok=True)
                # Closing a listener does not wake the thread that waits on it; a caller does.
                with contextlib.suppress(OSError, EOFError):
                    Client(listener.address).close()
                listener.close()
            self._edge.close()
            self._unlink()

    # Calls

    def _call(self, name: str, *arguments: Any) -> Any:
        """Run a method of the store where the store is open.

        Every method may be repeated, so a call whose owner died half-way is made again.

        Raises:
            StoreInUse: if another process has the folder open and does not serve it, as one that
                is stopped.
        """
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self._owned:
                    return _run(self._edge, name, arguments)
                answered, value = self._ask(name, arguments)
                if answered:
                    return value
                return self._own(name, arguments)
            except StoreInUse:
                # Its owner may be about to serve it, or about to end.
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE)

    def _own(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Run a method here, and serve the folder from now on if it could be opened."""
        with self._lock:
            value = _run(self._edge, name, arguments)
            if self._edge.opened and not self._owned:
                self._owned = True
                self._serve()
            return value

    def _ask(self, name: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        """Run a method at the owner; say whether there was one that answered."""
        try:
            link = self._link()
            if link is None:
                return False, None
            link.send((name, arguments))
            good, value = link.recv()
        except (TimeoutError, BlockingIOError) as error:
            # What it still may answer must not be taken for the answer to another call.
            self._unlink()
            message = f"the index in {self._folder} is in use by {who_has(self._folder)}"
            hint = "it does not answer: let it go on (`kill -CONT`) or stop it"
            raise StoreInUse(message, hint) from error
        except (OSError, EOFError, ValueError):
            # The owner has gone: whoever comes first owns the folder next.
            self._unlink()
            return False, None
        if good:
            return True, value
        raise value

    def _link(self) -> Connection | None:
        link: Connection | None = getattr(self._links, "connection", None)
        if link is None:
            try:
                note = json.loads(self._note.read_text(encoding="utf-8"))
                link = connect(note["address"], bytes.fromhex(note["key"]), GREETING)
                limit(link, SILENCE)
            except (FileNotFoundError, ConnectionError, AuthenticationError, KeyError, ValueError):
                # No owner, or one that has just taken over and not yet written its key.
                return None
            self._links.connection = link
        return link

    def _unlink(self) -> None:
        link: Connection | None = getattr(self._links, "connection", None)
        self._links.connection = None
        if link is not None:
            link.close()

    # Serving

    def _serve(self) -> None:
        """Let the others in; where that cannot be, this process has the store for itself."""
        listener: Listener | None = None
        try:
            listener = _listening(self._folder)
            key = secrets.token_bytes(32)
            draft = self._note.with_suffix(".new")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"address": listener.address, "key": key.hex()}, file)
            draft.replace(self._note)
        except OSError as error:
            if listener is not None:
                listener.close()
            _log.warning("no other process can use %s meanwhile: %s", self._folder, error)
            return
        self._listener = listener
        threading.Thread(
            target=self._accept, args=(listener, key), name="twin-store", daemon=True
        ).start()

    def _accept(self, listener: Listener, key: bytes) -> None:
        while self._listener is listener:
            try:
                link = listener.accept()
            except OSError:  # the listener was closed, or a caller went away
                continue
            # Each caller is let in by a thread of its own: one that stops half-way is in no way.
            threading.Thread(
                target=self._answer, args=(link, key), name="twin-store-caller", daemon=True
            ).start()

    def _answer(self, link: Connection, key: bytes) -> None:
        with link, contextlib.suppress(OSError, EOFError, AuthenticationError):
            admit(link, key, GREETING)
            while self._owned:
                name, arguments = link.recv()
                if not self._owned:
                    return
                link.send(self._answered(name, arguments))

    def _answered(self, name: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        if name not in SERVED:
            return False, TwinError(f"the owner of the store serves no {name!r}")
        try:
            return True, _run(self._edge, name, arguments)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller
            return False, error


def _listening(folder: Path) -> Listener:
    """Listen where a folder's socket lies.

    Raises:
        OSError: if there can be no socket, as on a disk that is full.
        TwinError: if others could put one of theirs in its place.
    """
    failure: OSError | None = None
    for address in socket_paths(folder):
        try:
            with contextlib.suppress(FileNotFoundError):
                Path(address).unlink()
            listener = Listener(address, "AF_UNIX", backlog=64)
            Path(address).chmod(0o600)
        except OSError as error:  # a file system without sockets, as of many a memory stick
            failure = failure or error
        else:
            return listener
    raise failure or OSError("there is no place for a socket")


def _run(store: QdrantEdgeStore, name: str, arguments: tuple[Any, ...]) -> Any:
    method: Callable[..., Any] = getattr(store, name)
    value = method(*arguments)
    return list(value) if name == "scroll" else value
