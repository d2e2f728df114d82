"""How soon `twin search` no longer finds what was forgotten, and finds what was written.

`twin sync --watch` runs as its user would run it. Documents are put into the warehouse and deleted
there by another process, which is this one; then `twin search` is called until it answers as it
should. The time of the command that finds it so is part of the figure.

Run: ``python -m benchmarks.watching [TIMES]``
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.corpora import twin
from benchmarks.report import Row, report, slowest
from twin.documents import Document
from twin.home import Home

TIMES = 20
SAMPLE = Path(__file__).parent.parent / "examples" / "sample-author"


@contextmanager
def watched(home: Path) -> Iterator[None]:
    """Watch a home, as a process of its own."""
    command = [sys.executable, "-m", "twin.cli", "--home", str(home), "sync", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - fixed
        try:
            yield
        finally:
            process.terminate()


def found(home: Path, question: str) -> bool:
    """Return whether a search finds the document that is about it."""
    answer = twin(home, "search", question, "--json").stdout
    return any("Quokka" in hit["text"] for hit in json.loads(answer)["results"])


def until(home: Path, question: str, *, there: bool) -> float:
    """Return the seconds until a search answers as it should."""
    begun = time.perf_counter()
    while found(home, question) != there:
        pass
    return time.perf_counter() - begun


def main() -> None:
    """Measure and report."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    written: list[float] = []
    forgotten: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "home"
        twin(folder, "ingest", str(SAMPLE), "--json")
        with watched(folder), Home(folder) as home:
            for number in range(times):
                text = f"Quokkas smile at strangers. This is note number {number} on quokkas."
                document = Document(source="file:notes/quokka.md", text=text)
                put = home.warehouse.put(document, collection="file:notes")
                written.append(until(folder, "smiling quokkas", there=True))
                home.warehouse.delete([put.document_id])
                forgotten.append(until(folder, "smiling quokkas", there=False))
    rows = [
        Row("times", times, ""),
        Row("a deletion seen by `twin search`, p95", slowest(forgotten), "s", "at most 5"),
        Row("a new document found by `twin search`, p95", slowest(written), "s", "at most 5"),
        Row("the worst of both", max(*written, *forgotten), "s"),
    ]
    report("watching", rows)


if __name__ == "__main__":
    main()
