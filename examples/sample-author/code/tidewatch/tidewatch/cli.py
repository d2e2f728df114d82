"""The command line. CSV in, CSV out, remarks on stderr."""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from typing import TextIO

from tidewatch import __version__
from tidewatch.highwater import HighWater, compare, high_waters, verdict
from tidewatch.readings import SENSOR_HEIGHT_M, BadLog, gaps, parse_instant, read_log, smooth


def opened(path: str):
    """The file, or standard input for a dash."""
    return nullcontext(sys.stdin) if path == "-" else open(path, newline="", encoding="utf-8")


def read_predictions(source: TextIO) -> list[HighWater]:
    """The printed table, as typed in by somebody with cold hands."""
    return [
        HighWater(parse_instant(row["time"], f"prediction {n}"), float(row["level_m"]))
        for n, row in enumerate(csv.DictReader(source), start=1)
    ]


def fake_log(days: float, seed: int, start: datetime) -> Iterator[tuple[str, str, str]]:
    """A river nobody has to go and stand beside.

    Two constituents, so that there are springs and neaps; some chop; and a gull
    who comes about four times a day. The air is at 20 C throughout, because a
    fake that tests the temperature correction ought to do so on purpose.
    """
    dice = random.Random(seed)
    gull_leaves = start - timedelta(days=1)
    for minute in range(int(days * 24 * 60)):
        at = start + timedelta(minutes=minute)
        hours = minute / 60
        level = 2.7
        level += 1.7 * math.cos(2 * math.pi * hours / 12.4206)  # M2, the moon
        level += 0.5 * math.cos(2 * math.pi * hours / 12.0)  # S2, the sun
        level += dice.gauss(0, 0.03)
        distance = (SENSOR_HEIGHT_M - level) * 1000
        # She does not come straight back. Nor does the real one.
        gone_an_hour = at > gull_leaves + timedelta(hours=1)
        if gone_an_hour and dice.random() < 4 / (24 * 60):
            gull_leaves = at + timedelta(minutes=dice.randint(1, 6))
        if at < gull_leaves:
            distance = dice.uniform(350, 450)
        yield at.isoformat().replace("+00:00", "Z"), f"{distance:.0f}", "20.0"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tidewatch", description="Says when high water was, gulls notwithstanding."
    )
    parser.add_argument("--version", action="version", version=f"tidewatch {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    highs = commands.add_parser("highs", help="list the high waters in a log")
    highs.add_argument("readings", help="gauge log (CSV), or - for standard input")

    against = commands.add_parser("compare", help="set a log against a printed table")
    against.add_argument("readings")
    against.add_argument("predicted", help="CSV with the columns time and level_m")

    silent = commands.add_parser("gaps", help="list the times when the gauge said nothing")
    silent.add_argument("readings")
    silent.add_argument("--minutes", type=float, default=10, help="shortest silence (default: 10)")

    fake = commands.add_parser("fake", help="write a log of a river that does not exist")
    fake.add_argument("--days", type=float, default=2)
    fake.add_argument("--seed", type=int, default=1987)
    return parser


def run(args: argparse.Namespace) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    if args.command == "fake":
        out.writerow(["time", "distance_mm", "air_c"])
        # The day the real one went up.
        out.writerows(fake_log(args.days, args.seed, datetime(2023, 8, 5, tzinfo=timezone.utc)))
        return
    with opened(args.readings) as source:
        readings = list(read_log(source))
    if args.command == "gaps":
        out.writerow(["from", "to", "minutes"])
        for begin, end in gaps(readings, timedelta(minutes=args.minutes)):
            out.writerow([begin.isoformat(), end.isoformat(), round((end - begin).total_seconds() / 60)])
        return
    observed = high_waters(smooth(readings))
    if args.command == "highs":
        out.writerow(["time", "level_m"])
        for high in observed:
            out.writerow([high.at.isoformat(timespec="minutes"), f"{high.level_m:.2f}"])
        return
    with opened(args.predicted) as source:
        differences = compare(observed, read_predictions(source))
    out.writerow(["predicted", "observed", "minutes", "metres"])
    for d in differences:
        out.writerow([
            d.predicted.at.isoformat(timespec="minutes"),
            d.observed.at.isoformat(timespec="minutes"),
            f"{d.minutes:+.0f}",
            f"{d.metres:+.2f}",
        ])
    print(verdict(differences), file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    args = build_parser().parse_args(argv)
    try:
        run(args)
    except (BadLog, KeyError, OSError) as problem:
        print(f"tidewatch: {problem}", file=sys.stderr)
        return 1
    return 0
