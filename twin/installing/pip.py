"""pip, run as a program in the environment that runs twin.

In: pip's arguments. Out: its output, or what it would install; a failure is a `PluginError`.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from twin.errors import PluginError

TAIL: Final = 4000
"""Characters of pip's output that a failure shows."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A distribution that pip would install; `requested` if it is no mere dependency."""

    name: str
    version: str
    requested: bool


def run_pip(*arguments: str, verbose: bool = False) -> str:
    """Run pip in this environment and return its output.

    Args:
        arguments: as on its command line.
        verbose: let it write to standard error as it goes; nothing is returned then.

    Raises:
        PluginError: if it fails, with the end of its output.
    """
    if find_spec("pip") is None:
        message = f"there is no pip in the environment of {sys.executable}"
        raise PluginError(message, "add it: python -m ensurepip")
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(  # noqa: S603 - our own interpreter, arguments as a list
        [sys.executable, "-m", "pip", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=2 if verbose else subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    importlib.invalidate_caches()
    output = (done.stdout or b"").decode("utf-8", "replace")
    if done.returncode:
        message = f"pip could not {arguments[0]}:\n{output.strip()[-TAIL:]}".rstrip(":\n")
        raise PluginError(message, _pip_hint(output))
    return output


def _pip_hint(output: str) -> str:
    if "installing build dependencies" in output.lower() and "No matching distribution" in output:
        return "its build backend is neither installed nor to be had; pip install it when online"
    if "externally-managed-environment" in output:
        return "install twin in a virtual environment of its own"
    return "nothing was changed"


def plan(arguments: Sequence[str], folder: Path, *, verbose: bool = False) -> list[Planned]:
    """Return what ``pip install`` with these arguments would install; `folder` is scratch room."""
    report = folder / "plan.json"
    run_pip("install", "--dry-run", "--report", str(report), *arguments, verbose=verbose)
    return [
        Planned(item["metadata"]["name"], item["metadata"]["version"], item["requested"])
        for item in json.loads(report.read_text("utf-8"))["install"]
    ]


def version_of(name: str) -> str:
    """Return the installed version of a distribution; empty if it is not installed."""
    try:
        return distribution(name).version
    except (PackageNotFoundError, ValueError):
        return ""
