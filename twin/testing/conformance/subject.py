"""What is checked: one plugin of this environment.

In: its entry point's name, or its distribution's. Out: a `Subject` with its components, its files
and the examples that its readers bring along.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from twin.components import AnyComponent, BuildContext, ReaderComponent, Report
from twin.documents import Document
from twin.errors import UsageError
from twin.plugins import Plugin, PluginSet, discover, normal_name
from twin.reading import checked_document


class Unmet(Exception):
    """A check that is not met: what is wrong, and how to mend it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotHere(Exception):
    """A check that does not apply, and why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A plugin under test.

    Attributes:
        plugin: as discovery found it.
        others: all plugins, this one included.
    """

    plugin: Plugin
    others: PluginSet

    @property
    def components(self) -> list[AnyComponent]:
        """What it provides."""
        return [provided.component for provided in self.plugin.provides]

    @property
    def readers(self) -> list[ReaderComponent[Any]]:
        """The readers among it."""
        return [c for c in self.components if isinstance(c, ReaderComponent)]

    @property
    def examples(self) -> list[ReaderComponent[Any]]:
        """The readers that bring an example.

        Raises:
            NotHere: if there is no reader.
            Unmet: if none brings one.
        """
        if not self.readers:
            message = "it provides no reader"
            raise NotHere(message)
        found = [reader for reader in self.readers if reader.example is not None]
        if not found:
            message = f"the reader {self.readers[0].name!r} brings no example"
            hint = "give the component an `example` that writes a small source (docs/plugins.md)"
            raise Unmet(message, hint)
        return found

    @property
    def packaged(self) -> Distribution:
        """The installed distribution."""
        return distribution(self.plugin.distribution)

    @property
    def package(self) -> str:
        """The name of the top-level package that the entry point names."""
        points = self.packaged.entry_points.select(group="twin", name=self.plugin.name)
        return next(iter(points)).module.partition(".")[0]

    @property
    def folder(self) -> Path:
        """The folder of the package.

        Raises:
            Unmet: if it is a single module.
        """
        spec = find_spec(self.package)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if not places:
            message = f"{self.package} is a single module, which can carry no py.typed"
            raise Unmet(message, f"make it a package: {self.package}/__init__.py")
        return Path(places[0])

    @property
    def sources(self) -> dict[str, Path]:
        """The plugin's Python files by their names, of a package or a single module."""
        spec = find_spec(self.package)
        if spec is not None and not spec.submodule_search_locations:
            return {Path(spec.origin).name: Path(spec.origin)} if spec.origin else {}
        folder = self.folder
        return {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*.py"))}


def subject(name: str) -> Subject:
    """Return a plugin by the name of its entry point or its distribution.

    Raises:
        UsageError: if it is not installed, or could not be loaded.
    """
    plugins = discover()
    wanted = normal_name(name)
    found = [
        plugin
        for plugin in plugins.plugins
        if wanted in (normal_name(plugin.name), normal_name(plugin.distribution))
    ]
    if not found:
        names = ", ".join(plugin.name for plugin in plugins.plugins)
        message = f"there is no plugin {name!r}"
        raise UsageError(message, f"installed: {names}; `twin install` adds one")
    if found[0].failure:
        message = f"the plugin {name!r} could not be loaded: {found[0].failure}"
        raise UsageError(message, "mend that first; then its checks can be run")
    return Subject(found[0], plugins)


@dataclass(slots=True)
class Reported:
    """What a reader said of the items that gave no document."""

    skips: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def skipped(self, item: str, reason: str) -> None:
        """Note an item that is not writing."""
        self.skips[item] = reason

    def failed(self, item: str, reason: str) -> None:
        """Note an item that could not be read."""
        self.failures[item] = reason


@dataclass(frozen=True, slots=True)
class Read:
    """What a reader gave of a source."""

    found: list[Any]
    reported: Reported

    @property
    def documents(self) -> list[Document]:
        """The documents, checked as the warehouse would."""
        return [checked_document(one) for one in self.found]

    def by_source(self) -> dict[str, Document]:
        """The documents by their canonical source."""
        return {document.source: document for document in self.documents}


def context(place: Path, reported: Report) -> BuildContext:
    """Return what a component is built with: folders below `place`, and a web of this machine."""
    from twin.fetch.client import Client  # noqa: PLC0415 - only where a reader is built
    from twin.fetch.settings import FetchSettings  # noqa: PLC0415

    def client() -> Client:
        settings = FetchSettings(allow_private=("127.0.0.1", "localhost"))
        return Client(settings, place / "cache" / "web")

    return BuildContext(
        cache=place / "cache", data=place / "data", report=reported, get_client=client
    )


def read(reader: ReaderComponent[Any], source: str, place: Path) -> Read:
    """Read a source to its end with the reader's default options."""
    reported = Reported()
    built = reader.build(reader.options(), context(place, reported))
    return Read(list(built.lazy_load_data(source)), reported)


def example(
    reader: ReaderComponent[Any], folder: Path, edition: int = 1
) -> AbstractContextManager[str]:
    """Return the reader's example, written into `folder`: a context that yields its source."""
    if reader.example is None:
        message = f"the reader {reader.name!r} brings no example"
        raise NotHere(message)
    folder.mkdir(parents=True, exist_ok=True)
    made = reader.example(folder, edition)
    return nullcontext(made) if isinstance(made, str) else made
