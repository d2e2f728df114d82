"""No citation may point at what was not retrieved, and nothing else of an answer is touched."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twin.chat.citations import Citations, cited_sentences, quoted_spans
from twin.documents import Span

KNOWN = range(1, 6)

PIECES = st.sampled_from(
    [
        *"[] \n\t`~,;:.()12390ax",
        "[1]",
        "[2]",
        " [12]",
        "[3, 4]",
        "```",
        "~~~",
        "](http://e.org)",
        "  ",
        "[passage ",
        " and ",
        "【",
        "†x】",
        *"-#】",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=40)


def whole(*parts: str) -> tuple[str, Citations]:
    citations = Citations(KNOWN)
    return "".join(citations.stream(parts)), citations


@given(TEXTS, st.data())
@example("a [1](http://e.org) [2", None)
@example("```\n[9]\n``` \n[2]", None)
@example("`a [9]` [9]` ``b [1]``` [2]\n[3]", None)
def test_however_it_is_cut_the_output_is_the_same(text: str, data: st.DataObject | None) -> None:
    if data is None:
        cuts = list(range(len(text)))
    else:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    at_once, in_parts, by_letter = whole(text), whole(*parts), whole(*text)
    assert in_parts[0] == by_letter[0] == at_once[0]
    assert in_parts[1].cited == by_letter[1].cited == at_once[1].cited
    assert in_parts[1].dropped == at_once[1].dropped


@given(st.lists(PIECES.filter(lambda p: p not in {"`", "```", "~~~"}), max_size=25).map("".join))
def test_every_number_in_the_output_is_known(text: str) -> None:
    shown, citations = whole(text)
    numbers = [int(n) for n in re.findall(r"\[(\d{1,3})\]", shown) if int(n)]
    assert list(dict.fromkeys(numbers)) == list(range(1, len(citations.cited) + 1))
    assert set(citations.cited) <= set(KNOWN)
    assert not set(citations.dropped) & set(KNOWN)
    assert not re.search(r"\[[1-9]\d{0,2}\]\(", shown)


@given(TEXTS.filter(lambda text: not re.search("[\\[【][^\\]】]*[0-9]", text)))
def test_text_without_citations_is_unchanged(text: str) -> None:
    shown, citations = whole(text)
    assert shown == text
    assert not citations.cited
    assert not citations.dropped


@pytest.mark.parametrize(
    ("written", "shown", "cited", "dropped"),
    [
        ("A [3]. B [1], C [3].", "A [1]. B [2], C [1].", {3: 1, 1: 2}, []),
        ("A [1, 2].", "A [1][2].", {1: 1, 2: 2}, []),
        ("A [2;1] and [1][3].", "A [1][2] and [2][3].", {2: 1, 1: 2, 3: 3}, []),
        ("A [ 2 ], b [002]", "A [1], b [1]", {2: 1}, []),
        ("A [12].", "A.", {}, [12]),
        ("A [12] and b [12, 2].", "A and b [1].", {2: 1}, [12, 12]),
        ("A[2].", "A[1].", {2: 1}, []),
        ("A [1]\n[2]\n", "A [1]\n[2]\n", {1: 1, 2: 2}, []),
        # As some models write them.
        ("A [1-3].", "A [1][2][3].", {1: 1, 2: 2, 3: 3}, []),
        ("A [2 – 3; 1].", "A [1][2][3].", {2: 1, 3: 2, 1: 3}, []),
        ("A [3-1], b [1-200].", "A [1][2], b [2].", {3: 1, 1: 2}, [200]),
        ("A [1 and 2].", "A [1][2].", {1: 1, 2: 2}, []),
        ("A [passage 2]. B [Source 1, Source 2].", "A [1]. B [2][1].", {2: 1, 1: 2}, []),
        ("A [#2][Passages 1 & 2]", "A [1][2][1]", {2: 1, 1: 2}, []),
        ("A【2†source】. B 【1】【2†L3-L5】", "A[1]. B [2][1]", {2: 1, 1: 2}, []),
        (
            "[source] [and 1] [passage] [sources 1x] [p1] 【x】",
            "[source] [and 1] [passage] [sources 1x] [p1] 【x】",
            {},
            [],
        ),
        ("A [passage 9].", "A.", {}, [9]),
        # No citations: a bracket with 0, a year, a word, a half one, full-width digits.
        ("array[0] [0, 2]", "array[0] [0, 2]", {}, []),
        ("in [2023] [x] [^1] [a1] [1a]", "in [2023] [x] [^1] [a1] [1a]", {}, []),
        ("A [1", "A [1", {}, []),
        ("A [1,", "A [1,", {}, []),
        ("A \uff3b1\uff3d [\u0663]", "A \uff3b1\uff3d [\u0663]", {}, []),
        # A link that looks like a citation would lead somewhere else.
        ("A [2](http://e.org).", "A [1] (http://e.org).", {2: 1}, []),
        ("A [9](http://e.org).", "A (http://e.org).", {}, [9]),
        ("A [2]: b", "A [1]: b", {2: 1}, []),
        ("A [2]\n\n[2]: http://e.org", "A [1]\n\n[1] : http://e.org", {2: 1}, []),
        # Code is code, also where it looks like a citation.
        ("Use `a[1]` [2].", "Use `a[1]` [1].", {2: 1}, []),
        ("``b`[9]`` [2]", "``b`[9]`` [1]", {2: 1}, []),
        ("```py\na[1]\n```\nB [2].", "```py\na[1]\n```\nB [1].", {2: 1}, []),
        (
            "- x\n  ~~~~\n  a[9]\n  ~~~\n  ~~~~\n[2]",
            "- x\n  ~~~~\n  a[9]\n  ~~~\n  ~~~~\n[1]",
            {2: 1},
            [],
        ),
        ("```\na[9] is never closed", "```\na[9] is never closed", {}, []),
        # A backtick that its line does not close begins no code.
        ("It`s [2]\nand [9]`.", "It`s [1]\nand`.", {2: 1}, [9]),
    ],
)
def test_what_is_a_citation(
    written: str, shown: str, cited: dict[int, int], dropped: list[int]
) -> None:
    found, citations = whole(written)
    assert (found, citations.cited, citations.dropped) == (shown, cited, dropped)
    assert list(citations.cited.values()) == sorted(citations.cited.values())


def test_what_is_certain_is_shown_at_once() -> None:
    given_out: list[str] = []

    def model() -> Iterator[str]:
        for part in ("The tide", " waits", " [", "2", "]", ". It", " does"):
            given_out.append(part)
            yield part

    seen = [(shown, len(given_out)) for shown in Citations(KNOWN).stream(model())]
    assert seen == [("The tide", 1), (" waits", 2), (" [1]. It", 6), (" does", 7)]


def test_the_sentences_that_cite() -> None:
    answer = "One rose. Two rose [2]. Three rose. [1] [3] Four rose [1], [2] and [3]; five [4]."
    assert list(cited_sentences(answer)) == [
        ("Two rose", [2]),
        ("Three rose.", [1, 3]),
        ("Four rose", [1, 2, 3]),
        ("five", [4]),
    ]
    assert list(cited_sentences("Run `a[1]`, and ```b[2]``` [3]")) == [
        ("Run `a[1]`, and ```b[2]```", [3])
    ]
    assert list(cited_sentences("[1]. , [2]")) == []


TEXT = "The tide\nwaits for nobody. Boats wait.\n\nYesterday the harbour froze. Boats wait."


@pytest.mark.parametrize(
    ("answer", "quoted"),
    [
        ("The tide waits for nobody [1].", ["The tide\nwaits for nobody"]),
        ("The tide waits for nobody. [1]", ["The tide\nwaits for nobody."]),
        ("The harbour was frozen yesterday, I think [2].", []),
        ("Yesterday the old harbour was frozen over [1].", []),
        ("Yesterday the harbour nearly froze [1].", ["Yesterday the harbour froze."]),
        # Of a sentence that stands there twice, one place is enough, and said twice it is one.
        ("Boats wait [1]. Boats wait [1].", ["Boats wait"]),
        (
            "Boats wait [1]. The tide waits for nobody [1].",
            ["The tide\nwaits for nobody", "Boats wait"],
        ),
        # A word is not found inside another one, nor a mark anywhere.
        ("Yes [1].", []),
        ("— [1]", []),
        ("[1]", []),
        ("Nothing is cited here.", []),
        ("", []),
    ],
)
def test_quoted_spans(answer: str, quoted: list[str]) -> None:
    spans = quoted_spans(answer, 1, TEXT)
    assert [span.of(TEXT) for span in spans] == quoted
    assert spans == sorted(spans)


def test_a_sentence_that_occurs_twice_gives_its_first_place() -> None:
    assert quoted_spans("Boats wait [1].", 1, TEXT) == [Span(27, 37)]
    assert TEXT.index("Boats wait") == 27


@given(st.text(max_size=60), st.text(max_size=60))
def test_spans_lie_in_the_text(answer: str, text: str) -> None:
    for start, end in quoted_spans(f"{answer} [1]", 1, text):
        assert 0 <= start < end <= len(text)
