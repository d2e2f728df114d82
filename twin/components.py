"""What a plugin yields: components, and the context that builds them.

In: a plugin's frozen component, with its options as a pydantic model and a `build` that does the
heavy imports. Out: the LlamaIndex object (or, where LlamaIndex has none, the protocol named here).

A component is data until `build` is called, so listing plugins imports nothing heavy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from twin.documents import Document, Enrichment, Kind, Span
from twin.samples import Curator

if TYPE_CHECKING:
    # Those that stand in quotes below are read by the type checker alone.
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.indices.query.query_transform.base import (  # noqa: F401
        BaseQueryTransform,
    )
    from llama_index.core.llms import LLM
    from llama_index.core.node_parser import NodeParser  # noqa: F401
    from llama_index.core.postprocessor.types import BaseNodePostprocessor  # noqa: F401
    from llama_index.core.readers.base import BaseReader  # noqa: F401

    from twin.fetch.client import Client
    from twin.points import VectorStore  # noqa: F401


ModelT = TypeVar("ModelT", bound=BaseModel)

Role = Literal["chat", "teacher"]
"""What a language model is for: the twin's own voice, or the teacher that plans and judges."""


Finder = Callable[[str], Iterable[tuple[Span, str]]]
"""Finds personal data in a text: the span of each piece, and its kind, as in ``email``."""

Entailment = Callable[[Sequence[tuple[str, str]]], Sequence[float]]
"""Gives for each pair the probability, 0 to 1, that its first text (a source) entails the second."""


class Options(BaseModel):
    """Base of every component's options: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoOptions(Options):
    """Options of a component that has none."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """A span of a document's text that a cleaner leaves out of the index, and why."""

    span: Span
    reason: str


class Cleaner(Protocol):
    """Names what to leave out of the index. It never edits the text."""

    def __call__(self, document: Document) -> Iterable[Excluded]:
        """Return spans of ``document.text``, in any order."""


class Enricher(Protocol):
    """Finds out what a text is about. It never edits it, and sees one document at a time."""

    def __call__(self, document: Document) -> Enrichment:
        """Return what was found; the same for the same document, whenever it is asked."""


class Report(Protocol):
    """Where a reader says what it left out, so that one bad item never stops the rest."""

    def skipped(self, item: str, reason: str) -> None:
        """Count an item that is not writing (a picture, an empty file)."""

    def failed(self, item: str, reason: str) -> None:
        """Count an item that should have been read and could not be."""


class SilentReport:
    """A `Report` that drops what it is told; for a reader used on its own."""

    def skipped(self, item: str, reason: str) -> None:
        """Drop it."""

    def failed(self, item: str, reason: str) -> None:
        """Drop it."""


class Teacher(Protocol):
    """A language model that fills in a form: it plans searches, and later judges and instructs."""

    def structured(self, schema: type[ModelT], system: str, user: str) -> ModelT:
        """Return the model's answer as an instance of `schema`.

        Raises:
            ModelError: if it did not answer, or not in that shape.
        """


def _without(what: str) -> Callable[[], Any]:
    def missing() -> Any:
        message = f"this component needs {what}, and was built without it"
        raise LookupError(message)

    return missing


_NO_EMBEDDING = _without("the embedder")
_NO_LLM = _without("the chat model")
_NO_TEACHER = _without("the teacher model")
_NO_CLIENT = _without("the client of the web")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """What a component may need, given lazily; plugins never read settings.

    Attributes:
        cache: a folder for what can be made again (weights, downloads). It may not exist yet.
        data: a folder for what the component must keep (an embedded store). Likewise.
        generation: what a vector store appends to the name of its collection, so that two lie side
            by side while one replaces the other; empty for the first.
        report: where a reader says what it skipped and what failed.
        language: the language of the person's writing, in English, as Snowball names it.
        get_embedding: returns the embedder, built on the first call.
        get_llm: returns the chat model, built on the first call.
        get_teacher: returns the teacher model, built on the first call.
        get_client: returns the HTTP client that all readers share, built on the first call.
    """

    cache: Path
    data: Path
    generation: str = ""
    report: Report = field(default_factory=SilentReport)
    language: str = "english"
    get_embedding: Callable[[], BaseEmbedding] = _NO_EMBEDDING
    get_llm: Callable[[], LLM] = _NO_LLM
    get_teacher: Callable[[], Teacher] = _NO_TEACHER
    get_client: Callable[[], Client] = _NO_CLIENT

    def collection(self, name: str) -> str:
        """Return the name of this generation's collection."""
        return f"{name}-{self.generation}" if self.generation else name

    def secret(self, variable: str) -> str | None:
        """Return a secret from the environment, None if the variable is unset or empty."""
        return os.environ.get(variable) or None


OptionsT = TypeVar("OptionsT", bound=Options)
BuiltT_co = TypeVar("BuiltT_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Component(Generic[OptionsT, BuiltT_co]):
    """One thing that a plugin offers.

    Attributes:
        name: what twin.toml calls it; lower-case letters, digits and hyphens.
        summary: one line for `twin plugins`.
        options: the pydantic model of what may be set.
        build: makes the object; heavy imports belong here.
    """

    hook: ClassVar[str]
    noun: ClassVar[str]

    name: str
    summary: str
    options: type[OptionsT]
    build: Callable[[OptionsT, BuildContext], BuiltT_co]


@dataclass(frozen=True, kw_only=True)
class ReaderComponent(Component[OptionsT, "BaseReader"]):
    """A reader: ``lazy_load_data(source)`` yields what `twin.make_document` returns.

    Attributes:
        hosts: web hosts it reads, as in ``("github.com",)``; a subdomain counts, and a path may
            follow (``"example.org/blog"``), which makes the claim more specific.
        suffixes: file kinds it reads, as in ``(".csv",)``; any case.
        filenames: exact file names it reads; more specific than a suffix.
        directories: whether it reads a folder: any, or if it names files, one that holds such a file.
        recognises: looks into a file or folder that the claims above cover, and says whether it is
            one of its own (an account's export, say). Only what it recognises is claimed then, and
            more specifically than by any name. It must be quick, and import what is heavy itself.
        example: writes a small source into a folder, in edition 1 or 2, and returns what to read: a
            path, an address, or a context that yields one. Of the first edition's items, the second
            lacks one, has another text for one, and has one more. `twin plugins test` reads it.
    """

    hook: ClassVar[str] = "twin_readers"
    noun: ClassVar[str] = "reader"

    hosts: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    directories: bool = False
    recognises: Callable[[Path], bool] | None = None
    example: Callable[[Path, int], str | AbstractContextManager[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class CleanerComponent(Component[OptionsT, Cleaner]):
    """A cleaner: a callable that names spans to leave out of the index."""

    hook: ClassVar[str] = "twin_cleaners"
    noun: ClassVar[str] = "cleaner"


@dataclass(frozen=True, kw_only=True)
class NodeParserComponent(Component[OptionsT, "NodeParser"]):
    """A node parser: its nodes must be exact slices of the text.

    Attributes:
        kinds: the kinds it is made for; choosing it for another is allowed.
    """

    hook: ClassVar[str] = "twin_node_parsers"
    noun: ClassVar[str] = "node parser"

    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EnricherComponent(Component[OptionsT, Enricher]):
    """An enricher: a callable that finds the language, topics or entities of a document."""

    hook: ClassVar[str] = "twin_enrichers"
    noun: ClassVar[str] = "enricher"


@dataclass(frozen=True, kw_only=True)
class EmbeddingComponent(Component[OptionsT, "BaseEmbedding"]):
    """An embedder. One that also fills `Windowed` has no word left unembedded.

    Attributes:
        fingerprint: what identifies the vectors that these options give, without loading the
            model; by default the component's name and its options.
    """

    hook: ClassVar[str] = "twin_embeddings"
    noun: ClassVar[str] = "embedding"

    fingerprint: Callable[[OptionsT], str] | None = None


class Windowed(Protocol):
    """An embedder that knows its window, so that passages are cut to fit it."""

    @property
    def window(self) -> int:
        """The most tokens of text it embeds, special tokens not counted."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the code-point span of every token of `text`, in order, untruncated."""


@dataclass(frozen=True, kw_only=True)
class VectorStoreComponent(Component[OptionsT, "VectorStore"]):
    """A vector store, as `twin.points.VectorStore` defines it."""

    hook: ClassVar[str] = "twin_vector_stores"
    noun: ClassVar[str] = "vector store"


@dataclass(frozen=True, kw_only=True)
class QueryTransformComponent(Component[OptionsT, "BaseQueryTransform"]):
    """A query transform: each string in the bundle's ``embedding_strs`` is searched on its own."""

    hook: ClassVar[str] = "twin_query_transforms"
    noun: ClassVar[str] = "query transform"


@dataclass(frozen=True, kw_only=True)
class RerankerComponent(Component[OptionsT, "BaseNodePostprocessor"]):
    """A reranker: reorders, rescores or drops the retrieved passages."""

    hook: ClassVar[str] = "twin_rerankers"
    noun: ClassVar[str] = "reranker"


@dataclass(frozen=True, kw_only=True)
class LLMComponent(Component[OptionsT, "LLM | Teacher"]):
    """A language model.

    Attributes:
        roles: the roles it can fill. For ``chat`` it builds a LlamaIndex `LLM`, for ``teacher`` a
            `Teacher`; a component that is both builds an object that is both.
    """

    hook: ClassVar[str] = "twin_llms"
    noun: ClassVar[str] = "language model"

    roles: frozenset[Role] = frozenset({"chat"})


@dataclass(frozen=True, kw_only=True)
class CuratorComponent(Component[OptionsT, Curator]):
    """A step of a dataset's curation: a callable that names the rows to leave out."""

    hook: ClassVar[str] = "twin_curators"
    noun: ClassVar[str] = "curator"


@dataclass(frozen=True, kw_only=True)
class GuardComponent(Component[OptionsT, Finder]):
    """A guard: a callable that finds personal data, which is masked before a model reads it."""

    hook: ClassVar[str] = "twin_guards"
    noun: ClassVar[str] = "guard"


@dataclass(frozen=True, kw_only=True)
class EntailmentComponent(Component[OptionsT, Entailment]):
    """An entailment model: a callable that says how likely a source entails what rests on it."""

    hook: ClassVar[str] = "twin_entailments"
    noun: ClassVar[str] = "entailment model"


AnyComponent = Component[Any, Any]
