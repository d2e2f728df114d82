"""The components that everyone needs, offered through the same door as anyone's.

In: nothing; no other room imports this one, the entry point does. Out: cleaners, enrichers, node
parsers, the embedder, vector stores, the reranker, query transforms, language models, curators, guards and
the entailment model.
"""

from collections.abc import Iterable

from twin.basics import (
    cleaners,
    curators,
    embeddings,
    enrichers,
    entailments,
    guards,
    llms,
    node_parsers,
    query_transforms,
    readers,
    rerankers,
    vector_stores,
)
from twin.components import AnyComponent
from twin.hookspecs import hookimpl


@hookimpl
def twin_readers() -> Iterable[AnyComponent]:
    """Yield the readers that belong to the product itself."""
    yield from readers.COMPONENTS


@hookimpl
def twin_cleaners() -> Iterable[AnyComponent]:
    """Yield the cleaners."""
    yield from cleaners.COMPONENTS


@hookimpl
def twin_enrichers() -> Iterable[AnyComponent]:
    """Yield the enrichers."""
    yield from enrichers.COMPONENTS


@hookimpl
def twin_node_parsers() -> Iterable[AnyComponent]:
    """Yield a node parser for each kind."""
    yield from node_parsers.COMPONENTS


@hookimpl
def twin_embeddings() -> Iterable[AnyComponent]:
    """Yield the embedder."""
    yield from embeddings.COMPONENTS


@hookimpl
def twin_vector_stores() -> Iterable[AnyComponent]:
    """Yield Qdrant, embedded and as a server."""
    yield from vector_stores.COMPONENTS


@hookimpl
def twin_query_transforms() -> Iterable[AnyComponent]:
    """Yield the query transforms."""
    yield from query_transforms.COMPONENTS


@hookimpl
def twin_rerankers() -> Iterable[AnyComponent]:
    """Yield the cross-encoder."""
    yield from rerankers.COMPONENTS


@hookimpl
def twin_llms() -> Iterable[AnyComponent]:
    """Yield the language models."""
    yield from llms.COMPONENTS


@hookimpl
def twin_curators() -> Iterable[AnyComponent]:
    """Yield the steps of a dataset's curation."""
    yield from curators.COMPONENTS


@hookimpl
def twin_guards() -> Iterable[AnyComponent]:
    """Yield the guards."""
    yield from guards.COMPONENTS


@hookimpl
def twin_entailments() -> Iterable[AnyComponent]:
    """Yield the entailment model."""
    yield from entailments.COMPONENTS
