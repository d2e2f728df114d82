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
    from llama_index.core.node_parser import NodeParser  # noqa: PLC0415 - heavy
    from llama_index.core.schema import Document as LlamaDocument  # noqa: PLC0415
    from llama_index.core.schema import MetadataMode, TextNode  # noqa: PLC0415

    text = document.text
    metadata = {"source": document.source, "kind": document.kind.value}
    whole = LlamaDocument(
        text=text,
        metadata=metadata,
        # Some parsers take the metadata off the size of a passage, unless nobody reads them.
        excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=list(metadata),
    )
    # The base class looks for a node's text, and of one that repeats itself finds a part that
    # overlaps the node before. A parser that says itself where its nodes are is believed.
    guessed = type(parser)._postprocess_parsed_nodes is NodeParser._postprocess_parsed_nodes  # noqa: SLF001
    found: list[Span] = []
    searched = before = 0
    for node in parser.get_nodes_from_documents([whole]):
        content = node.get_content(metadata_mode=MetadataMode.NONE)
        start = node.start_char_idx if isinstance(node, TextNode) else None
        if not content.strip():
            continue
        if start is None or text[start : start + len(content)] != content:
            start = text.find(content, searched)
        if start < before and (guessed or start < 0):
            # The text that follows the node before is the one that was meant, if it is the same.
            nearest = (place for place in (before, _after(text, before), max(start, 0)))
            start = next((p for p in nearest if text.startswith(content, p)), text.find(content))
        if start < 0:
            message = (
                f"the node parser {type(parser).__name__} changed the text of {document.source}: "
                f"{content[:60]!r} is not in it"
            )
            raise PluginError(message, "a node must be an exact slice of the document's text")
        searched, before = start + 1, start + len(content)
        parts = subtract(Span(start, start + len(content)), excluded)
        found += [part for part in (trim(text, one) for one in parts) if part.end > part.start]
    return found


def _after(text: str, place: int) -> int:
    """Return where the text goes on after the white space at `place`."""
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def pieces(document: Document, found: Sequence[Span], window: Window | None) -> list[Piece]:
    """Return the pieces of the passages, in document order.

    Args:
        document: the document.
        found: its passages.
        window: the embedder's window; None embeds every passage whole.
    """
    text = document.text
    title = " ".join(document.title.split())
    if window is not None:
        title = _fitting(title, window)
    seen: Counter[str] = Counter()
    made: list[Piece] = []
    for passage in found:
        for part in [passage] if window is None else _parts(text, passage, title, window):
            span = trim(text, part)
            if span.end <= span.start:
                continue
            slice_ = span.of(text)
            identity = node_id(document.id, slice_, seen[slice_])
            seen[slice_] += 1
            made.append(Piece(identity, span, passage, _embedded(title, slice_)))
    return made


def _embedded(title: str, slice_: str) -> str:
    # The heading that opens an article is its title; saying it twice would only dilute.
    return f"{title}\n{slice_}" if title and title not in slice_[:200] else slice_


def _parts(text: str, passage: Span, title: str, window: Window) -> list[Span]:
    """Return spans that cover the passage, each of which fits the window with the title."""
    tokens = [
        (passage.start + start, passage.start + end)
        for start, end in window.token_spans(passage.of(text))
    ]
    limit = max(window.tokens - len(window.token_spans(f"{title}\n")), 1)
    while True:
        parts = split_by_tokens(text, passage, tokens, limit)
        # A word that is cut may have more tokens than it had, so what is embedded is counted.
        counts = (len(window.token_spans(_embedded(title, part.of(text)))) for part in parts)
        if limit == 1 or all(count <= window.tokens for count in counts):
            return parts
        limit = max(limit * 3 // 4, 1)


def _fitting(title: str, window: Window) -> str:
    spans = window.token_spans(title)
    most = max(window.tokens // TITLE_SHARE, 1)
    return title if len(spans) <= most else title[: spans[most - 1][1]]
