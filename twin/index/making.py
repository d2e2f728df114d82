"""Turn stored documents into the pieces that the index holds, each with its payload.

In: a stored document and a recipe. Out: pieces with payloads, nothing embedded and nothing stored
yet. It touches no store, so it can be done anywhere: in a thread, or on another machine.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.components import Cleaner
from twin.documents import Kind, epoch, primary_language, topic_key
from twin.index.passages import Piece, Window, excluded_spans, passages, pieces
from twin.points import Payload
from twin.registry import Registry
from twin.settings import Settings
from twin.warehouse.protocol import StoredDocument

if TYPE_CHECKING:
    from llama_index.core.node_parser import NodeParser


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a text becomes pieces.

    Attributes:
        fingerprint: changes whenever the same text would give other points.
        cleaners: name what is left out.
        parser: returns the node parser of a kind.
        settings: what these were chosen by, so that another machine can choose the same; None if
            they were put together by hand.
    """

    fingerprint: str
    cleaners: Sequence[Cleaner]
    parser: "Callable[[Kind], NodeParser]"
    settings: Settings | None = None


def recipe_of(registry: Registry) -> Recipe:
    """Return the recipe of the components that a registry has."""
    cleaners, parser = registry.cleaners(), registry.node_parser
    return Recipe(registry.index_fingerprint(), cleaners, parser, registry.settings)


@dataclass(frozen=True, slots=True)
class Made:
    """A document and what it becomes.

    Attributes:
        stored: the document.
        pieces: what the index is to hold of it.
        error: why it could not be parsed; then it has no pieces.
    """

    stored: StoredDocument
    pieces: tuple[tuple[Piece, Payload], ...] = ()
    error: Exception | None = None


def make(recipe: Recipe, window: Window | None, stored: StoredDocument) -> Made:
    """Clean and parse one document.

    Args:
        recipe: the cleaners and parsers.
        window: how much the embedder reads at once, None if it does not say.
        stored: the document.
    """
    document = stored.document
    try:
        excluded = excluded_spans(document, recipe.cleaners)
        found = passages(document, recipe.parser(document.kind), excluded)
        made = pieces(document, found, window)
        return Made(stored, tuple((piece, _payload(stored, piece)) for piece in made))
    except Exception as error:  # noqa: BLE001 - the boundary of one document: plugins raise anything
        return Made(stored, error=error)


def _payload(stored: StoredDocument, piece: Piece) -> Payload:
    document, found = stored.document, stored.enrichment
    return Payload(
        document_id=stored.id,
        version=stored.version,
        start=piece.span.start,
        end=piece.span.end,
        passage_start=piece.passage.start,
        passage_end=piece.passage.end,
        author=stored.author_slug,
        kind=document.kind,
        platform=document.platform,
        audience=document.audience,
        source=document.source,
        embedded_hash=piece.embedded_hash,
        published=epoch(document.published_at) if document.published_at else None,
        tags=tuple(document.tags),
        language=found.language or primary_language(document.language),
        topics=tuple(dict.fromkeys(map(topic_key, found.topics))),
        entities=tuple(dict.fromkeys(map(topic_key, found.entities))),
    )


def batched(documents: Iterable[StoredDocument], characters: int) -> Iterable[list[StoredDocument]]:
    """Yield documents in batches of about so many characters, so that memory stays bounded."""
    batch: list[StoredDocument] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.document.text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
