"""Turn twin.toml into components: check all of it first, then build what is asked for.

In: the plugins and the settings. Out: a `Registry` that builds each component once, lazily. Every
mistake is collected with its path before anything is opened.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.choosing import reader_named, reader_options, resolve
from twin.claims import claims_on
from twin.components import (
    BuildContext,
    Cleaner,
    EmbeddingComponent,
    Enricher,
    Entailment,
    Finder,
    ReaderComponent,
    Report,
    SilentReport,
    Teacher,
    VectorStoreComponent,
)
from twin.documents import Kind
from twin.errors import (
    ConfigurationError,
    ConflictError,
    UsageError,
)
from twin.plugins import PluginSet, Provided, telling_what_is_missing
from twin.samples import Curator
from twin.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
    from llama_index.core.llms import LLM
    from llama_index.core.node_parser import NodeParser
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.readers.base import BaseReader

    from twin.fetch.client import Client
    from twin.points import VectorStore


class Registry:
    """The components that the settings name, checked, and built on first use.

    Args:
        plugins: what `twin.plugins.discover` found.
        settings: what the person set.
        home: the home folder, below which components may keep data.
        generation: the name of the collection among several of one store.

    Raises:
        SettingsError: if the settings name what is not there, or set what cannot be set.
    """

    def __init__(
        self, plugins: PluginSet, settings: Settings, home: Path, *, generation: str = ""
    ) -> None:
        self.plugins = plugins
        self.settings = settings
        self._home = home
        self._generation = generation
        self._built: dict[str, Any] = {}
        self._building: list[str] = []
        self._lock = threading.RLock()
        self._chosen = resolve(plugins, settings)

    # What may be asked for

    def embedding(self) -> "BaseEmbedding":
        """Return the embedder."""
        built: BaseEmbedding = self._build("index.embedding")
        return built

    def embedder_fingerprint(self) -> str:
        """Return what identifies the embedder's vectors, without loading the model."""
        provided, options = self._chosen["index.embedding"]
        component = provided.component
        if isinstance(component, EmbeddingComponent) and component.fingerprint is not None:
            return component.fingerprint(options)
        return f"{component.name}:{options.model_dump_json()}"

    def vector_store(self) -> "VectorStore":
        """Return the vector store."""
        built: VectorStore = self._build("index.store")
        return built

    def cleaners(self) -> list[Cleaner]:
        """Return the cleaners in the order of twin.toml."""
        return [self._build(path) for path in self._paths("ingest.cleaners[")]

    def enrichers(self) -> list[Enricher]:
        """Return the enrichers in the order of twin.toml."""
        return [self._build(path) for path in self._paths("ingest.enrichers[")]

    def enrichment_recipe(self) -> str:
        """Return what decides how a document is enriched; empty if nothing does."""
        return self._told(self._paths("ingest.enrichers["))

    def node_parser(self, kind: Kind) -> "NodeParser":
        """Return the node parser of a kind."""
        built: NodeParser = self._build(f"ingest.node_parsers.{kind}")
        return built

    def query_transforms(self) -> list["BaseQueryTransform"]:
        """Return the query transforms in the order of twin.toml."""
        return [self._build(path) for path in self._paths("retrieve.query_transforms[")]

    def rerankers(self) -> list[tuple[str, Callable[[], "BaseNodePostprocessor"]]]:
        """Return the rerankers in order, each by name with a function that builds it."""
        return [
            (self._chosen[path][0].component.name, lambda path=path: self._build(path))  # type: ignore[misc]
            for path in self._paths("retrieve.rerankers[")
        ]

    def curators(self) -> list[tuple[str, Curator]]:
        """Return the steps of a dataset's curation in the order of twin.toml, each by name."""
        return [
            (self._chosen[path][0].component.name, self._build(path))
            for path in self._paths("datasets.curators[")
        ]

    def masks(self) -> list[Finder]:
        """Return what finds the personal data to mask, in the order of twin.toml."""
        return [self._build(path) for path in self._paths("guard.masks[")]

    def entailment(self) -> tuple[str, Callable[[], Entailment]] | None:
        """Return the name of the entailment model with what builds it, None if none is set."""
        path = "chat.entailment"
        if path not in self._chosen:
            return None
        return self._chosen[path][0].component.name, lambda: self._build(path)

    def curators_fingerprint(self) -> list[str]:
        """Return every step with its provider's version and its options, for a manifest."""
        return [
            f"{self._chosen[path][0].component.name}:{self._chosen[path][0].provider}:"
            f"{self._chosen[path][1].model_dump_json()}"
            for path in self._paths("datasets.curators[")
        ]

    def llm(self) -> "LLM":
        """Return the chat model."""
        built: LLM = self._build("models.chat")
        return built

    def chat_model(self, name: str = "") -> "LLM":
        """Return a chat model by the name of its adapter.

        Args:
            name: as ``[[models.adapters]]`` has it; empty is ``models.chat``.

        Raises:
            ConfigurationError: if no adapter has that name.
        """
        if not name:
            return self.llm()
        names = self.chat_model_names()
        if name not in names:
            message = f"there is no adapter {name!r}"
            there = f"twin.toml names {', '.join(names)}" if names else "twin.toml names none"
            raise ConfigurationError(message, f"{there}: [[models.adapters]] adds one")
        built: LLM = self._build(f"models.adapters[{names.index(name)}].model")
        return built

    def chat_model_names(self) -> tuple[str, ...]:
        """Return the names of the adapters, in the order of twin.toml; not the default model's."""
        return tuple(adapter.name for adapter in self.settings.models.adapters)

    def teacher(self) -> Teacher:
        """Return the teacher model.

        Raises:
            ConfigurationError: if none is set.
        """
        if not self.has_teacher:
            message = "there is no teacher model"
            raise ConfigurationError(message, "set models.teacher in twin.toml")
        built: Teacher = self._build("models.teacher")
        return built

    @cached_property
    def client(self) -> "Client":
        """The HTTP client that all readers share."""
        from twin.fetch.client import Client  # noqa: PLC0415 - only where the web is read

        return Client(self.settings.fetch, self._home / "cache" / "web")

    @property
    def has_teacher(self) -> bool:
        """Whether a teacher model is set."""
        return "models.teacher" in self._chosen

    def index_fingerprint(self) -> str:
        """Return what decides how a text becomes points: cleaners, parsers, embedder, language."""
        places = [*self._paths("ingest.cleaners["), *self._paths("ingest.node_parsers.")]
        told = self._told([*places, "index.embedding"])
        return f"{told};{self.embedder_fingerprint()};{self.settings.index.language}"

    def reader(
        self, source: str, name: str | None, options: dict[str, Any], report: Report
    ) -> tuple[Provided, "BaseReader"]:
        """Return the reader of a source, and who provides it.

        Args:
            source: a URL or a path.
            name: the reader to use, or None to find the most specific one.
            options: its options.
            report: where it says what it left out.

        Raises:
            UsageError: if there is no such reader, none fits, or an option is wrong.
            ConflictError: if two claim the source equally.
        """
        provided = reader_named(self.plugins, name) if name else self.reader_for(source)
        checked = reader_options(provided.component, options)
        with telling_what_is_missing("--reader", provided):
            return provided, provided.component.build(checked, self._context(provided, report))

    def reader_for(self, source: str) -> Provided:
        """Return the reader that claims a source most specifically."""
        claims = claims_on(
            source, ((p, p.component) for p in self.plugins.provided(ReaderComponent.hook))
        )
        if not claims:
            readers = ", ".join(p.component.name for p in self.plugins.provided("twin_readers"))
            message = f"no reader knows what to do with {source}"
            hint = f"readers: {readers or 'none'}; `twin install` adds one, `--reader` names one"
            if broken := ", ".join(plugin.name for plugin in self.plugins.failures):
                hint = f"not loaded: {broken} (`twin plugins` says why); {hint}"
            raise UsageError(message, hint)
        strongest = max(strength for strength, _ in claims)
        best = [provided for strength, provided in claims if strength == strongest]
        if len(best) > 1:
            names = " and ".join(f"{p.component.name!r} of {p.provider}" for p in best)
            message = f"{source} is claimed equally by {names}"
            raise ConflictError(message, "name one of them with --reader")
        return best[0]

    # Building

    def _paths(self, prefix: str) -> list[str]:
        return [path for path in self._chosen if path.startswith(prefix)]

    def _told(self, places: list[str]) -> str:
        """Return what is chosen for some places, with versions and options, in one line."""
        return ";".join(
            f"{place}={self._chosen[place][0].component.name}:{self._chosen[place][0].version}:"
            f"{self._chosen[place][1].model_dump_json()}"
            for place in places
        )

    def _build(self, path: str) -> Any:
        with self._lock:
            if path in self._built:
                return self._built[path]
            provided, options = self._chosen[path]
            with self._step(path), telling_what_is_missing(path, provided):
                built = provided.component.build(options, self._context(provided, SilentReport()))
            self._built[path] = built
            return built

    @contextmanager
    def _step(self, path: str) -> Iterator[None]:
        if path in self._building:
            circle = " needs ".join([*self._building[self._building.index(path) :], path])
            message = f"components need each other in a circle: {circle}"
            raise ConfigurationError(message, "choose another component for one of them")
        self._building.append(path)
        try:
            yield
        finally:
            self._building.pop()

    def _context(self, provided: Provided, report: Report) -> BuildContext:
        component = provided.component
        folder = component.hook.removeprefix("twin_")
        return BuildContext(
            cache=self._home / "cache" / component.name,
            data=self._home / "index" / component.name
            if component.hook == VectorStoreComponent.hook
            else self._home / folder / component.name,
            generation=self._generation,
            report=report,
            language=self.settings.index.language,
            get_embedding=self.embedding,
            get_llm=self.llm,
            get_teacher=self.teacher,
            get_client=lambda: self.client,
        )
