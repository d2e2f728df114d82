import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.documents import Span
from twin.index.boundaries import (
    cut_point,
    line_starts,
    merged,
    sentences,
    split,
    split_by_tokens,
    subtract,
    trim,
)
from twin.testing.fakes import word_spans

WORDS = st.sampled_from(
    [
        *(
            "tide ",
            "harbour. ",
            "wait",
            "\n",
            "\n\n",
            "\r\n\r\n",
            "\r",
            "\0",
            " ",
            "é😀",
            "。",
            "e.g. ",
        ),
        *(
            "- item\n",
            "# Head\n",
            "| a | b |\n",
            "```\n",
            "~~~\n",
            "Mr. Fox. ",
            "\u2028",
            "\x0b",
            "?! ",
        ),
    ]
)
TEXTS = st.one_of(st.lists(WORDS, max_size=80).map("".join), st.text(max_size=300))
SPANS = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda x: Span(x[0], x[0] + x[1]))


def whole(text: str) -> Span:
    return Span(0, len(text))


def unspaced(text: str) -> str:
    return "".join(text.split())


@given(TEXTS, st.integers(1, 50), st.none() | st.integers(0, 60))
def test_split_covers_the_span_side_by_side(text: str, maximum: int, minimum: int | None) -> None:
    span = Span(min(3, len(text)), len(text))
    parts = split(text, span, maximum, minimum)
    assert "".join(part.of(text) for part in parts) == span.of(text)
    assert [a.end for a in parts[:-1]] == [b.start for b in parts[1:]]
    assert all(part.end - part.start <= maximum for part in parts)
    assert all(part.end > part.start for part in parts) or not span.of(text)


@given(TEXTS, st.integers(2, 40), st.data())
def test_split_cuts_no_earlier_than_the_minimum(
    text: str, maximum: int, data: st.DataObject
) -> None:
    minimum = data.draw(st.integers(0, maximum - 1))
    parts = split(text, whole(text), maximum, minimum)
    assert all(part.end - part.start > minimum for part in parts[:-1])


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("one two\n\nthree. four\nfive", "one two\n\n"),
        ("one two\r\n\r\nthree\nfour", "one two\r\n\r\n"),
        ("one.\ntwo. three, four", "one.\n"),
        ("one. two! three, four", "one. two! "),
        ("one, two; three", "one, two; "),
        ("one two three", "one two "),
        ("onetwothree", "onetwothree"),
    ],
)
def test_the_best_kind_of_boundary_wins_and_of_it_the_last(text: str, cut: str) -> None:
    assert text[: cut_point(text, 0, len(text))] == cut


@given(TEXTS, st.integers(1, 12))
def test_split_by_tokens_keeps_the_limit_and_every_character(text: str, limit: int) -> None:
    tokens = word_spans(text)
    parts = split_by_tokens(text, whole(text), tokens, limit)
    assert "".join(part.of(text) for part in parts) == text
    assert [a.end for a in parts[:-1]] == [b.start for b in parts[1:]]
    for part in parts:
        assert sum(part.start <= start < part.end for start, _ in tokens) <= limit


@given(TEXTS, st.integers(1, 12), st.data())
def test_split_by_tokens_overlaps_without_a_gap(text: str, limit: int, data: st.DataObject) -> None:
    tokens = word_spans(text)
    overlap = data.draw(st.integers(0, limit - 1))
    parts = split_by_tokens(text, whole(text), tokens, limit, overlap)
    assert (parts[0].start, parts[-1].end) == (0, len(text))
    for before, after in pairwise(parts):
        assert before.start < after.start
        assert not text[before.end : after.start].strip()
        shared = sum(after.start <= start < before.end for start, _ in tokens)
        assert shared <= overlap
    for part in parts:
        assert sum(part.start <= start < part.end for start, _ in tokens) <= limit


def test_tokens_that_share_a_place_do_not_stop_the_split() -> None:
    text = "a😀😀😀b"
    tokens = [(i, i + 1) for i in range(5) for _ in range(4)]
    parts = split_by_tokens(text, whole(text), tokens, 3, 1)
    assert {place for part in parts for place in range(*part)} == set(range(5))


def test_a_text_a_little_over_the_limit_gives_two_like_parts() -> None:
    text = "word " * 101
    first, second = split_by_tokens(text, whole(text), word_spans(text), 100)
    assert abs(len(first.of(text)) - len(second.of(text))) < len(text) // 3


@given(TEXTS)
def test_no_sentence_loses_a_word(text: str) -> None:
    found = sentences(text)
    assert unspaced("".join(span.of(text) for span in found)) == unspaced(text)
    assert all(span.of(text) == span.of(text).strip() != "" for span in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Mr. Fox waits. He, e.g. on Monday, sleeps!",
            ["Mr. Fox waits.", "He, e.g. on Monday, sleeps!"],
        ),
        ("Is it? “Yes.” So be it…", ["Is it?", "“Yes.”", "So be it…"]),
        ("潮水。不等人。", ["潮水。", "不等人。"]),
        ("One.\r\n\r\nTwo", ["One.", "Two"]),
        ("Read:\n- one\n- two", ["Read:", "- one", "- two"]),
        ("A.\n\n```py\nx = 1. Y\n\nz\n```\n\nB. C", ["A.", "```py\nx = 1. Y\n\nz\n```", "B.", "C"]),
        ("A.\r\n```\r\nx. Y\r\n```\r\nB. C.", ["A.", "```\r\nx. Y\r\n```", "B.", "C."]),
        ("````\nx\n```\ny. Z\n````\nB. C", ["````\nx\n```\ny. Z\n````", "B.", "C"]),
        ("```\nx\n`````\nB. C", ["```\nx\n`````", "B.", "C"]),
        ("# A. B\nOne. Two.\n## C\nThree", ["# A. B", "One.", "Two.", "## C", "Three"]),
        ("#sea is wide. It waits.", ["#sea is wide.", "It waits."]),
        ("| a. B |\n|--|\n| c. D |", ["| a. B |\n|--|\n| c. D |"]),
        ("```one``` is code. Two is not.", ["```one``` is code.", "Two is not."]),
    ],
)
def test_sentences(text: str, found: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == found


def test_code_in_one_line_opens_no_block() -> None:
    text = "Say it:\n```run me```\nIt runs. It ends."
    assert [span.of(text) for span in sentences(text)][-1] == "It ends."


@given(st.text("ab \n\t\r\u00a0\0", max_size=40))
def test_trim_takes_white_space_and_nothing_else(text: str) -> None:
    assert trim(text, whole(text)).of(text) == text.strip()


@given(SPANS, st.lists(SPANS, max_size=8))
def test_subtract_leaves_what_no_hole_has(span: Span, spans: list[Span]) -> None:
    holes = merged(spans)
    left = subtract(span, holes)
    gone = {place for hole in holes for place in range(*hole)}
    assert [p for part in left for p in range(*part)] == [p for p in range(*span) if p not in gone]
    assert all(part.end > part.start for part in left)


@given(st.lists(SPANS, max_size=10))
def test_merged_covers_the_same_with_gaps_between(spans: list[Span]) -> None:
    joined = merged(spans)
    places = {place for span in spans for place in range(*span)}
    assert {place for span in joined for place in range(*span)} == places
    assert all(a.end < b.start for a, b in pairwise(joined))
    assert merged(joined) == joined


@given(st.text("a\r\n\x0b\u2028", max_size=40))
def test_lines_begin_after_the_ends_that_markdown_knows(text: str) -> None:
    assert line_starts(text) == [0, *(m.end() for m in re.finditer("\r\n|\r|\n", text))]


HOSTILE = {
    "one token repeated": "tide " * 200_000,
    "no white space": "x" * 500_000,
    "a million lines": "a\n" * 1_000_000,
    "blank lines": "\n" * 500_000,
    "blanks": " " * 500_000,
    "odd blanks between lines": "\n\x0b" * 100_000,
    "old line ends": "one.\r" * 100_000,
    "full stops": "." * 300_000,
    "closing marks": '."' * 100_000 + "*" * 200_000,
    "fences": "```\n" * 100_000,
    "open fences": "```x\ny\n~~~\n" * 50_000,
    "zeros": "\0" * 200_000,
    "astral": "😀" * 200_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_long_texts_come_to_an_end(text: str) -> None:
    parts = split(text, whole(text), 1000)
    assert sum(part.end - part.start for part in parts) == len(text)
    assert unspaced("".join(span.of(text) for span in sentences(text))) == unspaced(text)
    tokens = word_spans(text)
    cut = split_by_tokens(text, whole(text), tokens, 200, 20)
    assert (cut[0].start, cut[-1].end) == (0, len(text))
