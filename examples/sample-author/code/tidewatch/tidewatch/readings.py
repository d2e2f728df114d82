"""From what the gauge said to what the water did.

The sensor measures downwards: a small distance is a high tide. Everything
past `read_log` is in metres above chart datum, so that up is up, and nobody
has to hold the river upside down in their head after this file.
"""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TextIO

# Face of the sensor above chart datum, in metres. Levelled on 5 August 2023
# from the bench mark on the lock house, twice, by two people who then compared.
# If the bracket is ever moved, this number is wrong and nothing will tell you.
SENSOR_HEIGHT_M = 6.42

# The sensor turns an echo into a distance as if the air were always at 20 C.
# In January that makes the river look 20 cm lower than it is at low water.
ASSUMED_AIR_C = 20.0

# Nearer than this the sensor is deaf (its own ping is still ringing) and says
# 300 whatever is there. Beyond ten metres it heard nothing and says 9999.
BLIND_MM = 300
NO_ECHO_MM = 9999

# Fifteen minutes of median. A gull's longest recorded sit is six minutes
# (March 2024, photographed); it has to hold more than half the window to win.
MEDIAN_WINDOW = timedelta(minutes=15)

# With fewer readings than this in the window we say nothing, sooner than guess.
MEDIAN_LEAST = 5


class BadLog(ValueError):
    """The log says something we refuse to interpret. The message says where."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One level: an instant in UTC, and metres above chart datum."""

    at: datetime
    level_m: float


def parse_instant(text: str, where: str) -> datetime:
    """An instant with an offset, or an error. There is no third thing."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadLog(f"{where}: {text!r} is not a time") from None
    if at.utcoffset() is None:
        raise BadLog(f"{where}: {text!r} has no offset. Add Z, if you are sure")
    return at.astimezone(timezone.utc)


def speed_of_sound(air_c: float) -> float:
    """Metres per second in air. Good to a millimetre or two over six metres."""
    return 331.3 + 0.606 * air_c


def level_from_distance(distance_mm: float, air_c: float | None) -> float:
    """Metres above datum. Without a temperature we believe the sensor."""
    metres = distance_mm / 1000
    if air_c is not None:
        metres *= speed_of_sound(air_c) / speed_of_sound(ASSUMED_AIR_C)
    return SENSOR_HEIGHT_M - metres


def read_log(source: TextIO) -> Iterator[Reading]:
    """Every reading that could be water, in the order of the log."""
    last: datetime | None = None
    for line, row in enumerate(csv.DictReader(source), start=2):  # line 1 is the header
        at = parse_instant(row["time"], f"line {line}")
        # The board reboots now and then and replays its last minute.
        if last is not None and at <= last:
            continue
        last = at
        distance = float(row["distance_mm"])
        if not BLIND_MM < distance < NO_ECHO_MM:
            continue
        air = row.get("air_c")
        yield Reading(at, level_from_distance(distance, float(air) if air else None))


def smooth(readings: Iterable[Reading]) -> list[Reading]:
    """Running median, by the clock and not by the count.

    By the clock, because the log has holes: seven readings either side of a
    hole may be a whole tide apart, and their median is a fine number about
    nothing.
    """
    every = list(readings)
    half = MEDIAN_WINDOW / 2
    out: list[Reading] = []
    lo = hi = 0
    for reading in every:
        while every[lo].at < reading.at - half:
            lo += 1
        while hi < len(every) and every[hi].at <= reading.at + half:
            hi += 1
        if hi - lo >= MEDIAN_LEAST:
            level = statistics.median(r.level_m for r in every[lo:hi])
            out.append(Reading(reading.at, level))
    return out


def gaps(readings: Iterable[Reading], longer_than: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Where the gauge was silent: flat battery, fog, or Mutex and the cable."""
    before: datetime | None = None
    for reading in readings:
        if before is not None and reading.at - before > longer_than:
            yield before, reading.at
        before = reading.at
