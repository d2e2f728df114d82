"""The named points at which a write begins or has just been done, and how a process dies there.

In: the name of a point and a number. Out: the product's own functions, wrapped in this process
alone, so that the process ends itself with ``kill -9`` at the n-th hit. The product knows nothing of
it. Without a name the hits are only counted.
"""

import os
import shutil
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

SQLITE, MONGO = "sqlite", "mongo"

_AROUND = (
    "cache write",
    "generations write",
    "ledger clear",
    "ledger confirm",
    "ledger fail",
    "store clear",
    "store create",
    "store delete",
    "store set_payload",
    "store upsert",
    "warehouse delete",
    "warehouse put_many",
    "warehouse set_cursor",
    # Files that are written beside the one they then replace.
    "replace collection.json",
    "replace collections.json",
    "replace generations.json",
    "replace missing.json",
    "replace served.json",
    # The engine's own steps: an operation, and making it durable.
    "shard flush",
    "shard update",
    "shard removal",
)
_OF_SQLITE = (
    "cache statement",
    "ledger statement",
    "warehouse statement",
    "warehouse COMMIT",
    "warehouse VACUUM",
    "warehouse PRAGMA wal_checkpoint",
    "ledger COMMIT",
    "cache COMMIT",
)
_OF_MONGO = ("server write", "server commitTransaction")

BEFORE, AFTER = "before", "after"


def points(engine: str) -> list[str]:
    """Return every named point of a warehouse engine."""
    around = _AROUND if engine == SQLITE else (*_AROUND, *_OF_MONGO)
    # A statement of SQLite is told of when it begins.
    alone = _OF_SQLITE if engine == SQLITE else [n for n in _OF_SQLITE if "warehouse" not in n]
    return sorted(
        [f"{side} {n}" for n in around for side in (BEFORE, AFTER)]
        + [f"{BEFORE} {n}" for n in alone]
    )


class Deadly:
    """Counts the hits of every point, and ends the process at the n-th of one.

    Args:
        point: its name; empty only counts.
        nth: which hit, from 1.
        died_at: a file into which the name is written just before the end.
    """

    def __init__(self, point: str, nth: int, died_at: Path) -> None:
        self.hits: Counter[str] = Counter()
        self._point = point
        self._nth = nth
        self._died_at = died_at
        self._lock = threading.Lock()

    def hit(self, point: str) -> None:
        """Count a hit, and die of it if it is the one."""
        with self._lock:
            self.hits[point] += 1
            if point == self._point and self.hits[point] == self._nth:
                self._died_at.write_text(point, encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function with a point before it and one after it."""

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.hit(f"{BEFORE} {name}")
            result = call(*args, **kwargs)
            self.hit(f"{AFTER} {name}")
            return result

        return wrapped


def arm(
    deadly: Deadly,
    told: Callable[[str, Any, Any], None],
    opened: Callable[[str], None],
) -> None:
    """Wrap the write points of this process.

    Args:
        deadly: counts and kills.
        told: called with the name, the arguments and the result of what a warehouse has written, as
            soon as it has returned: from there on it is acknowledged.
        opened: called with the id of every session that is opened on a server.
    """
    from twin.index import cache, generations, ledger, qdrant_edge
    from twin.warehouse import mongo, sqlite

    methods: list[tuple[str, type[Any], str]] = [
        ("cache write", cache.VectorCache, "_write"),
        ("generations write", generations.Generations, "write"),
        *((f"ledger {n}", ledger.Ledger, n) for n in ("clear", "confirm", "fail")),
        ("store create", qdrant_edge.QdrantEdgeStore, "_create"),
        *(
            (f"store {n}", qdrant_edge.QdrantEdgeStore, n)
            for n in ("clear", "delete", "set_payload", "upsert")
        ),
    ]
    for name, owner, attribute in methods:
        setattr(owner, attribute, deadly.around(name, getattr(owner, attribute)))
    for owner in (sqlite.SQLiteWarehouse, mongo.MongoWarehouse):
        for attribute in ("delete", "put_many", "set_cursor"):
            written = _telling(attribute, getattr(owner, attribute), told)
            setattr(owner, attribute, deadly.around(f"warehouse {attribute}", written))
    _arm_files(deadly)
    _arm_sqlite(deadly)
    _arm_mongo(deadly, opened)
    qdrant_edge.engine.EdgeShard = _shards(deadly, qdrant_edge.engine.EdgeShard)  # type: ignore[misc,assignment]


def _telling(
    name: str, call: Callable[..., Any], told: Callable[[str, Any, Any], None]
) -> Callable[..., Any]:
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(self, *args, **kwargs)
        told(name, args, result)
        return result

    return wrapped


def _arm_files(deadly: Deadly) -> None:
    replace, rmtree = Path.replace, shutil.rmtree
    replaced = tuple(
        name.removeprefix("replace ") for name in _AROUND if name.startswith("replace ")
    )

    def replacing(path: Path, target: Path) -> Path:
        name = next((n for n in replaced if Path(target).name.endswith(n)), "")
        call = deadly.around(f"replace {name}", replace) if name else replace
        return call(path, target)

    def removing(path: Any, *args: Any, **kwargs: Any) -> None:
        shard = Path(path).name == "shard"
        call = deadly.around("shard removal", rmtree) if shard else rmtree
        call(path, *args, **kwargs)

    Path.replace = replacing  # type: ignore[method-assign,assignment]
    shutil.rmtree = removing  # type: ignore[assignment]


def _arm_sqlite(deadly: Deadly) -> None:
    connect = sqlite3.connect
    told = ("COMMIT", "VACUUM", "PRAGMA wal_checkpoint")

    def connecting(path: Any, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(path, *args, **kwargs)
        file = Path(path).name
        owner = next((o for o in ("warehouse", "ledger") if o in file), "cache")

        def statement(text: str) -> None:
            found = next((one for one in told if text.startswith(one)), "")
            if found:
                deadly.hit(f"{BEFORE} {owner} {found}")
            elif text.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
                deadly.hit(f"{BEFORE} {owner} statement")

        connection.set_trace_callback(statement)
        return connection

    sqlite3.connect = connecting  # type: ignore[assignment]


def _arm_mongo(deadly: Deadly, opened: Callable[[str], None]) -> None:
    from pymongo import monitoring

    writes = {"insert", "update", "delete", "bulkWrite", "findAndModify"}

    class Listener(monitoring.CommandListener):
        def _hit(self, side: str, command: str) -> None:
            name = "write" if command in writes else command
            deadly.hit(f"{side} server {name}")

        def started(self, event: monitoring.CommandStartedEvent) -> None:
            if event.command.get("startTransaction"):
                opened(bytes(event.command["lsid"]["id"]).hex())
            self._hit(BEFORE, event.command_name)

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            self._hit(AFTER, event.command_name)

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            pass

    monitoring.register(Listener())


def _shards(deadly: Deadly, real: Any) -> Any:
    class Shard:
        """The engine's shard, with points around what changes it."""

        def __init__(self, shard: Any) -> None:
            self._shard = shard
            self.update = deadly.around("shard update", shard.update)
            self.flush = deadly.around("shard flush", shard.flush)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._shard, name)

        @classmethod
        def create(cls, *args: Any) -> "Shard":
            return cls(real.create(*args))

        @classmethod
        def load(cls, *args: Any) -> "Shard":
            return cls(real.load(*args))

    return Shard
