"""Keep what pip is about to replace, and put it back.

In: the names that pip plans to install. Out: after a failure, an environment as it was before: what
is new is gone, and what was there has its files again.
"""

import filecmp
import importlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path

from twin.errors import PluginError, TwinError
from twin.installing.pip import run_pip, version_of


@contextmanager
def undoing(before: Mapping[str, str], store: Path) -> Iterator[None]:
    """Put the environment back as it was if the body fails.

    Args:
        before: the distributions that may change, with their versions; empty if not installed.
        store: a folder for copies of their files.
    """
    kept = [pair for name, version in before.items() if version for pair in _keep(name, store)]
    try:
        yield
    except BaseException as error:
        _undo(before, kept, error)
        raise


def _keep(name: str, store: Path) -> Iterator[tuple[Path, Path]]:
    """Copy the files of a distribution aside, and yield each copy with its original."""
    found = distribution(name)
    for number, file in enumerate(found.files or ()):
        original = Path(os.path.normpath(str(found.locate_file(file))))
        if original.is_file():
            copy = store / name / str(number)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(original, copy)
            yield copy, original


def _undo(
    before: Mapping[str, str], kept: Sequence[tuple[Path, Path]], error: BaseException
) -> None:
    changed = [name for name, version in before.items() if version or version_of(name)]
    try:
        if changed:
            run_pip("uninstall", "--yes", *changed)
    except PluginError as failure:
        error.add_note(failure.message)
    for copy, original in kept:
        if not original.is_file() or not filecmp.cmp(copy, original, shallow=False):
            original.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy, original)
    importlib.invalidate_caches()
    left = [name for name, version in before.items() if version_of(name) != version]
    if left and isinstance(error, TwinError):
        ways = " ".join(f"{name}=={before[name]}" for name in left if before[name])
        way = f"pip install {ways}" if ways else f"pip uninstall {' '.join(left)}"
        error.hint = f"{', '.join(left)} could not be put back: {way}"
