"""A second `twin sync` of what did not change: seconds a thousand documents, and texts embedded.

Run: ``python -m benchmarks.unchanged [HOME]``
"""

import json
import sys
from pathlib import Path

from benchmarks.corpora import SOURCES, ingest, twin
from benchmarks.report import RESULTS, Row, median_of, report

TIMES = 5


def main() -> None:
    """Measure and report."""
    if not all(path.exists() for _, path, _ in SOURCES):
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS / "home"
    ingest(home)
    again = ingest(home)
    documents = json.loads(twin(home, "status", "--json").stdout)["warehouse"]["documents"]
    last: dict[str, float] = {}

    def sync() -> None:
        last.update(json.loads(twin(home, "sync", "--json").stdout))

    command = median_of(TIMES, sync)
    rows = [
        Row("documents", documents, ""),
        Row("embedded by the second ingest", sum(i.report["index"]["embedded"] for i in again), ""),
        Row("embedded by sync", last["embedded"], "", "0"),
        Row("sync itself, a 1,000 documents", last["seconds"] * 1000 / documents, "s", "at most 1"),
        Row("the command, start to end", command, "s"),
    ]
    report("unchanged", rows)


if __name__ == "__main__":
    main()
