"""How long `twin --help` and `import twin` take, beside an empty Python.

Run: ``python -m benchmarks.startup``
"""

import subprocess
import sys

from benchmarks.report import Row, median_of, report

TIMES = 7


def main() -> None:
    """Measure and report."""
    python = sys.executable

    def run(*arguments: str) -> float:
        return median_of(
            TIMES,
            lambda: subprocess.run([python, *arguments], check=True, stdout=subprocess.DEVNULL),  # noqa: S603 - fixed
        )

    bare = run("-c", "pass")
    rows = [
        Row("an empty Python", bare, "s"),
        Row("import twin", run("-c", "import twin"), "s"),
        Row("twin --help", run("-m", "twin.cli", "--help"), "s", "at most 0.3"),
        Row("twin plugins", run("-m", "twin.cli", "plugins"), "s"),
    ]
    report("startup", rows)


if __name__ == "__main__":
    main()
