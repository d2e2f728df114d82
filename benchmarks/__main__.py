"""Run every measurement: ``python -m benchmarks`` or ``make bench``."""

from benchmarks import retrieval, startup, unchanged

for measurement in (startup, retrieval, unchanged):
    measurement.main()
