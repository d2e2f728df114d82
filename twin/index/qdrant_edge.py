"""Qdrant's engine in this process: the default store, a folder in the home.

In: points and queries. Out: hits. A dense search scans every point, so that what was just stored is
found and what was just deleted is not: first 8-bit copies of the vectors, which take a third of the
time, and then the vectors themselves of the nearest of those. So the scores are exact.

One process at a time can have the folder open; a second one is told who has it.
"""

import contextlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import qdrant_edge as engine
from filelock import FileLock, Timeout

from twin.errors import IndexError as TwinIndexError
from twin.errors import IndexMismatch, StoreInUse
from twin.index.edge_terms import configuration, filter_of, nearest
from twin.index.payloads import (
    DENSE,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    MISMATCH_HINT,
    SPARSE,
    AnyOf,
    conditions,
    from_fields,
    mismatch,
    to_fields,
)
from twin.index.room import need_room
from twin.points import CollectionInfo, Filters, Hit, Payload, Point, Query

OVERSAMPLING = 2.0
"""Of so many times the wanted hits the exact distance is computed: all of the ten nearest of
100,000 were found with it, and 99.7% without."""

_PAGE = 1000
_BUSY = "WouldBlock"

OWNER = "owner.json"
"""Where the process that has a folder open says who it is."""


class QdrantEdgeStore:
    """A collection in a folder, opened on first use.

    Args:
        folder: where the shard lies; made by `ensure`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._info_path = folder / "collection.json"
        self._shard_path = folder / "shard"
        self._owner_path = folder / OWNER
        self._shard: engine.EdgeShard | None = None
        self._lock = threading.RLock()
        # The engine refuses a second process only after it has touched the journals of the first,
        # whose next write then fails; so who has this lock alone may ask the engine at all.
        self._alone = FileLock(folder / "open.lock", thread_local=False)

    @property
    def opened(self) -> bool:
        """Whether this process has the folder open."""
        return self._shard is not None

    def info(self) -> CollectionInfo | None:
        """Return what the collection was made with, None if there is none."""
        try:
            values = json.loads(self._info_path.read_text(encoding="utf-8"))
            return CollectionInfo(**values)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            message = f"{self._info_path} cannot be read: {error}"
            raise TwinIndexError(message, "make the index anew: `twin sync --rebuild`") from error

    def ensure(self, info: CollectionInfo) -> None:
        """Open the collection and make it if there is none.

        Raises:
            IndexMismatch: if it was made with something else.
            StoreInUse: if another process has it open.
        """
        with self._lock:
            found = self.info()
            if found is not None:
                if difference := mismatch(found, info, f"the index in {self._folder}"):
                    raise IndexMismatch(difference, MISMATCH_HINT)
                self._open()
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            # Of two that find nothing at the same moment, one makes it and the other opens it.
            with FileLock(self._folder / "create.lock"):
                if self.info() is None:
                    self._create(info)
                    return
            self.ensure(info)

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert points, or replace those with the same id."""
        if not points:
            return
        rows = [
            engine.Point(
                point.id,
                {
                    DENSE: list(point.dense),
                    SPARSE: engine.SparseVector(
                        list(point.sparse.indices), list(point.sparse.values)
                    ),
                },
                to_fields(point.payload),
            )
            for point in points
        ]
        self._update(engine.UpdateOperation.upsert_points(rows))

    def set_payload(self, payloads: Mapping[str, Payload]) -> None:
        """Replace the payload of existing points."""
        need_room(self._folder)
        with self._lock:
            shard = self._open()
            for identity, payload in payloads.items():
                fields = to_fields(payload)
                shard.update(engine.UpdateOperation.overwrite_payload([identity], fields))
            if payloads:
                shard.flush()

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""
        if ids:
            self._update(engine.UpdateOperation.delete_points(list(ids)))

    def points_of(self, document_ids: Sequence[str]) -> Mapping[str, Mapping[str, Payload]]:
        """Return the payloads of all points of some documents, by document and point id."""
        found: dict[str, dict[str, Payload]] = {identity: {} for identity in document_ids}
        if document_ids:
            wanted = filter_of([AnyOf("document_id", tuple(document_ids))])
            for identity, payload in self._scroll(wanted):
                found[payload.document_id][identity] = payload
        return found

    def scroll(self) -> Iterator[tuple[str, Payload]]:
        """Yield every point's id and payload."""
        yield from self._scroll(None)

    def search(self, queries: Sequence[Query], filters: Filters, limit: int) -> list[list[Hit]]:
        """Return the best hits of each query, all run as one batch."""
        if not queries:
            return []
        allowed = filter_of(conditions(filters))
        params = engine.SearchParams(
            quantization=engine.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        )
        requests = [
            engine.QueryRequest(
                limit=limit,
                query=nearest(query),
                filter=allowed,
                with_payload=True,
                params=params,
            )
            for query in queries
        ]
        with self._lock:
            found = self._open().query_batch(engine.QueryBatchRequest(requests))
        return [
            [Hit(str(point.id), point.score, from_fields(point.payload)) for point in points]
            for points in found
        ]

    def count(self) -> int:
        """Return the number of points."""
        with self._lock:
            return self._open().count(engine.CountRequest(exact=True))

    def clear(self) -> None:
        """Delete the collection with all its points."""
        with self._lock:
            if self._info_path.exists():
                try:
                    self._open()  # refuses while another process has it
                except StoreInUse:
                    raise
                except TwinIndexError:
                    pass  # it is broken, and this is the way out
            # The info goes first, while nobody else can open it: what is left of a deletion that
            # broke off is no collection.
            self._info_path.unlink(missing_ok=True)
            self.close()
            shutil.rmtree(self._shard_path, ignore_errors=True)

    def close(self) -> None:
        """Release the folder; closing twice is no error."""
        with self._lock:
            if self._shard is not None:
                self._shard.close()
                self._shard = None
                self._owner_path.unlink(missing_ok=True)
                self._alone.release(force=True)

    def _create(self, info: CollectionInfo) -> None:
        need_room(self._folder)
        # A shard without info is what a creation that broke off left behind.
        shutil.rmtree(self._shard_path, ignore_errors=True)
        config = configuration(info.dimension)
        with self._opening():
            self._shard = engine.EdgeShard.create(str(self._shard_path), config)
        for field in KEYWORD_FIELDS:
            self._index_field(field, engine.PayloadSchemaType.Keyword)
        for field in INTEGER_FIELDS:
            self._index_field(field, engine.PayloadSchemaType.Integer)
        self._shard.flush()
        values = {"embedder": info.embedder, "dimension": info.dimension, "sparse": info.sparse}
        draft = self._info_path.with_suffix(".new")
        draft.write_text(json.dumps(values, indent=1), encoding="utf-8")
        draft.replace(self._info_path)
        self._sign()

    def _index_field(self, field: str, kind: "engine.PayloadSchemaType") -> None:
        if self._shard is not None:
            self._shard.update(engine.UpdateOperation.create_field_index(field, kind))

    def _open(self) -> "engine.EdgeShard":
        if self._shard is None:
            if not self._info_path.exists():
                message = f"there is no index in {self._folder} yet"
                raise TwinIndexError(message, "`twin sync` makes it")
            with self._opening():
                self._shard = engine.EdgeShard.load(str(self._shard_path))
            self._sign()
        return self._shard

    @contextlib.contextmanager
    def _opening(self) -> Iterator[None]:
        """Take the folder for this process, and give it back if the engine cannot open it."""
        try:
            self._alone.acquire(timeout=0)
        except Timeout as error:
            raise _in_use(self._folder) from error
        try:
            with _told(self._folder):
                yield
        except BaseException:
            self._alone.release(force=True)
            raise

    def _sign(self) -> None:
        """Say who has the store open, for the message that a second process shows."""
        words = [word for word in sys.argv[1:] if not word.startswith("-")]
        if "--home" in sys.argv[1:-1]:
            words.remove(sys.argv[sys.argv.index("--home") + 1])
        command = " ".join([Path(sys.argv[0]).name or "python", *words[:1]])
        values = {"pid": os.getpid(), "command": command}
        with contextlib.suppress(OSError):
            self._owner_path.write_text(json.dumps(values), encoding="utf-8")

    def _update(self, operation: "engine.UpdateOperation") -> None:
        need_room(self._folder)
        with self._lock:
            shard = self._open()
            shard.update(operation)
            shard.flush()

    def _scroll(self, wanted: "engine.Filter | None") -> Iterator[tuple[str, Payload]]:
        offset: Any = None
        while True:
            with self._lock:
                records, offset = self._open().scroll(
                    engine.ScrollRequest(
                        offset=offset, limit=_PAGE, filter=wanted, with_payload=True
                    )
                )
            for record in records:
                yield str(record.id), from_fields(record.payload)
            if offset is None:
                return


def who_has(folder: Path) -> str:
    """Return who has a folder open, as a message names them."""
    try:
        values = json.loads((folder / OWNER).read_text(encoding="utf-8"))
        return f"`{values['command']}` (process {values['pid']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn the engine's bare exceptions into ones that say who or what is in the way."""
    try:
        yield
    except Exception as error:  # the engine raises nothing more precise
        if _BUSY not in str(error):
            message = f"the index in {folder} cannot be opened: {error}"
            hint = "`twin sync --rebuild` makes it anew from the warehouse"
            raise TwinIndexError(message, hint) from error
        raise _in_use(folder) from error


def _in_use(folder: Path) -> StoreInUse:
    message = f"the index in {folder} is in use by {who_has(folder)}"
    return StoreInUse(message, "ask there, or stop it first")
