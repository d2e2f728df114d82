"""How a measurement is reported.

In: rows of a measurement. Out: a table on standard output and ``benchmarks/results/<name>.json``.
"""

import json
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np

RESULTS = Path(__file__).parent / "results"
SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
"""Where the real data lies: beside the checkout."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, its value with the unit, and what it is to be held to."""

    what: str
    value: float | int
    unit: str
    wanted: str = ""


def slowest(seconds: Sequence[float]) -> float:
    """Return the 95th percentile, in the unit that was given."""
    return float(np.percentile(seconds, 95))


def report(name: str, rows: Sequence[Row]) -> None:
    """Print the rows and write them as JSON."""
    print(f"\n{name}")
    width = max(len(row.what) for row in rows)
    for row in rows:
        held = f"   (wanted: {row.wanted})" if row.wanted else ""
        value = f"{row.value:,.4f}" if isinstance(row.value, float) else f"{row.value:,}"
        print(f"  {row.what:<{width}}  {value:>10} {row.unit}{held}")
    RESULTS.mkdir(exist_ok=True)
    values = {
        "name": name,
        "machine": {"python": sys.version.split()[0], "system": platform.platform()},
        "twin": version("twin"),
        "rows": [asdict(row) for row in rows],
    }
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(values, indent=1), encoding="utf-8")


def median_of(times: int, run: Callable[[], object]) -> float:
    """Return the median of the seconds that `run` takes."""
    seconds = []
    for _ in range(times):
        begun = perf_counter()
        run()
        seconds.append(perf_counter() - begun)
    return median(seconds)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took: seconds by the clock, and seconds of this process on all cores together."""

    seconds: float
    processor: float


def rounds(times: int, runs: Mapping[str, Callable[[], object]]) -> dict[str, list[Taken]]:
    """Return what each run took in every round, after one that does not count.

    The runs take turns, so that what else the machine does meets all of them alike.
    """
    taken: dict[str, list[Taken]] = {name: [] for name in runs}
    for number in range(times + 1):
        for name, run in runs.items():
            begun, used = perf_counter(), process_time()
            run()
            if number:
                taken[name].append(Taken(perf_counter() - begun, process_time() - used))
    return taken


def ratio(one: Sequence[Taken], other: Sequence[Taken], what: str = "seconds") -> float:
    """Return the median over the rounds of how many times as much `one` took as `other`."""
    pairs = zip(one, other, strict=True)
    return median(getattr(a, what) / getattr(b, what) for a, b in pairs)
