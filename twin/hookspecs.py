"""The hooks that a plugin may implement, one for every extension point.

In: nothing; a hook takes no arguments. Out: an iterable of frozen components. No hook stops at the
first result: which component is used is decided by twin.toml, never by the order of installation.
"""

from collections.abc import Iterable

import pluggy

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
    QueryTransformComponent,
    ReaderComponent,
    RerankerComponent,
    VectorStoreComponent,
)

PROJECT = "twin"
"""The name under which pluggy and the entry points know this product."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def twin_readers() -> Iterable[ReaderComponent]:  # type: ignore[type-arg, empty-body]
    """Yield readers: from a URL, file or folder to documents."""


@hookspec
def twin_cleaners() -> Iterable[CleanerComponent]:  # type: ignore[type-arg, empty-body]
    """Yield cleaners: from a document to the spans to leave out of the index."""


@hookspec
def twin_enrichers() -> Iterable[EnricherComponent]:  # type: ignore[type-arg, empty-body]
    """Yield enrichers: from a document to its language, topics or entities."""


@hookspec
def twin_node_parsers() -> Iterable[NodeParserComponent]:  # type: ignore[type-arg, empty-body]
    """Yield node parsers: from a document to passages that are exact slices of it."""


@hookspec
def twin_embeddings() -> Iterable[EmbeddingComponent]:  # type: ignore[type-arg, empty-body]
    """Yield embedders."""


@hookspec
def twin_vector_stores() -> Iterable[VectorStoreComponent]:  # type: ignore[type-arg, empty-body]
    """Yield vector stores."""


@hookspec
def twin_query_transforms() -> Iterable[QueryTransformComponent]:  # type: ignore[type-arg, empty-body]
    """Yield query transforms: from a question to its variants."""


@hookspec
def twin_rerankers() -> Iterable[RerankerComponent]:  # type: ignore[type-arg, empty-body]
    """Yield rerankers: from retrieved passages to a better order of them."""


@hookspec
def twin_llms() -> Iterable[LLMComponent]:  # type: ignore[type-arg, empty-body]
    """Yield language models."""


@hookspec
def twin_curators() -> Iterable[CuratorComponent]:  # type: ignore[type-arg, empty-body]
    """Yield curators: from the rows of a dataset to those that are left out of it."""


@hookspec
def twin_guards() -> Iterable[GuardComponent]:  # type: ignore[type-arg, empty-body]
    """Yield guards: from a text to the personal data in it."""


@hookspec
def twin_entailments() -> Iterable[EntailmentComponent]:  # type: ignore[type-arg, empty-body]
    """Yield entailment models: from a source and a sentence to whether the one says the other."""


COMPONENT_TYPES: dict[str, type[AnyComponent]] = {
    kind.hook: kind
    for kind in (
        ReaderComponent,
        CleanerComponent,
        EnricherComponent,
        NodeParserComponent,
        EmbeddingComponent,
        VectorStoreComponent,
        QueryTransformComponent,
        RerankerComponent,
        LLMComponent,
        CuratorComponent,
        GuardComponent,
        EntailmentComponent,
    )
}
"""Hook name to the class of the components that it must yield."""
