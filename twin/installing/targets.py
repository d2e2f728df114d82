"""What a person names to be installed, turned into arguments of pip.

In: package requirements, project folders, wheels. Out: arguments for ``pip install``, or a
`UsageError` where a target cannot be meant.
"""

import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from twin.errors import UsageError
from twin.installing.pip import version_of

ARCHIVES: Final = (".whl", ".zip", ".tar.gz")


def pip_arguments(targets: Sequence[str], *, editable: bool, upgrade: bool) -> list[str]:
    """Return the arguments of ``pip install`` for some targets.

    Args:
        targets: as a person names them.
        editable: install folders so that edits take effect at once.
        upgrade: take the newest version even if one is installed.

    Raises:
        UsageError: if a target is neither a package, a project folder nor an archive.
    """
    named = [_pip_target(target) for target in targets]
    folders = [Path(_without_extras(name)) for name in named]
    folders = [folder for folder in folders if folder.is_absolute() and folder.is_dir()]
    if editable and len(folders) < len(named):
        message = "--editable is for project folders alone"
        raise UsageError(message, "name a folder, as in ./twin-journal")
    arguments = ["--upgrade"] if upgrade else []
    # Offline, pip cannot fetch a build backend into an isolated environment.
    if folders and all(_backend_is_here(folder) for folder in folders):
        arguments.append("--no-build-isolation")
    for name in named:
        arguments += ["--editable", name] if editable else [name]
    return arguments


def distribution_name(target: str) -> str | None:
    """Return the name of a wheel or requirement; None for what only a build can tell."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename  # noqa: PLC0415

    try:
        if target.endswith(".whl"):
            return parse_wheel_filename(Path(target).name)[0]
        return Requirement(target).name
    except (InvalidRequirement, InvalidWheelFilename):
        return None


def _without_extras(target: str) -> str:
    return re.sub(r"\[[^\[\]]*\]$", "", target)


def _pip_target(target: str) -> str:
    """Return a target as pip takes it: a path made absolute, or a requirement as it is."""
    if "://" in target or " @ " in target:
        return target
    place = _without_extras(target)
    path = Path(place)
    if os.sep in place or place.startswith(".") or place.endswith(ARCHIVES):
        if not path.exists():
            message = f"there is nothing at {place}"
            raise UsageError(message, "name a project folder, a wheel, or a package")
        if path.is_dir() and not any((path / n).is_file() for n in ("pyproject.toml", "setup.py")):
            message = f"{place} is no Python project: it has no pyproject.toml"
            raise UsageError(message, "`twin plugins new` begins one")
        return f"{path.resolve()}{target.removeprefix(place)}"
    if not re.match(r"[A-Za-z0-9]", target):
        message = f"{target!r} is neither a package name nor a path"
        raise UsageError(message, "name a project folder, a wheel, or a package")
    if (path / "pyproject.toml").is_file():
        message = f"{place} is a folder here, and would be fetched as a package of that name"
        raise UsageError(message, f"write ./{place} for the folder")
    return target


def _backend_is_here(folder: Path) -> bool:
    """Return whether a project can be built with what is installed, so that nothing is fetched."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415

    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        wanted = [Requirement(text) for text in project["build-system"]["requires"]]
    except (OSError, ValueError, KeyError, TypeError, InvalidRequirement):
        return False
    return all(
        requirement.specifier.contains(version, prereleases=True)
        if (version := version_of(requirement.name))
        else False
        for requirement in wanted
        if requirement.marker is None or requirement.marker.evaluate()
    )
