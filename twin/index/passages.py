"""From a document to the pieces that are embedded: small to big, every one an exact slice.

In: a stored document, the cleaners, the node parser of its kind, and the embedder's window. Out:
`Piece`s with stable ids. A passage is what is read and cited; a piece is the part of it that fits
the embedder's window, so that no word is left unembedded.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.components import Cleaner
from twin.documents import Document, Span, node_id, sha256
from twin.errors import PluginError
from twin.index.boundaries import TokenSpans, merged, split_by_tokens, subtract, trim

if TYPE_CHECKING:
    from llama_index.core.node_parser import NodeParser

TITLE_SHARE = 4
"""The title in front of a piece takes at most this part (a quarter) of the embedder's window."""


@dataclass(frozen=True, slots=True)
class Window:
    """How much an embedder reads at once.

    Attributes:
        tokens: the most tokens, special tokens not counted.
        token_spans: cuts a text into the embedder's tokens.
    """

    tokens: int
    token_spans: TokenSpans


@dataclass(frozen=True, slots=True)
class Piece:
    """One embedded part of a passage.

    Attributes:
        id: stable as long as the slice is in the document, wherever it moves.
        span: the piece in the text.
        passage: the passage that it is part of.
        embedded: the text to embed: the title, and then the slice.
    """

    id: str
    span: Span
    passage: Span
    embedded: str

    @property
    def embedded_hash(self) -> str:
        """SHA-256 of the embedded text."""
        return sha256(self.embedded)


def excluded_spans(document: Document, cleaners: Sequence[Cleaner]) -> list[Span]:
    """Return what the cleaners leave out, merged.

    Raises:
        PluginError: if a cleaner names a span outside the text.
    """
    spans: list[Span] = []
    for cleaner in cleaners:
        for excluded in cleaner(document):
            start, end = excluded.span
            if not 0 <= start <= end <= len(document.text):
                message = f"a cleaner excludes {start}:{end} of a text of {len(document.text)}"
                raise PluginError(message, "its spans must lie inside document.text")
            spans.append(Span(start, end))
    return merged(spans)


def passages(document: Document, parser: "NodeParser", excluded: Sequence[Span]) -> list[Span]:
    """Return the passages of a document: the parser's nodes without what is excluded.

    Raises:
        PluginError: if a node is no exact slice of the text.
    """
    from llama_index.core.schema import Document as LlamaDocument  # noqa: PLC0415 - heavy
    from llama_index.core.schema import MetadataMode, TextNode  # noqa: PLC0415

    text = document.text
    metadata = {"source": document.source, "kind": document.kind.value}
    nodes = parser.get_nodes_from_documents([LlamaDocument(text=text, metadata=metadata)])
    found: list[Span] = []
    searched = 0
    for node in nodes:
        content = node.get_content(metadata_mode=MetadataMode.NONE)
        start = node.start_char_idx if isinstance(node, TextNode) else None
        if start is None or text[start : start + len(content)] != content:
            start = text.find(content, searched)
        if start < 0:
            message = (
                f"the node parser {type(parser).__name__} changed the text of {document.source}: "
                f"{content[:60]!r} is not in it"
            )
            raise PluginError(message, "a node must be an exact slice of the document's text")
        searched = start + 1
        parts = subtract(Span(start, start + len(content)), excluded)
        found += [part for part in (trim(text, one) for one in parts) if part.end > part.start]
    return found


def pieces(document: Document, found: Sequence[Span], window: Window | None) -> list[Piece]:
    """Return the pieces of the passages, in document order.

    Args:
        document: the document.
        found: its passages.
        window: the embedder's window; None embeds every passage whole.
    """
    text = document.text
    title = " ".join(document.title.split())
    limit = 0
    tokens: list[tuple[int, int]] = []
    if window is not None:
        title = _fitting(title, window)
        limit = max(window.tokens - len(window.token_spans(f"{title}\n")), 8)
        tokens = window.token_spans(text)
    seen: Counter[str] = Counter()
    made: list[Piece] = []
    for passage in found:
        parts = [passage] if window is None else split_by_tokens(text, passage, tokens, limit)
        for part in parts:
            span = trim(text, part)
            if span.end <= span.start:
                continue
            slice_ = span.of(text)
            # The heading that opens an article is its title; saying it twice would only dilute.
            embedded = f"{title}\n{slice_}" if title and title not in slice_[:200] else slice_
            identity = node_id(document.id, slice_, seen[slice_])
            seen[slice_] += 1
            made.append(Piece(identity, span, passage, embedded))
    return made


def _fitting(title: str, window: Window) -> str:
    spans = window.token_spans(title)
    most = max(window.tokens // TITLE_SHARE, 1)
    return title if len(spans) <= most else title[: spans[most - 1][1]]
