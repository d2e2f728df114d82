"""Keep what pip is about to replace, and put it back.

In: the names that pip plans to install. Out: after a failure, an environment as it was before: what
is new is gone, and what was there has its files again.
"""

import filecmp
import importlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import distribution, distributions
from pathlib import Path

from twin import hookspecs
from twin.errors import PluginError, TwinError
from twin.installing.pip import run_pip, version_of
from twin.plugins import normal_name

Kept = tuple[Path, Path]
"""A copy, and the original."""


@contextmanager
def undoing(before: Mapping[str, str], store: Path) -> Iterator[Callable[[], None]]:
    """Put the environment back as it was if the body fails.

    The plugins that are not to change are kept too: pip overwrites the modules of another
    distribution without a word, and takes them away with the one that it removes. The body is given
    a function that raises a `PluginError` if that has happened.

    Args:
        before: the distributions that may change, with their versions; empty if not installed.
        store: a folder for copies of their files.
    """
    kept = [pair for name, version in before.items() if version for pair in _keep(name, store)]
    others = {name: list(_keep(name, store)) for name in _other_plugins(before)}

    def check() -> None:
        for name, files in others.items():
            if changed := [original.name for copy, original in files if _differs(copy, original)]:
                message = f"it overwrites what belongs to {name}: {', '.join(changed)}"
                raise PluginError(message, "one of the two must call its module something else")

    try:
        yield check
    except BaseException as error:
        _undo(before, [*kept, *(pair for files in others.values() for pair in files)], error)
        raise


def _other_plugins(changing: Collection[str]) -> Iterator[str]:
    """Yield the names of the installed plugins that are not about to change."""
    known = {normal_name(name) for name in changing}
    for found in distributions():
        # Most distributions are no plugins, which this tells without parsing them.
        if f"[{hookspecs.PROJECT}]" not in (found.read_text("entry_points.txt") or ""):
            continue
        name = found.metadata["Name"]
        if name and normal_name(name) not in known:
            known.add(normal_name(name))
            yield name


def _keep(name: str, store: Path) -> Iterator[Kept]:
    """Copy the files of a distribution aside, and yield each copy with its original."""
    found = distribution(name)
    for number, file in enumerate(found.files or ()):
        original = Path(os.path.normpath(str(found.locate_file(file))))
        if original.is_file():
            copy = store / name / str(number)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(original, copy)
            yield copy, original


def _differs(copy: Path, original: Path) -> bool:
    return not original.is_file() or not filecmp.cmp(copy, original, shallow=False)


def _undo(before: Mapping[str, str], kept: Sequence[Kept], error: BaseException) -> None:
    changed = [name for name, version in before.items() if version or version_of(name)]
    try:
        if changed:
            run_pip("uninstall", "--yes", *changed)
    except PluginError as failure:
        error.add_note(failure.message)
    for copy, original in kept:
        if _differs(copy, original):
            original.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy, original)
    importlib.invalidate_caches()
    left = [name for name, version in before.items() if version_of(name) != version]
    if left and isinstance(error, TwinError):
        ways = " ".join(f"{name}=={before[name]}" for name in left if before[name])
        way = f"pip install {ways}" if ways else f"pip uninstall {' '.join(left)}"
        error.hint = f"{', '.join(left)} could not be put back: {way}"
