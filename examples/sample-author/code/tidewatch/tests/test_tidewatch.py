"""The names are the specification. Read them top to bottom and go home."""

import io
import math
import unittest
from datetime import datetime, timedelta, timezone

from tidewatch.cli import fake_log
from tidewatch.highwater import HighWater, compare, fit_vertex, high_waters, verdict
from tidewatch.readings import BadLog, Reading, gaps, level_from_distance, read_log, smooth

START = datetime(2023, 8, 5, tzinfo=timezone.utc)


def log(rows):
    return io.StringIO("time,distance_mm,air_c\n" + "".join(",".join(r) + "\n" for r in rows))


class TheGauge(unittest.TestCase):
    def test_a_time_without_an_offset_is_refused(self):
        with self.assertRaises(BadLog):
            list(read_log(log([("2023-08-05T01:34:00", "2000", "20")])))

    def test_cold_air_brings_the_water_nearer(self):
        self.assertGreater(level_from_distance(6000, 0.0), level_from_distance(6000, 20.0))

    def test_a_deaf_sensor_and_a_lost_echo_are_both_dropped(self):
        rows = [("2023-08-05T00:00:00Z", "300", ""), ("2023-08-05T00:01:00Z", "9999", "")]
        self.assertEqual(list(read_log(log(rows))), [])

    def test_a_gull_of_six_minutes_does_not_move_the_median(self):
        flat = [Reading(START + timedelta(minutes=m), 6.0 if 20 <= m < 26 else 2.0) for m in range(60)]
        self.assertEqual({r.level_m for r in smooth(flat)}, {2.0})

    def test_a_silence_is_reported_once(self):
        two = [Reading(START, 2.0), Reading(START + timedelta(hours=1), 2.0)]
        self.assertEqual(len(list(gaps(two, timedelta(minutes=10)))), 1)


class TheTopOfTheTide(unittest.TestCase):
    def test_a_known_parabola_gives_back_its_vertex(self):
        x, y = fit_vertex([(n / 10, 4.0 - (n / 10 - 0.2) ** 2) for n in range(-10, 11)])
        self.assertAlmostEqual(x, 0.2)
        self.assertAlmostEqual(y, 4.0)

    def test_the_moon_alone_comes_out_within_a_minute(self):
        levels = [
            Reading(START + timedelta(minutes=m), 3 + 2 * math.cos(2 * math.pi * (m / 60 - 5) / 12.4206))
            for m in range(24 * 60)
        ]
        expected = [START + timedelta(hours=5), START + timedelta(hours=5 + 12.4206)]
        for high, when in zip(high_waters(levels), expected, strict=True):
            self.assertLess(abs(high.at - when), timedelta(minutes=1))

    def test_gulls_and_chop_do_not_invent_a_tide(self):
        found = high_waters(smooth(read_log(log(fake_log(3, 1987, START)))))
        self.assertEqual(len(found), 5)
        for a, b in zip(found, found[1:]):
            self.assertAlmostEqual((b.at - a.at) / timedelta(hours=1), 12.3, delta=0.25)

    def test_mrs_tarrants_nine_minutes(self):
        table = [HighWater(START, 4.0)]
        river = [HighWater(START + timedelta(minutes=9), 4.61)]
        self.assertIn("9 min later", verdict(compare(river, table)))
        self.assertIn("+0.61 m", verdict(compare(river, table)))


if __name__ == "__main__":
    unittest.main()
