"""Storing chunks: the product's store beside the bare engine that it stands on, in one run.

Both are given the same points in the same batches, with the same payload indexes, and make every
batch durable before the next. The bare engine is given its own ready-made values; the store makes
them from the product's points.

Run: ``python -m benchmarks.storing [--chunks N] [--cache FOLDER]``
"""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import qdrant_edge as engine

from benchmarks.report import Row, report
from benchmarks.windows import arguments, chunks, points
from twin.home import Home
from twin.index.edge_terms import configuration
from twin.index.payloads import DENSE, INTEGER_FIELDS, KEYWORD_FIELDS, SPARSE, to_fields
from twin.index.shared_store import SharedEdgeStore
from twin.points import CollectionInfo, Point

CHUNKS = 20_000
BATCH = 500
"""Points of an upsert: as many as a batch of a sync gives."""

TIMES = 5
INFO = CollectionInfo(embedder="benchmark", dimension=384, sparse="benchmark")

OWNER = """
import sys
from pathlib import Path
from benchmarks.storing import INFO
from twin.index.shared_store import SharedEdgeStore
store = SharedEdgeStore(Path(sys.argv[1]))
store.ensure(INFO)
print("owned", flush=True)
sys.stdin.readline()
"""

Ready = tuple[str, dict[str, Any], dict[str, Any]]


def ready(point: Point) -> Ready:
    """Return a point as the engine's own values: its id, its vectors and its payload."""
    sparse = engine.SparseVector(list(point.sparse.indices), list(point.sparse.values))
    return point.id, {DENSE: list(point.dense), SPARSE: sparse}, to_fields(point.payload)


def store_bare(folder: Path, values: Sequence[Ready]) -> None:
    """Store with nothing but the engine."""
    shard = engine.EdgeShard.create(str(folder), configuration(384))
    for field in KEYWORD_FIELDS:
        kind = engine.PayloadSchemaType.Keyword
        shard.update(engine.UpdateOperation.create_field_index(field, kind))
    for field in INTEGER_FIELDS:
        kind = engine.PayloadSchemaType.Integer
        shard.update(engine.UpdateOperation.create_field_index(field, kind))
    for start in range(0, len(values), BATCH):
        rows = [engine.Point(*one) for one in values[start : start + BATCH]]
        shard.update(engine.UpdateOperation.upsert_points(rows))
        shard.flush()
    shard.close()


def store_whole(folder: Path, made: Sequence[Point]) -> None:
    """Store with the product's store."""
    store = SharedEdgeStore(folder)
    store.ensure(INFO)
    for start in range(0, len(made), BATCH):
        store.upsert(made[start : start + BATCH])
    store.close()


def timed(run: Callable[[Path], None]) -> float:
    """Return the seconds that it takes in a new folder."""
    folder = Path(tempfile.mkdtemp(prefix="twin-storing-"))
    begun = perf_counter()
    run(folder / "store")
    seconds = perf_counter() - begun
    shutil.rmtree(folder)
    return seconds


def take_over(made: Sequence[Point]) -> float:
    """Return the seconds from the ``kill -9`` of the owner to the answer of another process."""
    with tempfile.TemporaryDirectory(prefix="twin-storing-") as folder:
        place = Path(folder) / "store"
        store_whole(place, made)
        owner = subprocess.Popen(  # noqa: S603 - fixed
            [sys.executable, "-c", OWNER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        if owner.stdout is None or owner.stdout.readline() != b"owned\n":
            message = "the owner did not start"
            raise RuntimeError(message)
        store = SharedEdgeStore(place)
        store.count()
        owner.send_signal(signal.SIGKILL)
        begun = perf_counter()
        found = store.count()
        seconds = perf_counter() - begun
        owner.communicate()
        store.close()
    if found != len(made):
        message = f"{found} of {len(made)} points are left"
        raise RuntimeError(message)
    return seconds


def main() -> None:
    """Measure and report."""
    given = arguments(main.__doc__ or "", CHUNKS)
    with Home(given.cache) as home:
        made = points(home.embedder, chunks(given.chunks))
    values = [ready(point) for point in made]
    bare, whole = [], []
    for _ in range(TIMES):
        bare.append(timed(lambda folder: store_bare(folder, values)))
        whole.append(timed(lambda folder: store_whole(folder, made)))
    ratio = median(one / other for one, other in zip(whole, bare, strict=True))
    report(
        "storing",
        [
            Row("chunks, dense and sparse", len(made), ""),
            Row("the bare engine", median(bare), "s"),
            Row("the product's store", median(whole), "s"),
            Row("ratio", ratio, "times", "at most 1.2"),
            Row("take-over after kill -9 of the owner", take_over(made), "s", "at most 2"),
        ],
    )


if __name__ == "__main__":
    main()
