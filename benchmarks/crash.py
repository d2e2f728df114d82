"""Processes ended by ``kill -9`` while they write: how many, and what was lost or left over.

Every named write point is hit, and the rest are random hits and random moments of ingest, sync,
watch, rebuild and forget, on both engines of the warehouse.

Run: ``python -m benchmarks.crash [--kills N] [--seed N] [--engine sqlite|mongo]``
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from benchmarks.report import Row, report
from tests.crash.killing import chosen, described, played, quick_folder
from tests.crash.scenes import Stage
from tests.crash.write_points import MONGO, SQLITE, points

KILLS = 200
"""Of each engine."""


@contextmanager
def stage(engine: str) -> Iterator[Stage]:
    """Give a stage with homes of an engine."""
    with tempfile.TemporaryDirectory(dir=quick_folder(Path(tempfile.gettempdir()))) as name:
        folder = Path(name)
        if engine == SQLITE:
            yield Stage(folder)
            return
        from tests.crash.mongo import MongoEngine  # noqa: PLC0415 - pymongo is an extra
        from tests.servers import mongo_server  # noqa: PLC0415 - needs what only tests have

        with mongo_server(folder / "server") as server:
            yield Stage(folder, MongoEngine(server.url))


def measure(engine: str, kills: int, seed: int) -> list[Row]:
    """Kill so many, print what was wrong, and return the figures."""
    begun = perf_counter()
    with stage(engine) as one:
        outcomes = list(played(one, chosen(one, kills, seed)))
    for outcome in outcomes:
        if outcome.problems:
            print(f"{engine}: {described(outcome)}", file=sys.stderr)
    dead = [outcome for outcome in outcomes if outcome.killed]
    hit = {outcome.kill.point for outcome in dead if outcome.kill.point}
    at_moments = sum(not outcome.kill.point for outcome in dead)
    wrong = sum(bool(outcome.problems) for outcome in outcomes)
    return [
        Row(f"{engine}: killed", len(dead), "", f"at least {KILLS}"),
        Row(f"{engine}: of them at random moments", at_moments, ""),
        Row(f"{engine}: named points hit", len(hit), "", f"all {len(points(engine))}"),
        Row(f"{engine}: something lost or left over", wrong, "", "0"),
        Row(f"{engine}: in all", perf_counter() - begun, "s"),
    ]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--engine", choices=(SQLITE, MONGO), action="append")
    given = parser.parse_args()
    print(f"seed {given.seed}")
    rows = [Row("seed", given.seed, "")]
    for engine in given.engine or (SQLITE, MONGO):
        rows += measure(engine, given.kills, given.seed)
    report("crash", rows)


if __name__ == "__main__":
    main()
