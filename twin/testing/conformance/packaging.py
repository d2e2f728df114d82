"""Checks of the distribution: what is installed, and what importing it does.

In: a `Subject`. Out: nothing, or `Unmet`.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from importlib import import_module
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

import twin
from twin.testing.conformance.child import imported
from twin.testing.conformance.subject import Subject, Unmet

HEAVY = frozenset(
    {
        "chainlit",
        "datasets",
        "langchain_core",
        "llama_index",
        "nltk",
        "numpy",
        "openai",
        "pandas",
        "qdrant_client",
        "sentence_transformers",
        "torch",
        "trafilatura",
        "transformers",
    }
)
"""What takes long to import. A plugin is imported by every command, `twin --version` excepted."""

_imported = cache(imported)


def _told(subject: Subject) -> dict[str, Any]:
    told = _imported(subject.plugin.name)
    if told["error"]:
        message = f"in a process of its own it cannot be imported: {told['error']}"
        raise Unmet(message, "import it alone: python -c 'import PACKAGE'")
    return told


def no_network_at_import(subject: Subject) -> None:
    """Importing it asks nothing of the network."""
    if network := _told(subject)["network"]:
        message = f"importing it asks the network: {network[0]}"
        raise Unmet(message, "do that in the reader's lazy_load_data, through ctx.get_client()")


def light_at_import(subject: Subject) -> None:
    """Importing it pulls in nothing heavy."""
    if heavy := sorted(HEAVY.intersection(_told(subject)["modules"])):
        message = f"importing it imports {', '.join(heavy)}"
        raise Unmet(message, "import that inside `build`, where it is needed")


def nothing_started_at_import(subject: Subject) -> None:
    """Importing it starts no thread and no process."""
    told = _told(subject)
    if told["threads"] or told["started"]:
        what = told["started"][0] if told["started"] else f"{told['threads']} threads"
        message = f"importing it starts {what}"
        raise Unmet(message, "start it where it is first needed")


def nothing_written_at_import(subject: Subject) -> None:
    """Importing it writes no file."""
    if written := _told(subject)["written"]:
        message = f"importing it writes {written[0]}"
        raise Unmet(message, "write below ctx.cache or ctx.data, once something is read")


def described(subject: Subject) -> None:
    """The distribution has a summary and a description."""
    metadata = subject.packaged.metadata
    if not (metadata["Summary"] or "").strip():
        message = "its distribution has no summary"
        raise Unmet(message, "set `description` in pyproject.toml")
    if not (metadata.json.get("description") or ""):
        message = "its distribution has no description: nobody learns how to use it"
        raise Unmet(message, 'write a README.md and set `readme = "README.md"`')


def licensed(subject: Subject) -> None:
    """The distribution states its licence."""
    metadata = subject.packaged.metadata
    classifiers = metadata.get_all("Classifier") or []
    stated = metadata["License-Expression"] or metadata["License"]
    if not stated and not any(one.startswith("License ::") for one in classifiers):
        message = "its distribution states no licence"
        raise Unmet(message, 'set `license = "MIT"`, or whichever it is, in pyproject.toml')


def versioned(subject: Subject) -> None:
    """Its version is one of PEP 440 that is not zero."""
    try:
        version = Version(subject.plugin.version)
    except InvalidVersion as error:
        message = f"its version {subject.plugin.version!r} is none of PEP 440"
        raise Unmet(message, 'as in `version = "0.1.0"`') from error
    if not any(version.release):
        message = f"its version is {version}: a new one could never be told from it"
        raise Unmet(message, 'begin with `version = "0.1.0"`')


def bound_to_twin(subject: Subject) -> None:
    """It says which versions of twin it works with, and this is one."""
    for line in subject.packaged.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.name != "twin" or requirement.marker:
            continue
        if not _bounded(requirement.specifier):
            message = f"it takes any later twin: {requirement}"
            raise Unmet(message, 'bound it, as in "twin>=0.1,<0.2": a hook may change')
        if not requirement.specifier.contains(twin.__version__, prereleases=True):
            message = f"it asks for {requirement}, and this is twin {twin.__version__}"
            raise Unmet(message, "widen the range once you have tested it")
        return
    if subject.plugin.distribution == "twin":
        return
    message = "it does not say that it needs twin"
    raise Unmet(message, 'add "twin>=0.1,<0.2" to `dependencies`')


def _bounded(specifiers: SpecifierSet) -> bool:
    return any(one.operator in ("<", "<=", "==", "~=", "===") for one in specifiers)


def python_stated(subject: Subject) -> None:
    """It says which versions of Python it runs on."""
    if not subject.packaged.metadata["Requires-Python"]:
        message = "its distribution does not say which Python it needs"
        raise Unmet(message, 'set `requires-python = ">=3.11"`')


def typed(subject: Subject) -> None:
    """It carries py.typed, and its public functions are annotated."""
    if not (subject.folder / "py.typed").is_file():
        message = f"{subject.package} carries no py.typed, so its types are ignored"
        raise Unmet(message, f"add an empty file {subject.package}/py.typed")
    module = import_module(subject.package)
    for name, value in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("_") or value.__module__ != module.__name__:
            continue
        annotated = set(inspect.get_annotations(value))
        wanted = {*inspect.signature(value).parameters, "return"}
        if missing := sorted(wanted - annotated):
            message = f"{subject.package}.{name} does not annotate {', '.join(missing)}"
            raise Unmet(message, "annotate it, and let mypy --strict check it")


def documented(subject: Subject) -> None:
    """The package says what it is for."""
    if not (import_module(subject.package).__doc__ or "").strip():
        message = f"{subject.package} has no docstring"
        raise Unmet(message, "say in one what goes in and what comes out")


_PATHS = re.compile(r"""["'](/(?:home|Users|root|opt|tmp)/[\w./-]+)["']""")


def no_machine_paths(subject: Subject) -> None:
    """Its source names no folder of its author's machine."""
    for name, path in subject.sources.items():
        found = _PATHS.search(path.read_text(encoding="utf-8", errors="replace"))
        if found:
            message = f"{name} names {found[1]}, which is a folder of one machine"
            raise Unmet(message, "take it as an option")
