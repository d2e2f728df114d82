"""Files that travel with the product and are not its code.

In: the name of a file, such as ``constraints.txt``. Out: where it lies. The wheel carries these
files under ``twin/_data``; an editable installation finds them at the root of the repository.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path | None:
    """Return the path of a file that travels with the product, None if it did not."""
    carried = _PACKAGE / "_data" / name
    if carried.exists():
        return carried
    root = _PACKAGE.parent
    beside = root / name
    # Without this check a file of that name in site-packages would be taken for ours.
    return beside if (root / "pyproject.toml").is_file() and beside.exists() else None
