"""Measures whose values are known: agreement, intervals, memorisation, overlap, retrieval, the gate."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from twin.documents import Document, Kind, Span
from twin.errors import UsageError
from twin.evaluation.agreement import krippendorff_alpha, weighted_kappa
from twin.evaluation.answers import Given, Scored
from twin.evaluation.answers import summed as summed_answers
from twin.evaluation.beir import fill, measure_beir, read_beir, source_of
from twin.evaluation.candidates import Candidate, prompts_of, unseen
from twin.evaluation.cases import Case
from twin.evaluation.comparing import Measured
from twin.evaluation.generation import Prompted
from twin.evaluation.goldens import Form, Golden, mine, read_goldens, write_goldens
from twin.evaluation.grounding import average_precision
from twin.evaluation.intervals import Interval, bootstrap, mean_interval
from twin.evaluation.memorisation import memorised
from twin.evaluation.overlap import corpus_bleu, overlaps
from twin.evaluation.perplexity import Surprise, ratio, summed
from twin.evaluation.retrieval import Result, draw, measure_goldens
from twin.evaluation.style import Mark
from twin.evaluation.verdict import gain, verdicts
from twin.gate import EvaluationSettings
from twin.warehouse.protocol import StoredDocument
from twin.warehouse.sqlite import SQLiteWarehouse

# The example of Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four
# observers, twelve units, and values that are missing.
OBSERVERS = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def test_alpha_is_that_of_krippendorffs_example() -> None:
    columns = zip(*(line.split() for line in OBSERVERS), strict=True)
    units = [[int(value) for value in column if value != "."] for column in columns]
    assert krippendorff_alpha(units, ordinal=False) == pytest.approx(0.743, abs=0.001)
    assert krippendorff_alpha(units) == pytest.approx(0.815, abs=0.001)


def test_agreement_at_its_ends() -> None:
    assert krippendorff_alpha([[1, 1], [3, 3]]) == 1
    assert krippendorff_alpha([[2, 2], [2, 2]]) == 1
    assert math.isnan(krippendorff_alpha([[1], [2]]))
    assert weighted_kappa([1, 2, 3], [1, 2, 3]) == 1
    assert math.isnan(weighted_kappa([2, 2], [2, 2]))


def test_an_interval_draws_documents_and_not_rows() -> None:
    rows = [0.0] * 50 + [1.0] * 50
    by_row = mean_interval(rows)
    by_document = mean_interval(rows, ["a"] * 50 + ["b"] * 50)
    assert by_row.value == by_document.value == 0.5
    assert by_row.high - by_row.low < 0.25
    assert (by_document.low, by_document.high) == (0, 1)


def test_an_interval_covers_what_it_must() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(100):
        found = mean_interval(rng.normal(3, 2, 40).tolist(), seed=seed)
        held += found.low <= 3 <= found.high
    assert 88 <= held <= 99


def test_answers_of_one_document_are_not_independent() -> None:
    def scored(number: int, document: str) -> Scored:
        case = Case(id=str(number), question="q", document=document)
        given = Given(text="", contexts=())
        return Scored(case=case, given=given, scores={"faithfulness": float(number // 10 % 2)})

    whole = summed_answers([scored(n, str(n // 10)) for n in range(60)]).means["faithfulness"]
    apart = summed_answers([scored(n, "") for n in range(60)]).means["faithfulness"]
    assert whole.value == apart.value == 0.5
    assert whole.high - whole.low > 2 * (apart.high - apart.low)


def test_an_interval_of_nothing() -> None:
    assert math.isnan(mean_interval([]).value)
    nothing = bootstrap(lambda _: math.nan, [1, 2])
    assert nothing.as_json() == {"value": None, "low": None, "high": None}


def test_the_longest_span_of_the_training_set() -> None:
    training = {"a": " ".join(f"w{n}" for n in range(100)), "b": "nothing of it"}
    copied = "so " + " ".join(f"w{n}" for n in range(20, 55)) + " end"
    found = memorised([copied, "w1 w2 w3 and then w4", ""], training)
    assert [one.tokens for one in found.longest] == [35, 0, 0]
    [over] = found.over
    assert (over.source, over.start, over.words.split()[0]) == ("a", 1, "w20")
    assert found.rate == pytest.approx(1 / 3)
    assert memorised([copied], training, limit=36).over == ()


def test_spans_are_counted_in_the_tokens_that_are_asked_for() -> None:
    found = memorised(["abcdefghij"], {"a": "xxabcdefghijxx"}, limit=10, tokenize=list)
    assert [one.tokens for one in found.over] == [10]


def test_rouge_and_bleu() -> None:
    same, other = "The tide waits for nobody at all.", "Something else entirely was said here."
    [one, two] = overlaps([same, other], [same, same])
    assert (one.rouge1, one.rouge_l) == (1, 1)
    assert one.bleu == pytest.approx(1)
    assert two.rouge_l < 0.2
    assert corpus_bleu([same], [same]) == pytest.approx(1)


def surprises(nats: float) -> list[Surprise]:
    return [
        Surprise(document=str(n), nats=nats * (n + 10), tokens=n + 10, characters=4 * (n + 10))
        for n in range(10)
    ]


def test_perplexity_is_the_exponential_of_the_mean() -> None:
    found, base = summed(surprises(2.0)), summed(surprises(2.5))
    assert found.perplexity.value == pytest.approx(math.exp(2))
    assert found.bits_per_character.value == pytest.approx(2 / 4 / math.log(2))
    assert ratio(found, base).value == pytest.approx(math.exp(-0.5))
    with pytest.raises(UsageError):
        ratio(found, summed(surprises(2.0)[:5]))


def measured(
    distances: list[float], documents: list[str], surprise: list[Surprise] | None = None
) -> Measured:
    nowhere = Interval(0, 0, 0)
    mark = Mark(
        name="one",
        texts=(len(distances), len(set(documents))),
        distance=nowhere,
        passes=nowhere,
        auc=nowhere,
        delta=0,
        impostors=0,
        distances=tuple(distances),
        documents=tuple(documents),
    )
    found = summed(surprise) if surprise else None
    return Measured(name="one", texts=(), style=mark, perplexity=found)


def test_the_gain_is_as_sure_as_there_are_texts() -> None:
    rng = np.random.default_rng(3)
    texts = [str(n) for n in range(8)]
    mine, theirs = rng.normal(0.4, 0.2, 8), rng.normal(0.8, 0.2, 8)
    one = gain(measured(mine.tolist(), texts), measured(theirs.tolist(), texts))
    # Ten windows of each text that say the same say no more than one.
    tenfold = [np.repeat(side, 10).tolist() for side in (mine, theirs)]
    ten = gain(*(measured(side, sorted(texts * 10)) for side in tenfold))
    assert one.value == pytest.approx(ten.value)
    assert ten.high - ten.low > 0.8 * (one.high - one.low)


def test_one_document_has_no_interval_and_few_texts_pass_no_gate() -> None:
    one = bootstrap(lambda rows: float(rows.mean()), ["a"] * 9)
    assert (one.value, str(one)) == (4.0, "4.000")
    assert math.isnan(one.low)
    sides = bootstrap(
        lambda rows: float(rows.mean()), [*"abcd", "e", "e"], strata=[1, 1, 1, 1, 2, 2]
    )
    assert math.isnan(sides.high), "one side never differs"

    def holds(texts: int) -> bool | None:
        """Say what the gate says of twenty windows a side, of so many texts, by two authors alike."""
        documents = [str(n % texts) for n in range(20)]
        near, far = (measured([where] * 20, documents) for where in (0.3, 0.6))
        comparison: Any = SimpleNamespace(measured=(far, near))
        [verdict] = verdicts(comparison, EvaluationSettings())
        assert verdict.passes is (verdict.conditions[0].holds is True)
        return verdict.conditions[0].holds

    assert [holds(texts) for texts in (1, 2, 4, 5, 20)] == [False, False, False, True, True]


def test_the_gate_seldom_calls_a_model_nearer_that_is_not() -> None:
    rng = np.random.default_rng(7)
    passed = 0
    for _ in range(60):
        sides = []
        for _ in range(2):
            texts = rng.normal(0.5, 0.25, 5)
            windows = [float(text + rng.normal(0, 0.25)) for text in texts for _ in range(2)]
            sides.append(measured(windows, [str(n // 2) for n in range(10)]))
        comparison: Any = SimpleNamespace(measured=tuple(sides))
        [verdict] = verdicts(comparison, EvaluationSettings())
        passed += verdict.conditions[0].holds is True
    assert passed <= 6


def test_what_a_candidate_was_trained_on_is_neither_asked_nor_held_out() -> None:
    old, new = (" ".join(f"{word}{n}" for n in range(60)) for word in ("old", "new"))
    prompts = [Prompted(user="Tell.", reference=text) for text in (old, new)] + [
        Prompted(user="Why?")
    ]
    held_out = {"1": f"Before. {old}", "2": new}
    earlier = Candidate(name="sft-1", training={"1": "something else"})
    later = Candidate(name="sft-2", training={"7": f"It begins: {old}"})
    asked, texts, notes = unseen(prompts, held_out, [earlier, later], {})
    assert ([prompt.reference for prompt in asked], list(texts)) == ([new, ""], ["2"])
    [note] = notes
    assert note.startswith(
        "left out because sft-2 was trained on it: 1 of 3 prompts, 1 of 2 held-out"
    )
    assert unseen(prompts, held_out, [earlier], {}) == (prompts, held_out, ())
    assert list(unseen(prompts, held_out, [earlier], {"x": new})[1]) == ["1"]


def test_the_chosen_text_of_a_pair_is_the_reference_of_its_prompt(tmp_path: Path) -> None:
    row = {"messages": [{"role": "user", "content": "Tell."}], "chosen": {"content": "So it was."}}
    (tmp_path / "test.jsonl").write_text(json.dumps(row), "utf-8")
    assert [one.reference for one in prompts_of(tmp_path / "test.jsonl", 9)] == ["So it was."]


def test_two_tokenizers_are_not_compared_by_perplexity() -> None:
    known = surprises(2.0)
    other = [replace(one, tokens=2 * one.tokens) for one in known]
    style = ([0.0, 1.0], ["1", "2"])
    base, same, finer = (measured(*style, told) for told in (surprises(2.5), known, other))
    comparison: Any = SimpleNamespace(measured=(base, same, finer))
    holds = [one.conditions[2].holds for one in verdicts(comparison, EvaluationSettings())]
    assert holds == [True, None]


def test_average_precision() -> None:
    assert average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([False]) == 0


# Goldens and retrieval

TEXT = """# Why Djot and not Markdown

Some words that come before the first of the headings, and there are enough of them to be a section
of their own, because a section must have two hundred characters before anybody would ask for it.

## What the parser must never do

A parser must never guess what its author meant to say. It reads what stands there, and where that
means nothing it says so, with the line and the column, and with a hint that can be followed at once.

## Notes

Short.
"""
LINKING = """# A second piece of writing here

As I said in [an older piece about markup languages](https://example.org/djot), guessing is wrong, and
nobody should have to find that out by losing a weekend over a document that renders in two ways.
"""


def stored(text: str, name: str, title: str = "") -> StoredDocument:
    document = Document(
        source=f"https://example.org/{name}",
        url=f"https://example.org/{name}",
        text=text,
        title=title,
        author="Ada",
    )
    return StoredDocument(
        document=document,
        id=document.id,
        version=1,
        author_slug="ada",
        collection="x",
        fetched_at="",
        latest=True,
        metadata_hash="",
    )


@pytest.fixture
def goldens() -> list[Golden]:
    return mine([stored(TEXT, "djot", "Why Djot and not Markdown"), stored(LINKING, "two")])


def test_goldens_are_mined_with_the_span_that_answers(goldens: list[Golden]) -> None:
    found = {g.form: g for g in goldens if g.source.endswith("djot")}
    assert set(found) == {Form.TITLE, Form.HEADING, Form.OPENING, Form.LINK}
    heading = found[Form.HEADING]
    assert heading.question == "What the parser must never do"
    assert heading.author == "Ada"
    assert TEXT[heading.start : heading.end].strip().startswith("A parser must never guess")
    assert "## Notes" not in TEXT[heading.start : heading.end]
    link = found[Form.LINK]
    assert link.source == "https://example.org/djot"
    assert link.apart == stored(LINKING, "two").id
    assert "http" not in link.question


def test_the_same_documents_give_the_same_goldens(goldens: list[Golden], tmp_path: Path) -> None:
    again = mine([stored(LINKING, "two"), stored(TEXT, "djot", "Why Djot and not Markdown")])
    assert again == goldens
    write_goldens(goldens, tmp_path / "goldens.jsonl")
    assert read_goldens(tmp_path / "goldens.jsonl") == goldens
    (tmp_path / "goldens.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 1"):
        read_goldens(tmp_path / "goldens.jsonl")


def test_a_piece_without_headings_is_one_section() -> None:
    text = "Nobody ever asks what the tide is for, and it comes. " * 5
    [one] = mine([stored(text, "plain")])
    assert (one.form, one.start, one.end) == (Form.OPENING, 0, len(text))
    assert mine([stored("", "empty")]) == []


def golden(start: int, end: int, question: str = "q", apart: str = "") -> Golden:
    return Golden(
        id=question,
        question=question,
        form=Form.HEADING,
        kind=Kind.ARTICLE,
        document_id="d",
        version=1,
        start=start,
        end=end,
        apart=apart,
    )


def test_a_passage_answers_if_half_of_it_is_shared() -> None:
    one = golden(100, 200)
    assert one.answers("d", Span(150, 900))
    assert one.answers("d", Span(120, 140))
    assert not one.answers("d", Span(160, 900))
    assert not one.answers("e", Span(100, 200))
    assert golden(0, 0).answers("d", Span(5, 6))


def test_retrieval_is_measured_as_it_is_defined(tmp_path: Path) -> None:
    found = {
        "first": [Result("d", Span(0, 100)), Result("e", Span(0, 9))],
        "third": [
            Result("apart", Span(0, 9)),
            Result("e", Span(0, 9)),
            Result("f", Span(0, 9)),
            Result("d", Span(0, 60)),
            Result("d", Span(60, 100)),
        ],
        "never": [],
    }
    asked = [golden(0, 100, question, apart="apart") for question in found]
    report = measure_goldens(asked, {"whole": lambda question: found[question]})
    [everything] = [one for one in report.measured if one.group == "all"]
    assert everything.values["MRR"].value == pytest.approx((1 + 1 / 3) / 3)
    assert everything.values["Recall@1"].value == pytest.approx(1 / 3)
    assert everything.values["Recall@5"].value == pytest.approx(2 / 3)
    assert everything.values["nDCG@10"].value == pytest.approx((1 + 1 / math.log2(4)) / 3)
    assert report.missed == ("never",)
    assert {one.group for one in report.measured} == {"all", "form heading", "kind article"}
    assert draw(report, tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError):
        measure_goldens([], {})


def test_a_set_in_beirs_layout(tmp_path: Path) -> None:
    (tmp_path / "qrels").mkdir()
    rows = [{"_id": "1", "title": "T", "text": "One."}, {"_id": "2", "title": "", "text": "Two."}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "Which?"}\n', encoding="utf-8")
    judged = tmp_path / "qrels" / "test.tsv"
    judged.write_text("query-id\tcorpus-id\tscore\nq\t2\t1\n", encoding="utf-8")
    beir = read_beir(tmp_path)
    with SQLiteWarehouse(tmp_path / "w.sqlite3") as warehouse:
        assert fill(beir, warehouse) == fill(beir, warehouse) == 2
        assert warehouse.counts().documents == 2
    ranked = [
        Result("x", Span(0, 1), source_of(beir, "1")),
        Result("y", Span(0, 1), source_of(beir, "2")),
    ]
    [measured] = measure_beir(beir, {"whole": lambda _: ranked})
    assert measured.values["MRR"].value == pytest.approx(0.5)
    judged.write_text("query-id\tcorpus-id\tscore\nq\ttwo\n", encoding="utf-8")
    with pytest.raises(UsageError, match="line 2"):
        read_beir(tmp_path)
    with pytest.raises(UsageError, match="is missing"):
        read_beir(tmp_path, "dev")
