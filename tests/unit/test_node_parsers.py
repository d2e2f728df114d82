import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.basics import node_parsers
from twin.basics.articles import article_passages
from twin.basics.code import code_passages
from twin.basics.conversations import conversation_passages
from twin.components import BuildContext
from twin.documents import Span
from twin.errors import ConfigurationError
from twin.testing.fakes import hash_embedding, word_spans

SENTENCE = "The tide waits for nobody, and the harbour knows it. "
BLOCKS = st.sampled_from(
    [
        *(
            SENTENCE,
            SENTENCE * 9 + "\n\n",
            "# Head\n\n",
            "## Low\n",
            "Set\n===\n\n",
            "- item\n",
            "\t",
        ),
        *("```\ncode\n\nmore\n```\n\n", "```\n", "> said\n", "| a | b |\n|---|---|\n| 1 | 2 |\n\n"),
        *("x" * 90, "\r\n", "\r\n\r\n", "\n\n", "é😀 ", "\0", "[a]: b\n", "<div>\n", "\u0301"),
    ]
)
ARTICLES = st.lists(BLOCKS, max_size=60).map("".join)


def unspaced(text: str) -> str:
    return "".join(text.split())


def lengths(spans: list[Span]) -> list[int]:
    return [span.end - span.start for span in spans]


# Articles


@given(ARTICLES, st.sampled_from([(20, 60), (50, 200), (1000, 3000)]))
def test_passages_of_an_article_keep_both_limits(text: str, limits: tuple[int, int]) -> None:
    minimum, maximum = limits
    found = article_passages(text, minimum, maximum)
    assert all(span.of(text) == span.of(text).strip() for span in found)
    assert unspaced("".join(span.of(text) for span in found)) == unspaced(text)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert max(lengths(found), default=0) <= maximum
    if len(text.strip()) >= minimum:
        assert min(lengths(found)) >= minimum
    else:
        assert len(found) <= 1


@given(ARTICLES, st.sampled_from([(20, 40), (100, 200), (1000, 2000)]))
def test_only_white_space_at_a_cut_makes_a_passage_short(
    text: str, limits: tuple[int, int]
) -> None:
    minimum, maximum = limits
    found = article_passages(text, minimum, maximum)
    assert max(lengths(found), default=0) <= maximum
    assert unspaced("".join(span.of(text) for span in found)) == unspaced(text)
    edges = [0, *(span.start for span in found[1:])], [*(s.start for s in found[1:]), len(text)]
    befores = [0, *(span.end for span in found[:-1])]
    if len(text.strip()) >= minimum:
        assert all(end - start >= minimum for start, end in zip(befores, edges[1], strict=True))


def test_a_real_article_is_cut_within_a_thousand_and_two_thousand() -> None:
    rng = random.Random(7)
    for _ in range(300):
        paragraphs = [SENTENCE * rng.randint(1, 40) for _ in range(rng.randint(1, 12))]
        text = "\n\n".join(rng.choice(["", "## Part\n\n"]) + p.strip() for p in paragraphs)
        found = article_passages(text, 1000, 2000)
        assert max(lengths(found)) <= 2000
        assert len(text) < 1000 or min(lengths(found)) >= 1000 - len("\n\n")


def test_what_is_left_over_does_not_make_a_crumb_of_what_stands_before_it() -> None:
    text = "y" * 150 + "\n\n" + "x" * 1840 + " " + "z" * 110
    assert min(lengths(article_passages(text, 1000, 2000))) >= 1000


@pytest.mark.parametrize("before", [300, 900, 995, 999, 1000, 1001, 1500, 1990])
@pytest.mark.parametrize("after", [300, 900, 1100, 2500])
@pytest.mark.parametrize("headings", ["# A long walk\n\n", "# A\n\n## B\n\n### C\n\n", "A\n===\n"])
def test_no_passage_ends_with_a_heading(before: int, after: int, headings: str) -> None:
    text = f"{(SENTENCE * 50)[:before].strip()}\n\n{headings}{(SENTENCE * 50)[:after]}"
    lines = [line for line in headings.splitlines() if line]
    for span in article_passages(text, 1000, 2000):
        assert span.of(text).splitlines()[-1] not in lines


def test_a_passage_begins_at_a_heading_if_it_can() -> None:
    part = SENTENCE * 25
    text = f"# One\n\n{part}\n\n# Two\n\n{part}"
    assert [span.of(text)[:5] for span in article_passages(text, 1000, 2000)] == ["# One", "# Two"]


def test_a_fenced_block_that_fits_is_whole() -> None:
    code = "```py\n" + "x = 1\n\n" * 100 + "```"
    text = f"{SENTENCE * 25}\n\n{code}\n\n{SENTENCE * 25}\n\n{code}\n\nThe end of it."
    found = [span.of(text) for span in article_passages(text, 1000, 2000)]
    assert sum(code in passage for passage in found) == 2


@pytest.mark.parametrize(
    "text",
    [
        "- a\n" * 20_000,
        "[a]: b\n" * 10_000,
        "[" * 100_000,
        "> " * 20_000,
        "*a_ " * 50_000,
        " " * 99_999,
    ],
    ids=["list", "references", "brackets", "quotes", "stars", "blanks"],
)
def test_hostile_articles_come_to_an_end(text: str) -> None:
    found = article_passages(text, 1000, 2000)
    assert unspaced("".join(span.of(text) for span in found)) == unspaced(text)


# Code


PYTHON = "".join(
    f"class Ünï{n}:\n    '''Döc 😀.'''\n\n    def tide(self) -> int:\n"
    + f"        return {n}  # é\n" * (5 * n)
    + "\n"
    for n in range(1, 12)
)


def check_code(text: str, source: str, maximum: int, overlap: int) -> list[Span]:
    found = code_passages(text, source, maximum, overlap)
    assert max(lengths(found), default=0) <= maximum
    assert all(a.start < b.start and a.end < b.end for a, b in pairwise(found))
    covered = {place for span in found for place in range(*span)}
    assert all(place in covered for place, mark in enumerate(text) if not mark.isspace())
    return found


@pytest.mark.parametrize(
    "source", ["a.py", "a.PY", "a.unknown", "Makefile", "a.js", "a.rs", "a.sh"]
)
@pytest.mark.parametrize(("maximum", "overlap"), [(300, 0), (300, 100), (1500, 100)])
def test_code_keeps_lines_and_indentation(source: str, maximum: int, overlap: int) -> None:
    for text in (PYTHON, PYTHON.replace("\n", "\r\n"), "def broken(:\n" + PYTHON + "\n)))"):
        for span in check_code(text, source, maximum, overlap):
            assert span.start == 0 or text[span.start - 1] == "\n"
            assert text[span.end : span.end + 1] in {"", "\r", "\n"}


def test_a_passage_of_code_begins_with_whole_lines_of_the_one_before() -> None:
    for before, after in pairwise(check_code(PYTHON, "a.py", 300, 100)):
        shared = PYTHON[after.start : before.end]
        assert len(shared) <= 100
        assert after.start <= before.end or not PYTHON[before.end : after.start].strip()


def test_a_function_that_fits_is_whole() -> None:
    functions = [f"def f{n}():\n" + f"    wait({n})\n" * 20 for n in range(9)]
    text = "\n".join(functions)
    found = [span.of(text) for span in check_code(text, "a.py", 400, 0)]
    assert all(any(f.strip() in passage for passage in found) for f in functions)
    unaware = [span.of(text) for span in check_code(text, "a.unknown", 400, 0)]
    assert found != unaware or len(found) == len(functions)


def test_syntax_decides_and_not_blank_lines() -> None:
    body = "".join(f"    a{n} = {n}\n\n" for n in range(12))
    text = f"def one():\n{body}def two():\n{body}"
    begins = [span.of(text).splitlines()[0] for span in check_code(text, "a.py", 200, 0)]
    assert begins == ["def one():", "def two():"]
    assert [s.of(text)[:4] for s in check_code(text, "a.txt", 200, 0)] != ["def ", "def "]


@pytest.mark.parametrize(
    "text",
    [
        "x=" + "(" * 20_000 + ")" * 20_000,
        "a;" * 30_000,
        "x" * 50_000,
        "\0" * 1_000 + "def f(): pass\n",
        "'" * 9_999,
        "\r" * 1_000 + "a = 1\r" * 1_000,
        "😀 = 'é'\n" * 3_000,
        "\t" * 5_000,
        "",
    ],
)
def test_hostile_code(text: str) -> None:
    for source in ("a.py", "a.ts", "a"):
        check_code(text, source, 1500, 100)


# Conversations


@given(
    st.lists(
        st.sampled_from(
            ["**Ada** 10:00\n", "hello\n", "word " * 30, "\r\n", "😀", "**x", "x" * 90]
        ),
        max_size=40,
    ).map("".join)
)
def test_a_conversation_loses_no_word_and_keeps_the_maximum(text: str) -> None:
    found = conversation_passages(text, 120)
    covered = {place for span in found for place in range(*span)}
    assert all(place in covered for place, mark in enumerate(text) if not mark.isspace())
    assert max(lengths(found), default=0) <= 120
    assert all(a.start < b.start for a, b in pairwise(found))


def test_a_passage_of_a_conversation_begins_with_the_message_that_it_answers() -> None:
    text = "".join(f"**Ada** {n}\n{'word ' * 8}\n\n" for n in range(9))
    found = [span.of(text) for span in conversation_passages(text, 160)]
    firsts = [[line for line in p.splitlines() if line.startswith("**")] for p in found]
    assert all(a[-1] == b[0] for a, b in pairwise(firsts))
    assert {line for lines in firsts for line in lines} == {f"**Ada** {n}" for n in range(9)}


# As components


def build(name: str, tmp_path: Path, embedding: Any = None, **options: Any) -> Any:
    component = next(one for one in node_parsers.COMPONENTS if one.name == name)
    ctx = BuildContext(
        cache=tmp_path, data=tmp_path, get_embedding=lambda: embedding or hash_embedding()
    )
    return component.build(component.options(**options), ctx)


def spans_of(parser: Any, text: str) -> list[Span]:
    from llama_index.core.schema import Document

    nodes = parser.get_nodes_from_documents([Document(text=text)])
    found = [Span(node.start_char_idx, node.end_char_idx) for node in nodes]
    assert [span.of(text) for span in found] == [node.text for node in nodes]
    return found


def test_posts_have_250_tokens_with_25_overlapping(tmp_path: Path) -> None:
    text = " ".join(f"w{n}" for n in range(1000))
    found = spans_of(build("sentences", tmp_path), text)
    assert max(len(word_spans(span.of(text))) for span in found) <= 250
    assert {len(word_spans(text[b.start : a.end])) for a, b in pairwise(found)} == {25}


def test_posts_without_tokens_are_cut_by_characters(tmp_path: Path) -> None:
    found = spans_of(build("sentences", tmp_path, embedding=object()), SENTENCE * 100)
    assert min(lengths(found)[:-1]) >= 500
    assert max(lengths(found)) <= 1000


@pytest.mark.parametrize("name", ["structure", "sentences", "syntax", "conversation"])
def test_text_that_occurs_twice_has_two_spans(name: str, tmp_path: Path) -> None:
    part = "**Ada** said\n" + SENTENCE * 30
    text = f"{part}\n\n{part}\n\n{part}"
    found = spans_of(build(name, tmp_path), text)
    assert len(set(found)) == len(found) >= 3
    covered = {place for span in found for place in range(*span)}
    assert all(place in covered for place, mark in enumerate(text) if not mark.isspace())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("structure", {"minimum": 1500, "maximum": 2000}),
        ("sentences", {"tokens": 20}),
        ("syntax", {"maximum": 100}),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    name: str, options: dict[str, int], tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=r"ingest\.node_parsers\.") as raised:
        build(name, tmp_path, **options)
    assert raised.value.hint
