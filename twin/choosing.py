"""Which components the settings name: all of them looked up and their options checked.

In: the plugins and the settings. Out: what is chosen for each place of twin.toml, or every mistake
with its path. Nothing is built here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from twin.components import (
    AnyComponent,
    CleanerComponent,
    CuratorComponent,
    EmbeddingComponent,
    EnricherComponent,
    EntailmentComponent,
    GuardComponent,
    LLMComponent,
    NodeParserComponent,
    Options,
    QueryTransformComponent,
    ReaderComponent,
    RerankerComponent,
    VectorStoreComponent,
)
from twin.documents import Kind
from twin.errors import SettingsError, UsageError
from twin.plugins import PluginSet, Provided, name_conflict
from twin.settings import Settings
from twin.spelling import did_you_mean
from twin.tables import Choice


class _Mistakes(Exception):
    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def resolve(plugins: PluginSet, settings: Settings) -> dict[str, tuple[Provided, Options]]:
    """Return the component and its options for every place that names one.

    Raises:
        SettingsError: if the settings name what is not there, or set what cannot be set.
    """
    chosen: dict[str, tuple[Provided, Options]] = {}
    problems: list[str] = []
    for path, kind, choice in choices(settings):
        try:
            chosen[path] = _choose(plugins, path, kind, choice)
        except _Mistakes as mistakes:
            problems += mistakes.problems
    if problems:
        hint = "`twin plugins` lists what there is; `twin doctor` checks the home"
        raise SettingsError(problems, hint)
    return chosen


def choices(settings: Settings) -> Iterator[tuple[str, type[AnyComponent], Choice]]:
    """Yield every place of the settings that names a component."""
    index, ingest, retrieve = settings.index, settings.ingest, settings.retrieve
    yield "index.embedding", EmbeddingComponent, index.embedding
    yield "index.store", VectorStoreComponent, index.store
    yield from _listed("ingest.cleaners", CleanerComponent, ingest.cleaners)
    yield from _listed("ingest.enrichers", EnricherComponent, ingest.enrichers)
    for kind in Kind:
        yield f"ingest.node_parsers.{kind}", NodeParserComponent, ingest.node_parsers.of(kind)
    transforms = retrieve.query_transforms
    yield from _listed("retrieve.query_transforms", QueryTransformComponent, transforms)
    yield from _listed("retrieve.rerankers", RerankerComponent, retrieve.rerankers)
    yield from _listed("datasets.curators", CuratorComponent, settings.datasets.curators)
    yield from _listed("guard.masks", GuardComponent, settings.guard.masks)
    if settings.chat.entailment is not None:
        yield "chat.entailment", EntailmentComponent, settings.chat.entailment
    yield "models.chat", LLMComponent, settings.models.chat
    if settings.models.teacher is not None:
        yield "models.teacher", LLMComponent, settings.models.teacher
    for number, adapter in enumerate(settings.models.adapters):
        yield f"models.adapters[{number}].model", LLMComponent, adapter.model


def _listed(
    path: str, kind: type[AnyComponent], several: Iterable[Choice]
) -> Iterator[tuple[str, type[AnyComponent], Choice]]:
    for number, choice in enumerate(several):
        yield f"{path}[{number}]", kind, choice


def reader_named(plugins: PluginSet, name: str) -> Provided:
    """Return a reader by its name.

    Raises:
        UsageError: if there is none.
    """
    try:
        return _named(plugins, "--reader", ReaderComponent, name)
    except _Mistakes as mistakes:
        text = mistakes.problems[0].removeprefix("--reader: ")
        raise UsageError(text, "`twin plugins` lists the readers") from None


def _choose(
    plugins: PluginSet, path: str, kind: type[AnyComponent], choice: Choice
) -> tuple[Provided, Options]:
    provided = _named(plugins, path, kind, choice.use)
    component = provided.component
    role = "teacher" if path == "models.teacher" else "chat"
    if isinstance(component, LLMComponent) and role not in component.roles:
        fits = " or ".join(sorted(component.roles))
        raise _Mistakes([f"{path}: {choice.use!r} can only be the {fits} model"])
    return provided, _checked(component, choice.options, path)


def reader_options(component: AnyComponent, given: Mapping[str, Any]) -> Options:
    """Return the options of a reader, checked.

    Raises:
        UsageError: if one is not its own, or has a value that it cannot take.
    """
    try:
        return _checked(component, given)
    except _Mistakes as mistakes:
        message = f"the reader {component.name!r} cannot use these options: {mistakes}"
        hint = "they are given by -o NAME=VALUE, or as options of its source in twin.toml"
        raise UsageError(message, hint) from None


def _checked(component: AnyComponent, given: Mapping[str, Any], path: str = "") -> Options:
    """Return the options of a component, or raise every mistake with its place below `path`."""
    try:
        options: Options = component.options.model_validate(given)
    except ValidationError as error:
        fields = component.options.model_fields
        problems = []
        for item in error.errors(include_url=False):
            where, what = ".".join(map(str, item["loc"])), item["msg"]
            if item["type"] == "extra_forbidden":
                told = did_you_mean(where, fields) or f"its options: {', '.join(fields) or 'none'}"
                what = f"no such option of {component.name!r} ({told})"
            place = ".".join(filter(None, (path, where)))
            problems.append(f"{place}: {what}" if place else what)
        raise _Mistakes(problems) from error
    return options


def _named(plugins: PluginSet, path: str, kind: type[AnyComponent], name: str) -> Provided:
    offered = plugins.provided(kind.hook)
    found = [p for p in offered if p.component.name == name]
    if len(found) > 1:
        raise _Mistakes([f"{path}: {name_conflict(found)}"])
    if found:
        return found[0]
    names = [p.component.name for p in offered]
    text = f"{path}: there is no {kind.noun} {name!r}"
    meant = did_you_mean(name, names)
    text += f"; {meant}" if meant else f" (there are: {', '.join(names) or 'none'})"
    broken = [f"{p.distribution or p.name} {p.version}".strip() for p in plugins.failures]
    if broken:
        text += f"; {', '.join(broken)} could not be loaded"
    raise _Mistakes([text])
