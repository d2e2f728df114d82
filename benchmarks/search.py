"""Filtered search in the product's store: how long the slowest of twenty takes, and what it misses.

The questions are those of the project's own set and SciFact's claims; the filters are those that a
question can ask for. What is nearest is computed by numpy over all vectors; a hit is right if it is
at least as near as the tenth of those, since the same text stands in several chunks.

Run: ``python -m benchmarks.search [--chunks N] [--cache FOLDER]``
"""

import json
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.corpora import QUESTIONS
from benchmarks.report import SHARED, Row, report, slowest
from benchmarks.storing import BATCH, INFO
from benchmarks.windows import arguments, chunks, points
from twin.documents import Audience, Kind, epoch
from twin.home import Home
from twin.index.shared_store import SharedEdgeStore
from twin.points import Filters, Payload, Point, Query

CHUNKS = 20_000
CLAIMS = 30
NEAREST = 10
CANDIDATES = 50
"""Hits of each single search, as the settings have it by default."""

FILTERS = {
    "everything": Filters(audience=Audience.PRIVATE),
    "the public": Filters(audience=Audience.PUBLIC),
    "an author of much": Filters(audience=Audience.PRIVATE, authors=("matklad",)),
    "an author of little": Filters(audience=Audience.PRIVATE, authors=("author-7",)),
    "a kind": Filters(audience=Audience.PRIVATE, kinds=(Kind.POST,)),
    "a platform": Filters(audience=Audience.PUBLIC, platforms=("linkedin",)),
    "a year": Filters(
        audience=Audience.PRIVATE, since=epoch("2019-01-01"), until=epoch("2020-01-01")
    ),
    "an author's year": Filters(
        audience=Audience.FRIENDS,
        authors=("simon-willison",),
        since=epoch("2019-01-01"),
        until=epoch("2020-01-01"),
    ),
}


def questions() -> list[str]:
    """Return what is asked."""
    with QUESTIONS.open("rb") as file:
        own = [entry["question"] for entry in tomllib.load(file)["question"]]
    with (SHARED / "retrieval" / "scifact" / "queries.jsonl").open(encoding="utf-8") as lines:
        claims = [row["text"] for row in map(json.loads, lines)]
    return own + claims[:: len(claims) // CLAIMS][:CLAIMS]


def fits(payload: Payload, filters: Filters) -> bool:
    """Return whether a search with these filters may return the point."""
    day = payload.published
    return (
        payload.audience in filters.audience.visible
        and (not filters.authors or payload.author in filters.authors)
        and (not filters.kinds or payload.kind in filters.kinds)
        and (not filters.platforms or payload.platform in filters.platforms)
        and (filters.since is None or (day is not None and day >= filters.since))
        and (filters.until is None or (day is not None and day < filters.until))
    )


def filled(folder: Path, made: Sequence[Point]) -> SharedEdgeStore:
    """Return a store that holds the points."""
    store = SharedEdgeStore(folder)
    store.ensure(INFO)
    for start in range(0, len(made), BATCH):
        store.upsert(made[start : start + BATCH])
    return store


@dataclass(frozen=True, slots=True)
class Measured:
    """What one filter costs: seconds of each search, and the share of the nearest that it found.

    Attributes:
        both: of the dense and the sparse search, as a question makes them.
        busy: the processor's seconds of the same, which others on the machine do not lengthen.
        ten: of a dense search for the ten nearest.
    """

    both: list[float]
    busy: list[float]
    ten: list[float]
    recall: float


def measure(
    store: SharedEdgeStore, made: Sequence[Point], asked: Sequence[tuple[Query, Query]]
) -> dict[str, Measured]:
    """Return what each filter costs."""
    matrix = np.array([point.dense for point in made], dtype=np.float32)
    nearness: Any = matrix @ np.array([dense for dense, _ in asked], dtype=np.float32).T
    measured = {}
    for name, filters in FILTERS.items():
        allowed = np.array([fits(point.payload, filters) for point in made])
        both, busy, ten, right = [], [], [], 0
        for number, queries in enumerate(asked):
            begun, worked = perf_counter(), process_time()
            store.search(queries, filters, CANDIDATES)
            both.append(perf_counter() - begun)
            busy.append(process_time() - worked)
            begun = perf_counter()
            [hits] = store.search(queries[:1], filters, NEAREST)
            ten.append(perf_counter() - begun)
            tenth = np.sort(nearness[allowed, number])[-NEAREST]
            right += sum(hit.score >= tenth - 1e-5 for hit in hits)
        measured[name] = Measured(both, busy, ten, right / (NEAREST * len(asked)))
    return measured


def main() -> None:
    """Measure and report."""
    given = arguments(main.__doc__ or "", CHUNKS)
    with Home(given.cache) as home, tempfile.TemporaryDirectory(prefix="twin-search-") as folder:
        embedder = home.embedder
        made = points(embedder, chunks(given.chunks))
        asked = [(embedder.question(q), embedder.sparse_question(q)) for q in questions()]
        store = filled(Path(folder) / "store", made)
        measure(store, made, asked[:5])  # to warm up
        measured = measure(store, made, asked)
        store.close()
    allowed = 5 if given.chunks <= CHUNKS else 10
    rows = [Row("chunks", len(made), ""), Row("questions", len(asked), "")]
    for name, found in measured.items():
        rows += [
            Row(f"{name}: dense and sparse, median", median(found.both) * 1000, "ms"),
            Row(
                f"{name}: dense and sparse, p95",
                slowest(found.both) * 1000,
                "ms",
                f"at most {allowed}",
            ),
            Row(f"{name}: the same, of the processor", slowest(found.busy) * 1000, "ms"),
            Row(f"{name}: dense, ten, p95", slowest(found.ten) * 1000, "ms", f"at most {allowed}"),
            Row(f"{name}: recall of the ten", found.recall, "", "at least 0.98"),
        ]
    report(f"search-{len(made)}", rows)


if __name__ == "__main__":
    main()
