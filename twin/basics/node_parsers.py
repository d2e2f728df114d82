"""A node parser for each kind; every node is an exact slice of the text.

In: a document. Out: its passages: an article by its structure, a post by tokens, code by syntax, a
conversation by its messages. Sizes follow the LLM Engineer's Handbook (posts 250 tokens with 25
overlapping, code 1,500 characters with 100, articles 1,000 to 2,000 characters).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import Field

from twin.basics.articles import article_passages
from twin.basics.code import code_passages
from twin.basics.conversations import conversation_passages
from twin.components import BuildContext, NodeParserComponent, Options
from twin.documents import Kind, Span
from twin.errors import ConfigurationError
from twin.index.boundaries import split, split_by_tokens, trim

if TYPE_CHECKING:
    from llama_index.core.node_parser import NodeParser

Cut = Callable[[str, str], Sequence[Span]]
"""From a text and its canonical source to the spans of its passages."""

MAXIMUM_OF_A_POST_WITHOUT_TOKENS = 1000
"""Characters of a passage where the embedder has no tokens to count: about 250 English ones."""


class StructureOptions(Options):
    """Options of the article parser, in characters."""

    minimum: int = Field(default=1000, ge=1)
    maximum: int = Field(default=2000, ge=200)


class SentencesOptions(Options):
    """Options of the post parser, in tokens of the embedder."""

    tokens: int = Field(default=250, ge=8)
    overlap: int = Field(default=25, ge=0)


class SyntaxOptions(Options):
    """Options of the code parser, in characters."""

    maximum: int = Field(default=1500, ge=100)
    overlap: int = Field(default=100, ge=0)


class ConversationOptions(Options):
    """Options of the conversation parser, in characters."""

    maximum: int = Field(default=1500, ge=100)


@cache
def _span_parser() -> Any:
    """Return the class that turns spans into nodes; made on first use, LlamaIndex being heavy."""
    from llama_index.core.bridge.pydantic import PrivateAttr  # noqa: PLC0415
    from llama_index.core.node_parser import NodeParser  # noqa: PLC0415
    from llama_index.core.schema import (  # noqa: PLC0415
        BaseNode,
        MetadataMode,
        NodeRelationship,
        TextNode,
    )

    class SpanParser(NodeParser):
        """Cuts a text at spans and keeps them, also where the same text occurs twice."""

        _cut: Cut = PrivateAttr()

        def __init__(self, cut: Cut, **values: Any) -> None:
            super().__init__(include_metadata=False, **values)
            self._cut = cut

        @classmethod
        def class_name(cls) -> str:
            return "SpanParser"

        def _parse_nodes(
            self,
            nodes: Sequence[BaseNode],
            show_progress: bool = False,  # noqa: FBT001, FBT002 - the base class has it so
            **_: Any,
        ) -> list[BaseNode]:
            del show_progress
            made: list[BaseNode] = []
            for node in nodes:
                text = node.get_content(metadata_mode=MetadataMode.NONE)
                whole = {NodeRelationship.SOURCE: node.as_related_node_info()}
                made += [
                    TextNode(
                        text=span.of(text),
                        start_char_idx=span.start,
                        end_char_idx=span.end,
                        relationships=dict(whole),
                    )
                    for span in self._cut(text, str(node.metadata.get("source", "")))
                ]
            return made

        def _postprocess_parsed_nodes(
            self, nodes: list[BaseNode], parent_doc_map: Any
        ) -> list[BaseNode]:
            # The base class looks every node up in the text again, and of a passage that occurs
            # twice may find the wrong one.
            spans = [(n.start_char_idx, n.end_char_idx) for n in nodes if isinstance(n, TextNode)]
            done = super()._postprocess_parsed_nodes(nodes, parent_doc_map)
            for node, (start, end) in zip(done, spans, strict=True):
                if isinstance(node, TextNode):
                    node.start_char_idx, node.end_char_idx = start, end
            return done

    return SpanParser


def _parser(cut: Cut) -> NodeParser:
    parser: NodeParser = _span_parser()(cut)
    return parser


def _structure(options: StructureOptions, ctx: BuildContext) -> NodeParser:
    del ctx
    if options.maximum < 2 * options.minimum:
        message = "ingest.node_parsers.article: maximum must be at least twice the minimum"
        raise ConfigurationError(message, "as in minimum = 1000, maximum = 2000")
    return _parser(lambda text, _: article_passages(text, options.minimum, options.maximum))


def _sentences(options: SentencesOptions, ctx: BuildContext) -> NodeParser:
    if options.overlap >= options.tokens:
        message = "ingest.node_parsers.post: overlap must be less than tokens"
        raise ConfigurationError(message, "as in tokens = 250, overlap = 25")

    def cut(text: str, source: str) -> list[Span]:
        del source
        whole = trim(text, Span(0, len(text)))
        token_spans = getattr(ctx.get_embedding(), "token_spans", None)
        if token_spans is None:
            parts = split(text, whole, MAXIMUM_OF_A_POST_WITHOUT_TOKENS)
        else:
            tokens = token_spans(text)
            parts = split_by_tokens(text, whole, tokens, options.tokens, options.overlap)
        return [part for part in (trim(text, one) for one in parts) if part.end > part.start]

    return _parser(cut)


def _syntax(options: SyntaxOptions, ctx: BuildContext) -> NodeParser:
    del ctx
    if 2 * options.overlap > options.maximum:
        message = "ingest.node_parsers.code: overlap must be at most half of maximum"
        raise ConfigurationError(message, "as in maximum = 1500, overlap = 100")
    return _parser(
        lambda text, source: code_passages(text, source, options.maximum, options.overlap)
    )


def _conversation(options: ConversationOptions, ctx: BuildContext) -> NodeParser:
    del ctx
    return _parser(lambda text, _: conversation_passages(text, options.maximum))


COMPONENTS = (
    NodeParserComponent(
        name="structure",
        summary="Articles: sections and paragraphs, in passages of 1,000 to 2,000 characters",
        options=StructureOptions,
        build=_structure,
        kinds=(Kind.ARTICLE,),
    ),
    NodeParserComponent(
        name="sentences",
        summary="Posts: sentences, in passages of 250 tokens, 25 overlapping",
        options=SentencesOptions,
        build=_sentences,
        kinds=(Kind.POST,),
    ),
    NodeParserComponent(
        name="syntax",
        summary="Code: functions and classes, in passages of 1,500 characters, 100 overlapping",
        options=SyntaxOptions,
        build=_syntax,
        kinds=(Kind.CODE,),
    ),
    NodeParserComponent(
        name="conversation",
        summary="Messages: whole messages, the last one repeated at the start of the next passage",
        options=ConversationOptions,
        build=_conversation,
        kinds=(Kind.MESSAGE,),
    ),
)
