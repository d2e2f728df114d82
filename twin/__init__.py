"""What a plugin author imports, all of it.

In: nothing; importing this package opens nothing and pulls in neither LlamaIndex nor torch. Out::

    import twin

    class Options(twin.Options):
        limit: int = 100

    @twin.hookimpl
    def twin_readers():
        yield twin.ReaderComponent(
            name="notes", summary="Notes of the Example app", options=Options, build=build,
            suffixes=(".notes",),
        )

`docs/plugins.md` has the whole of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.components import (
        BuildContext,
        CleanerComponent,
        CuratorComponent,
        EmbeddingComponent,
        EnricherComponent,
        EntailmentComponent,
        Excluded,
        GuardComponent,
        LLMComponent,
        NodeParserComponent,
        NoOptions,
        Options,
        QueryTransformComponent,
        ReaderComponent,
        RerankerComponent,
        VectorStoreComponent,
    )
    from twin.documents import (
        Audience,
        Document,
        Enrichment,
        Kind,
        Span,
        author_slug,
        canonical_url,
        document_id,
    )
    from twin.errors import ComponentUnavailable, ConfigurationError, ReadError, TwinError
    from twin.exports.export import Export, holds, open_export
    from twin.exports.listing import Bounds
    from twin.exports.quoting import Others, spans_of_others
    from twin.hookspecs import hookimpl
    from twin.points import (
        CollectionInfo,
        Filters,
        Hit,
        Payload,
        Point,
        SparseVector,
        VectorStore,
    )
    from twin.reading import make_document
    from twin.samples import Curation, Reference, Removal, Sample, Split

__version__ = "0.1.0"

_HOME_OF = {
    "components": (
        "BuildContext",
        "CleanerComponent",
        "CuratorComponent",
        "GuardComponent",
        "EmbeddingComponent",
        "EnricherComponent",
        "EntailmentComponent",
        "Excluded",
        "LLMComponent",
        "NoOptions",
        "NodeParserComponent",
        "Options",
        "QueryTransformComponent",
        "ReaderComponent",
        "RerankerComponent",
        "VectorStoreComponent",
    ),
    "documents": (
        "Audience",
        "Document",
        "Enrichment",
        "Kind",
        "Span",
        "author_slug",
        "canonical_url",
        "document_id",
    ),
    "errors": ("ComponentUnavailable", "ConfigurationError", "ReadError", "TwinError"),
    "exports.export": ("Export", "holds", "open_export"),
    "exports.listing": ("Bounds",),
    "exports.quoting": ("Others", "spans_of_others"),
    "hookspecs": ("hookimpl",),
    "points": (
        "CollectionInfo",
        "Filters",
        "Hit",
        "Payload",
        "Point",
        "SparseVector",
        "VectorStore",
    ),
    "reading": ("make_document",),
    "samples": ("Curation", "Reference", "Removal", "Sample", "Split"),
}
_MODULE_OF = {name: module for module, names in _HOME_OF.items() for name in names}

__all__ = [
    "Audience",
    "Bounds",
    "BuildContext",
    "CleanerComponent",
    "CollectionInfo",
    "ComponentUnavailable",
    "ConfigurationError",
    "Curation",
    "CuratorComponent",
    "Document",
    "EmbeddingComponent",
    "EnricherComponent",
    "Enrichment",
    "EntailmentComponent",
    "Excluded",
    "Export",
    "Filters",
    "GuardComponent",
    "Hit",
    "Kind",
    "LLMComponent",
    "NoOptions",
    "NodeParserComponent",
    "Options",
    "Others",
    "Payload",
    "Point",
    "QueryTransformComponent",
    "ReadError",
    "ReaderComponent",
    "Reference",
    "Removal",
    "RerankerComponent",
    "Sample",
    "Span",
    "SparseVector",
    "Split",
    "TwinError",
    "VectorStore",
    "VectorStoreComponent",
    "author_slug",
    "canonical_url",
    "document_id",
    "holds",
    "hookimpl",
    "make_document",
    "open_export",
    "spans_of_others",
]


def __getattr__(name: str) -> Any:
    """Import a public name on its first use, so that ``twin --help`` stays instant."""
    if name not in _MODULE_OF:
        message = f"module 'twin' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"twin.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
