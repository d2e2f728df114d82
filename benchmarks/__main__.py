"""Run every measurement, each as a process of its own: ``python -m benchmarks`` or ``make bench``.

The first run embeds a hundred thousand chunks, which takes half an hour; they are kept. Name some to
run those alone: ``python -m benchmarks storing search``.
"""

import subprocess
import sys

MEASUREMENTS = (
    ("startup",),
    ("embedding",),
    ("rerank",),
    ("retrieval",),
    ("scifact",),
    ("injection",),
    ("support",),
    ("personal",),
    ("unchanged",),
    ("enrichment",),
    ("watching",),
    ("storing", "--chunks", "20000"),
    ("search", "--chunks", "20000"),
    ("search", "--chunks", "100000"),
    ("whole", "--chunks", "100000"),
    ("ingest",),
    ("fetching",),
    ("extraction",),
    ("tracing",),
    ("load",),
    ("load", "--traced"),
    ("style",),
    ("voice",),
    ("datasets",),
    ("crash",),
)


def main() -> int:
    """Run them one after the other; return 1 if one of them broke off."""
    wanted = sys.argv[1:]
    broken = []
    for name, *arguments in MEASUREMENTS:
        if wanted and name not in wanted:
            continue
        print(f"running {name} {' '.join(arguments)}".rstrip(), file=sys.stderr, flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own modules
            broken.append(name)
    if broken:
        print(f"broke off: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
