"""Run every measurement: ``python -m benchmarks`` or ``make bench``."""

from benchmarks import embedding, extraction, fetching, rerank, retrieval, startup, unchanged

for measurement in (startup, embedding, rerank, retrieval, unchanged, fetching, extraction):
    measurement.main()
