import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.basics.articles import article_passages
from twin.components import Excluded
from twin.documents import Document, Span
from twin.errors import PluginError
from twin.index.passages import Piece, Window, excluded_spans, passages, pieces
from twin.testing.fakes import word_spans

SOURCE = "file:notes/tide.md"
PARAGRAPH = "The tide waits for nobody, and the harbour knows it well. " * 8


def document(text: str, title: str = "") -> Document:
    return Document(source=SOURCE, text=text, title=title)


def fragments(text: str) -> list[tuple[int, int]]:
    """Return tokens of at most four characters, so that a cut word has others than it had."""
    return [match.span() for match in re.finditer(r"\w{1,4}|[^\w\s]", text)]


def initials(text: str) -> list[tuple[int, int]]:
    """Return tokens of which a word that is cut has one more than it had."""
    return [match.span() for match in re.finditer(r"(?<!\w)\w|\w{1,4}|[^\w\s]", text)]


def made(text: str, window: Window | None, title: str = "", length: int = 200) -> list[Piece]:
    found = article_passages(text, length // 2, length)
    return pieces(document(text, title), found, window)


# Pieces


@given(
    st.lists(
        st.sampled_from(
            ["tide ", "harbour", "。", "é😀 ", "\n\n", "# A\n", "x" * 50, "\0", "\r\n"]
        ),
        max_size=60,
    ).map("".join),
    st.sampled_from(["", "Tides", "a long title that fills more than its share " * 9, "y" * 99]),
    st.integers(4, 24),
    st.sampled_from([word_spans, fragments, initials]),
)
def test_every_word_is_embedded_within_the_window(
    text: str, title: str, tokens: int, token_spans: Any
) -> None:
    found = made(text, Window(tokens, token_spans), title)
    covered = {place for piece in found for place in range(*piece.span)}
    assert all(place in covered for place, mark in enumerate(text) if not mark.isspace())
    for piece in found:
        assert len(token_spans(piece.embedded)) <= tokens
        assert piece.passage.start <= piece.span.start < piece.span.end <= piece.passage.end
        assert piece.embedded.endswith(piece.span.of(text))
    assert len({piece.id for piece in found}) == len(found)


def test_a_piece_says_the_title_unless_it_begins_with_it() -> None:
    window = Window(64, word_spans)
    first, *others = made(f"# On Tides\n\n{PARAGRAPH * 3}", window, "On  Tides", 2000)
    assert first.embedded == "# On Tides\n\n" + first.embedded[12:]
    assert all(one.embedded.startswith("On Tides\n") for one in others)


def test_a_title_takes_a_quarter_of_the_window() -> None:
    title = " ".join(f"t{n}" for n in range(500))
    found = made(PARAGRAPH, Window(40, word_spans), title, 2000)
    assert {piece.embedded.partition("\n")[0] for piece in found} == {title[: len("t0 " * 10) - 1]}


def test_without_a_window_a_passage_is_embedded_whole() -> None:
    found = made(PARAGRAPH * 9, None, "Tides", 1000)
    assert all(piece.span == piece.passage for piece in found)
    assert found[0].embedded == "Tides\n" + found[0].passage.of(PARAGRAPH * 9)


def test_text_that_moves_keeps_its_ids_and_what_is_embedded() -> None:
    window = Window(30, word_spans)
    text = f"{PARAGRAPH}\n\n{'A second thought. ' * 20}"
    before = pieces(document(text), [Span(0, len(text))], window)
    moved = f"Something new.\n\n{text}"
    after = pieces(document(moved), [Span(0, 14), Span(16, len(moved))], window)
    assert [piece.id for piece in after[1:]] == [piece.id for piece in before]
    assert [p.embedded_hash for p in after[1:]] == [p.embedded_hash for p in before]
    assert {a.span.start - b.span.start for a, b in zip(after[1:], before, strict=True)} == {16}


def test_a_paragraph_that_occurs_twice_has_two_ids() -> None:
    text = f"{PARAGRAPH.strip()}\n\n{PARAGRAPH.strip()}"
    half = len(PARAGRAPH.strip())
    found = pieces(document(text), [Span(0, half), Span(half + 2, len(text))], None)
    assert [piece.span for piece in found] == [Span(0, half), Span(half + 2, len(text))]
    assert found[0].id != found[1].id
    assert found[0].embedded_hash == found[1].embedded_hash
    [left] = pieces(document(text[half:]), [Span(2, half + 2)], None)
    assert left.id == found[0].id


def test_the_same_text_in_another_document_has_another_id() -> None:
    one, two = document("Tide."), Document(source="file:notes/b.md", text="Tide.")
    assert pieces(one, [Span(0, 5)], None)[0].id != pieces(two, [Span(0, 5)], None)[0].id


# Passages of anybody's node parser


def splitter(**values: Any) -> Any:
    from llama_index.core.node_parser import SentenceSplitter

    return SentenceSplitter(**values)


@pytest.mark.parametrize("overlap", [0, 30])
def test_a_parser_that_knows_nothing_of_twin_gives_exact_passages(overlap: int) -> None:
    text = "\n\n".join(f"Thought {n} is not {n + 1}, I think. " for n in range(90))
    found = passages(document(text), splitter(chunk_size=100, chunk_overlap=overlap), [])
    covered = {place for span in found for place in range(*span)}
    assert all(place in covered for place, mark in enumerate(text) if not mark.isspace())
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("text", [PARAGRAPH * 9, "\n\n".join([PARAGRAPH] * 9), "tide " * 900])
def test_text_that_repeats_itself_is_covered_all_the_same(text: str) -> None:
    found = passages(document(text), splitter(chunk_size=100, chunk_overlap=0), [])
    covered = [place for span in found for place in range(*span) if not text[place].isspace()]
    assert covered == [place for place, mark in enumerate(text) if not mark.isspace()]


def test_a_long_source_takes_nothing_off_a_passage() -> None:
    far = Document(source="https://example.org/" + "very/long/" * 60, text=PARAGRAPH * 4)
    near = document(PARAGRAPH * 4)
    parser = splitter(chunk_size=100, chunk_overlap=0)
    assert passages(far, parser, []) == passages(near, parser, [])


def yielding(*contents: str) -> Any:
    from llama_index.core.node_parser import NodeParser
    from llama_index.core.schema import TextNode

    class Given(NodeParser):
        def _parse_nodes(self, *_: Any, **__: Any) -> list[Any]:
            return [TextNode(text=content) for content in contents]

    return Given()


def test_a_parser_that_changes_text_is_refused_by_name() -> None:
    with pytest.raises(PluginError, match=r"Given changed the text of file:notes/tide\.md") as it:
        passages(document("The tide waits."), yielding("The tide", "the tide WAITS"), [])
    assert "exact slice" in it.value.hint


def test_nodes_out_of_order_and_empty_ones_are_no_change_of_text() -> None:
    text = "One. Two. Three."
    found = passages(document(text), yielding("Three.", "", "  ", "One.", "Two."), [])
    assert [span.of(text) for span in found] == ["Three.", "One.", "Two."]


def test_what_is_excluded_is_in_no_passage() -> None:
    text = "One. SHARE Two. Three. SHARE"
    excluded = [Span(5, 10), Span(23, 28)]
    found = passages(document(text), yielding("One. SHARE Two.", "Three.", "SHARE"), excluded)
    assert [span.of(text) for span in found] == ["One.", "Two.", "Three."]


# Cleaners


def test_what_cleaners_exclude_is_merged() -> None:
    def first(_: Document) -> list[Excluded]:
        return [Excluded(Span(8, 9), "b"), Excluded(Span(0, 3), "a"), Excluded(Span(5, 5), "none")]

    def second(_: Document) -> list[Excluded]:
        return [Excluded(Span(2, 5), "c")]

    assert excluded_spans(document("0123456789"), [first, second]) == [Span(0, 5), Span(8, 9)]


@pytest.mark.parametrize("span", [Span(-1, 2), Span(0, 11), Span(4, 3)])
def test_a_cleaner_that_leaves_the_text_is_refused(span: Span) -> None:
    with pytest.raises(PluginError, match=f"{span.start}:{span.end}"):
        excluded_spans(document("0123456789"), [lambda _: [Excluded(span, "wrong")]])
