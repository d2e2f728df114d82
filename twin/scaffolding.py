"""Begin a plugin: a small package that works, with tests, made from the templates.

In: a name and the kind of component. Out: a new folder that `twin install` takes as it is. The
templates lie in ``twin/templates``: what all kinds share in ``common``, the rest by kind.
"""

import keyword
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Final

import twin
from twin.errors import TwinError, UsageError

KINDS: Final = (
    "reader",
    "cleaner",
    "enricher",
    "node-parser",
    "embedding",
    "vector-store",
    "query-transform",
    "reranker",
    "llm",
    "curator",
    "guard",
    "entailment",
)

TEMPLATES: Final = Path(__file__).parent / "templates"
SUFFIX: Final = ".tmpl"
"""Keeps linters and type checkers from taking a template for a module."""

LONGEST_NAME: Final = 40
"""Characters of a name; a longer one would break the line length of what is written."""


def write_plugin(name: str, kind: str, into: Path) -> Path:
    """Write a plugin into a new folder and return the folder.

    Args:
        name: the distribution's name, as in ``twin-journal``.
        kind: one of `KINDS`.
        into: the folder in which the new one is made; it is made too if it is missing.

    Raises:
        UsageError: if the name cannot be used, or the folder is there already.
        TwinError: if it cannot be written.
    """
    distribution = checked_name(name)
    folder = into / distribution
    if folder.exists():
        message = f"{folder} is there already"
        raise UsageError(message, "choose another name, or another place with --into")
    package = distribution.replace("-", "_")
    component = distribution.removeprefix("twin-")
    major, minor = twin.__version__.split(".")[:2]
    words = {
        "distribution": distribution,
        "package": package,
        "component": component,
        "title": component.replace("-", " ").capitalize(),
        "series": f"{major}.{minor}",
        "next_series": f"{major}.{int(minor) + 1}",
    }
    try:
        for source in (TEMPLATES / "common", TEMPLATES / kind):
            for path in sorted(source.rglob(f"*{SUFFIX}")):
                place = str(path.relative_to(source)).replace("PACKAGE", package)
                target = folder / place.removesuffix(SUFFIX)
                target.parent.mkdir(parents=True, exist_ok=True)
                text = Template(path.read_text("utf-8")).substitute(words)
                target.write_text(text, "utf-8")
    except OSError as error:
        message = f"{folder} could not be written: {error.strerror}"
        raise TwinError(message, "choose another place with --into") from error
    return folder


def checked_name(name: str) -> str:
    """Return a distribution's name as PEP 503 normalises it.

    Raises:
        UsageError: if it is no such name, or its module would hide another.
    """
    normal = re.sub(r"[-_.]+", "-", name).lower()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", normal) or len(normal) > LONGEST_NAME:
        message = f"{name!r} cannot be a plugin's name"
        rule = f"a letter, then letters, digits and hyphens, {LONGEST_NAME} at most"
        raise UsageError(message, f"{rule}, as in twin-journal")
    package = normal.replace("-", "_")
    if keyword.iskeyword(package) or package in {"twin", "tests", *sys.stdlib_module_names}:
        message = f"{name!r} would hide Python's or twin's own module {package!r}"
        raise UsageError(message, f"call it twin-{normal}")
    if find_spec(package) is not None:
        message = f"a module {package!r} is installed already"
        raise UsageError(message, "choose another name")
    return normal
