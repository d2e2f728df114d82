"""Print the size of every module, and fail on one that has outgrown its room.

In: the packages of the product and of its plugins. Out: the largest modules and the totals; exit
code 1 if one has more than the limit.
"""

import sys
from pathlib import Path

LIMIT = 350
"""Lines. About 300 is the aim; a little room spares a split in the wrong place."""

SHOWN = 8


def main() -> int:
    """Print the table and return the exit code."""
    root = Path(__file__).parent.parent
    modules = [
        path
        for folder in (root / "twin", root / "plugins")
        for path in folder.rglob("*.py")
        if "tests" not in path.parts and "templates" not in path.parts
    ]
    sizes = sorted(
        ((len(path.read_text(encoding="utf-8").splitlines()), path) for path in modules),
        reverse=True,
    )
    print(f"modules: {len(sizes)}, lines: {sum(size for size, _ in sizes):,}, largest:")
    for size, path in sizes[:SHOWN]:
        print(f"  {size:4}  {path.relative_to(root)}")
    over = [path for size, path in sizes if size > LIMIT]
    for path in over:
        print(f"error: {path.relative_to(root)} has more than {LIMIT} lines", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
