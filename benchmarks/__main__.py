"""Run every measurement: ``python -m benchmarks`` or ``make bench``."""

from benchmarks import embedding, retrieval, startup, unchanged

for measurement in (startup, embedding, retrieval, unchanged):
    measurement.main()
