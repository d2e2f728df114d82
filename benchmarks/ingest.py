"""Ingest at growing sizes: seconds and memory, with a hash embedder and with the real one.

Every size is a process of its own with a fresh home: files on disk, read, kept, parsed, embedded
and stored, as `twin ingest` does it. If time grows linearly, the seconds of a thousand passages stay
the same; if memory is bounded, the peak does. The processor's seconds say the same on a machine that
does other work beside it. Then the same is taken in once more, of which nothing has changed.

Memory is that of the process's own (anonymous): the embedded store maps its files too, whose pages the
system takes back when it needs them. The engine keeps its indexes of fields and terms in memory, so
that part grows with the collection whatever is done around it: it is measured apart, on points of the
same make.

Run: ``python -m benchmarks.ingest [hash|real]``
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import twin.home
from benchmarks.corpora import SOURCES
from benchmarks.report import Row, report
from twin.cli import run
from twin.documents import Audience, Kind
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.plugins import Plugin, PluginSet, Provided, discover
from twin.points import CollectionInfo, Payload, Point, SparseVector
from twin.testing.fakes import hash_embedding

SIZES = {"hash": (12_500, 25_000, 50_000, 100_000), "real": (1_250, 2_500, 5_000, 10_000)}
"""Passages, about."""

CHARACTERS = 4_000
"""Of one document."""

PER_DOCUMENT = 6
"""Passages that a document of so many characters becomes, about; the true number is measured."""


def write(folder: Path, documents: int) -> None:
    """Write so many documents, windows over real text, no two of them alike."""
    whole = "\n\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for _, root, _ in SOURCES
        for path in sorted(root.rglob("*.md") if root.is_dir() else [])
    )
    step = max(1, (len(whole) - CHARACTERS) // documents)
    for number in range(documents):
        start = number * step
        text = f"# Document {number}\n\n{whole[start : start + CHARACTERS]}\n"
        path = folder / f"{number // 1000}" / f"{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def child(embedder: str, documents: int) -> dict[str, Any]:
    """Ingest so many documents in this process and say what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "notes", Path(name) / "home"
        home.mkdir()
        write(folder, documents)
        # Windows over the same text look like copies of each other; here each is to be indexed.
        settings = "[ingest]\ncopies = false\n"
        if embedder == "hash":
            settings += '[index]\nembedding = "hash"\n'
        (home / "twin.toml").write_text(settings)
        if embedder == "hash":
            twin.home.discover = lambda disabled: _with_hash(discover(disabled))  # type: ignore[attr-defined]
        else:
            # The conversion of the model is made once a home; it is no part of ingesting.
            with twin.home.Home(home) as opened:
                opened.embedder.question("Is it ready?")
        begun, worked = time.perf_counter(), time.process_time()
        with redirect_stdout(sys.stderr), own_memory() as peak:
            code = run(["--home", str(home), "ingest", str(folder), "--json"])
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        mapped = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        with redirect_stdout(sys.stderr):
            code = code or run(["--home", str(home), "ingest", str(folder), "--json"])
        again = time.perf_counter() - begun
        with twin.home.Home(home) as opened:
            _, points = opened.ledger.counts()
        return {
            "code": code,
            "points": points,
            "seconds": seconds,
            "processor": worked,
            "again": again * 1000 / documents,
            "peak_mib": max(peak) / 1024,
            "with_files_mib": mapped / 1024,
        }


@contextmanager
def own_memory() -> Iterator[list[int]]:
    """Yield a list to which the process's own memory is added now and then, in KiB."""
    seen: list[int] = [0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            seen.append(_anonymous())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


ENGINE_POINTS = 20_000
"""Points stored to see what the engine alone keeps in memory."""

ENGINE_BATCH = 500
ENGINE_TERMS = 70
"""Terms of a passage, about: as many as the keyword search finds in 200 words."""


def engine_growth() -> float:
    """Return the MiB by which this process grows a thousand points, once the engine is warm."""
    drawn = random.Random(0)  # noqa: S311 - a measurement
    warm = 0
    with tempfile.TemporaryDirectory() as name:
        store = QdrantEdgeStore(Path(name) / "store")
        store.ensure(CollectionInfo(embedder="measured", dimension=384, sparse="measured"))
        for done in range(0, ENGINE_POINTS, ENGINE_BATCH):
            store.upsert([_point(drawn, done + n) for n in range(ENGINE_BATCH)])
            if done == ENGINE_POINTS // 10:
                warm = _anonymous()
        grown = _anonymous() - warm
        store.close()
    return grown / 1024 / (ENGINE_POINTS * 0.9 / 1000)


def _point(drawn: random.Random, number: int) -> Point:
    terms = sorted({int(drawn.paretovariate(0.5)) % 200_000 for _ in range(ENGINE_TERMS)})
    document = str(uuid.UUID(int=number // PER_DOCUMENT))
    payload = Payload(
        document_id=document,
        version=1,
        start=0,
        end=CHARACTERS,
        passage_start=0,
        passage_end=CHARACTERS,
        author="somebody",
        kind=Kind.ARTICLE,
        platform="file",
        audience=Audience.PUBLIC,
        source=f"file:notes/{document}.md",
        embedded_hash=f"{drawn.getrandbits(256):064x}",
        published=number,
    )
    dense = [drawn.gauss(0, 1) for _ in range(384)]
    sparse = SparseVector(tuple(terms), (1.0,) * len(terms))
    return Point(str(uuid.UUID(int=drawn.getrandbits(128))), dense, sparse, payload)


def _anonymous() -> int:
    """Return this process's own memory, in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


def _with_hash(plugins: Any) -> Any:
    component = twin.EmbeddingComponent(
        name="hash",
        summary="hashes words",
        options=twin.NoOptions,
        build=lambda _options, _ctx: hash_embedding(window=256, dimension=384, remembers=False),
    )
    provided = Provided(component, "hash", "hash", "1")
    return PluginSet((*plugins.plugins, Plugin("hash", "hash", "1", "loaded", (provided,))))


def measure(embedder: str) -> list[Row]:
    """Return the rows of one embedder."""
    rows = []
    done: list[dict[str, Any]] = []
    for size in SIZES[embedder]:
        documents = str(size // PER_DOCUMENT)
        command = [sys.executable, "-m", "benchmarks.ingest", "--child", embedder, documents]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        one = json.loads(ended.stdout.splitlines()[-1])
        done.append(one)
        label = f"{embedder}: {one['points']:,} passages"
        rows.append(Row(f"{label}, a thousand", one["seconds"] * 1000 / one["points"], "s"))
        processor = one["processor"] * 1000 / one["points"]
        rows.append(Row(f"{label}, the same, of the processor", processor, "s"))
        rows.append(Row(f"{label}, once more, a thousand documents", one["again"], "s"))
        rows.append(Row(f"{label}, peak memory of its own", one["peak_mib"], "MiB"))
        rows.append(Row(f"{label}, with mapped files", one["with_files_mib"], "MiB"))
        print(f"{label} in {one['seconds']:.1f} s, {one['peak_mib']:.0f} MiB", file=sys.stderr)
    for clock, what in (("seconds", "time"), ("processor", "the processor's time")):
        rates = [one[clock] / one["points"] for one in done]
        label = f"{embedder}: {what} a passage, last to first"
        rows.append(Row(label, rates[-1] / rates[0], "", "about 1"))
    peaks = [one["peak_mib"] for one in done]
    rows.append(Row(f"{embedder}: peak, last to first", peaks[-1] / peaks[0], "", "about 1"))
    grown = (peaks[-1] - peaks[0]) * 1000 / (done[-1]["points"] - done[0]["points"])
    rows.append(Row(f"{embedder}: memory, a thousand passages more", grown, "MiB", "about 0"))
    return rows


def main() -> None:
    """Measure and report."""
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], int(sys.argv[3]))))
        return
    if sys.argv[1:2] == ["--engine"]:
        print(engine_growth())
        return
    if not all(path.exists() for _, path, _ in SOURCES):
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    wanted = [name for name in SIZES if name in sys.argv[1:]] or list(SIZES)
    rows = [row for embedder in wanted for row in measure(embedder)]
    command = [sys.executable, "-m", "benchmarks.ingest", "--engine"]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    rows.append(Row("of that, the embedded engine's", float(alone.stdout), "MiB"))
    report("ingest", rows)


if __name__ == "__main__":
    main()
