"""Turn twin.toml into components: check all of it first, then build what is asked for.

In: the plugins and the settings. Out: a `Registry` that builds each component once, lazily. Every
mistake is collected with its path before anything is opened.
"""

import difflib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from twin.claims import claim_of
from twin.components import (
    AnyComponent,
    BuildContext,
    Cleaner,
    CleanerComponent,
    EmbeddingComponent,
    LLMComponent,
    NodeParserComponent,
    Options,
    QueryTransformComponent,
    ReaderComponent,
    Report,
    RerankerComponent,
    SilentReport,
    Teacher,
    VectorStoreComponent,
)
from twin.documents import Kind
from twin.errors import (
    ComponentUnavailable,
    ConfigurationError,
    ConflictError,
    SettingsError,
    UsageError,
)
from twin.plugins import OWN_DISTRIBUTION, PluginSet, Provided, name_conflict
from twin.settings import Choice, Settings

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
    from llama_index.core.llms import LLM
    from llama_index.core.node_parser import NodeParser
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.readers.base import BaseReader

    from twin.points import VectorStore


class Registry:
    """The components that the settings name, checked, and built on first use.

    Args:
        plugins: what `twin.plugins.discover` found.
        settings: what the person set.
        home: the home folder, below which components may keep data.

    Raises:
        SettingsError: if the settings name what is not there, or set what cannot be set.
    """

    def __init__(self, plugins: PluginSet, settings: Settings, home: Path) -> None:
        self.plugins = plugins
        self.settings = settings
        self._home = home
        self._built: dict[str, Any] = {}
        self._building: list[str] = []
        self._lock = threading.RLock()
        self._chosen = self._resolve()

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

    def llm(self) -> "LLM":
        """Return the chat model."""
        built: LLM = self._build("models.chat")
        return built

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

    @property
    def has_teacher(self) -> bool:
        """Whether a teacher model is set."""
        return "models.teacher" in self._chosen

    def index_fingerprint(self) -> str:
        """Return what decides how a text becomes points: cleaners, parsers, embedder, language."""
        places = [*self._paths("ingest."), "index.embedding"]
        parts = [
            f"{place}={self._chosen[place][0].component.name}:{self._chosen[place][0].version}:"
            f"{self._chosen[place][1].model_dump_json()}"
            for place in places
        ]
        return ";".join([*parts, self.embedder_fingerprint(), self.settings.index.language])

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
        provided = self._reader_named(name) if name else self.reader_for(source)
        try:
            checked = provided.component.options.model_validate(options)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()
            )
            known = ", ".join(provided.component.options.model_fields) or "none"
            message = f"the reader {provided.component.name!r} cannot use these options: {problems}"
            raise UsageError(message, f"its options are: {known}") from error
        with _telling_what_is_missing("--reader", provided):
            return provided, provided.component.build(checked, self._context(provided, report))

    def reader_for(self, source: str) -> Provided:
        """Return the reader that claims a source most specifically."""
        claims = [
            (strength, provided)
            for provided in self.plugins.provided(ReaderComponent.hook)
            if (strength := claim_of(provided.component, source)) > 0
        ]
        if not claims:
            readers = ", ".join(p.component.name for p in self.plugins.provided("twin_readers"))
            message = f"no reader knows what to do with {source}"
            hint = f"readers: {readers or 'none'}; `twin install` adds one, `--reader` names one"
            raise UsageError(message, hint)
        strongest = max(strength for strength, _ in claims)
        best = [provided for strength, provided in claims if strength == strongest]
        if len(best) > 1:
            names = " and ".join(f"{p.component.name!r} of {p.provider}" for p in best)
            message = f"{source} is claimed equally by {names}"
            raise ConflictError(message, "name one of them with --reader")
        return best[0]

    # Checking

    def _resolve(self) -> dict[str, tuple[Provided, Options]]:
        chosen: dict[str, tuple[Provided, Options]] = {}
        problems: list[str] = []
        for path, kind, choice in choices(self.settings):
            try:
                chosen[path] = self._choose(path, kind, choice)
            except _Mistakes as mistakes:
                problems += mistakes.problems
        if problems:
            hint = "`twin plugins` lists what there is; `twin doctor` checks the home"
            raise SettingsError(problems, hint)
        return chosen

    def _choose(
        self, path: str, kind: type[AnyComponent], choice: Choice
    ) -> tuple[Provided, Options]:
        provided = self._named(path, kind, choice.use)
        component = provided.component
        role = path.removeprefix("models.")
        if isinstance(component, LLMComponent) and role not in component.roles:
            fits = " or ".join(sorted(component.roles))
            raise _Mistakes([f"{path}: {choice.use!r} can only be the {fits} model"])
        try:
            return provided, component.options.model_validate(choice.options)
        except ValidationError as error:
            known = ", ".join(component.options.model_fields) or "none"
            problems = []
            for item in error.errors(include_url=False):
                where = ".".join(str(part) for part in item["loc"])
                what = item["msg"]
                if item["type"] == "extra_forbidden":
                    what = f"no such option of {choice.use!r} (its options: {known})"
                problems.append(f"{path}.{where}: {what}" if where else f"{path}: {what}")
            raise _Mistakes(problems) from error

    def _named(self, path: str, kind: type[AnyComponent], name: str) -> Provided:
        offered = self.plugins.provided(kind.hook)
        found = [p for p in offered if p.component.name == name]
        if len(found) > 1:
            raise _Mistakes([f"{path}: {name_conflict(found)}"])
        if found:
            return found[0]
        names = [p.component.name for p in offered]
        near = difflib.get_close_matches(name, names, 1)
        text = f"{path}: there is no {kind.noun} {name!r}"
        text += (
            f"; did you mean {near[0]!r}?"
            if near
            else f" (there are: {', '.join(names) or 'none'})"
        )
        broken = [f"{p.distribution or p.name} {p.version}".strip() for p in self.plugins.failures]
        if broken:
            text += f"; {', '.join(broken)} could not be loaded"
        raise _Mistakes([text])

    def _reader_named(self, name: str) -> Provided:
        try:
            return self._named("--reader", ReaderComponent, name)
        except _Mistakes as mistakes:
            text = mistakes.problems[0].removeprefix("--reader: ")
            raise UsageError(text, "`twin plugins` lists the readers") from None

    # Building

    def _paths(self, prefix: str) -> list[str]:
        return [path for path in self._chosen if path.startswith(prefix)]

    def _build(self, path: str) -> Any:
        with self._lock:
            if path in self._built:
                return self._built[path]
            provided, options = self._chosen[path]
            with self._step(path), _telling_what_is_missing(path, provided):
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
            report=report,
            language=self.settings.index.language,
            get_embedding=self.embedding,
            get_llm=self.llm,
            get_teacher=self.teacher,
        )


class _Mistakes(Exception):
    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def choices(settings: Settings) -> Iterator[tuple[str, type[AnyComponent], Choice]]:
    """Yield every place of the settings that names a component."""
    yield "index.embedding", EmbeddingComponent, settings.index.embedding
    yield "index.store", VectorStoreComponent, settings.index.store
    for number, choice in enumerate(settings.ingest.cleaners):
        yield f"ingest.cleaners[{number}]", CleanerComponent, choice
    for kind in Kind:
        parser = settings.ingest.node_parsers.of(kind)
        yield f"ingest.node_parsers.{kind}", NodeParserComponent, parser
    for number, choice in enumerate(settings.retrieve.query_transforms):
        yield f"retrieve.query_transforms[{number}]", QueryTransformComponent, choice
    for number, choice in enumerate(settings.retrieve.rerankers):
        yield f"retrieve.rerankers[{number}]", RerankerComponent, choice
    yield "models.chat", LLMComponent, settings.models.chat
    if settings.models.teacher is not None:
        yield "models.teacher", LLMComponent, settings.models.teacher


@contextmanager
def _telling_what_is_missing(path: str, provided: Provided) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        missing = error.name or str(error)
        message = f"{path}: {provided.component.name!r} of {provided.provider} needs {missing}"
        if provided.distribution == OWN_DISTRIBUTION:
            extra = "code" if missing.startswith("tree_sitter") else "local"
            hint = f"install the extra that it belongs to: pip install 'twin[{extra}]'"
        else:
            hint = f"install what it needs: twin install --upgrade {provided.distribution}"
        raise ComponentUnavailable(message, hint) from error
