"""Support: what an answer says is compared with what it cites, sentence by sentence."""

import random
import re
import sys
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest

from benchmarks.mutations import changes, sample
from twin.chat.answer import Source
from twin.chat.bearing import Entails
from twin.chat.claims import claim_of, stemmed
from twin.chat.entailing import Entailing
from twin.chat.figures import numbers
from twin.chat.marks import marked
from twin.chat.support import SentenceSupport, check_support
from twin.documents import Kind, document_id
from twin.errors import ComponentUnavailable
from twin.retrieve.passages import Passage

SAMPLE = Path(__file__).parents[2] / "examples" / "sample-author"
PARAPHRASES = Path(__file__).parents[1] / "fixtures" / "paraphrases.toml"


def source(text: str, n: int = 1, published_at: str | None = None, title: str = "") -> Source:
    passage = Passage(
        document_id=document_id(f"file:notes/{n}.md"),
        version=1,
        start=0,
        end=len(text),
        text=text,
        title=title,
        source=f"file:notes/{n}.md",
        url=None,
        author="Ines Marlow",
        author_slug="ines-marlow",
        kind=Kind.ARTICLE,
        platform="file",
        published_at=published_at,
        score=1.0,
        similarity=1.0,
    )
    return Source(n, passage, ())


def piece(name: str) -> str:
    """Return the text of a piece of the sample author, without front matter and tags."""
    text = (SAMPLE / name).read_text(encoding="utf-8")
    return unescape(re.sub(r"<[^>]+>", "", re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)))


def reasons(answer: str, *texts: str) -> list[str]:
    found = check_support(answer, [source(text, n) for n, text in enumerate(texts, start=1)])
    assert all(bool(one.reason) is not one.supported for one in found)
    return [one.reason for one in found]


LEFT = (
    "We ran nine services on three managed nodes. Dunstan had built it, well, in 2019. "
    "It took eleven weeks to leave Kubernetes, and I would do it again. We did not ring Dunstan. "
    "The restore took 6 h 40 and cost £1,310."
)


@pytest.mark.parametrize(
    "said",
    [
        "We ran nine services on three managed nodes.",
        "Nine services ran on 3 nodes that were managed.",
        "I would do it again: leaving Kubernetes took 11 weeks.",
        "Dunstan was not rung by us.",
        "It cost £1310 and the restore took 6 h 40.",
        "Dunstan built it in 2019, and built it well.",
    ],
)
def test_what_the_source_says_in_other_words_is_supported(said: str) -> None:
    assert reasons(f"{said} [1]", LEFT) == [""]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("We ran eight services on three managed nodes.", "does not say 8"),
        ("Femi had built it, well, in 2019.", "name"),
        ("It took eleven weeks to leave Docker, and I would do it again.", "does not name Docker"),
        ("We did ring Dunstan in the end.", "denies"),
        ("We did not run nine services on three managed nodes.", "does not deny"),
        ("It never took eleven weeks to leave Kubernetes.", "does not deny"),
        ("The weather in Lisbon was lovely all year.", "nothing in the source"),
    ],
)
def test_what_it_does_not_say_is_marked_with_the_reason(said: str, reason: str) -> None:
    (found,) = reasons(f"{said} [1]", LEFT)
    assert reason in found or (reason == "name" and found)


def test_spans_are_of_the_answer_and_numbers_of_its_citations() -> None:
    answer = (
        "We did not ring Dunstan [1][2]. The tide waits for nobody, ever. [2]\n\nWhy? So there."
    )
    texts = (LEFT, "The tide waits for nobody, ever. We did not ring Dunstan.")
    found = check_support(answer, [source(text, n) for n, text in enumerate(texts, start=1)])
    assert [answer[one.start : one.end] for one in found] == [
        "We did not ring Dunstan [1][2].",
        "The tide waits for nobody, ever.",
    ]
    assert [one.numbers for one in found] == [(1, 2), (2,)]
    assert all(one.supported for one in found)


def test_a_number_that_leads_nowhere_is_said() -> None:
    assert reasons("We did not ring Dunstan at all. [3]", LEFT) == [
        "it cites [3], which is not there"
    ]


def test_a_sentence_without_citation_goes_with_the_next_one_of_its_paragraph() -> None:
    answer = "We did not ring Dunstan. We ran nine services on three nodes. [1]\n\nThe sky is always green."
    found = check_support(answer, [source(LEFT)])
    assert [(one.numbers, one.supported) for one in found] == [
        ((1,), True),
        ((1,), True),
        ((), False),
    ]
    assert found[-1].reason == "it cites nothing"
    (alone, _) = reasons("The sky is green today. We did not ring Dunstan. [1]", LEFT)
    assert "cites nothing" in alone


def test_a_quotation_without_a_full_stop_ends_at_its_citation() -> None:
    title = "[Leaving Kubernetes for good](https://example.org) - 2022-05-17"
    texts = (title, "The tide waits for nobody, ever.", "It [1] took four weeks [2] and more.")
    answer = f"{title} [1] The tide waits for nobody, ever. [2] {title} [1]"
    found = check_support(answer, [source(text, n) for n, text in enumerate(texts, start=1)])
    assert [(one.numbers, one.supported) for one in found] == [
        ((1,), True),
        ((2,), True),
        ((1,), True),
    ]
    inside = "We ran nine services [1] on three managed nodes [1], and left."
    [one] = check_support(inside, [source(LEFT)])
    assert inside[one.start : one.end] == inside


def test_a_date_may_be_that_of_the_piece() -> None:
    known = source("I have changed my mind about reviews.", published_at="2023-05-30")
    said = "In May 2023 I had changed my mind about reviews. [1]"
    assert [one.supported for one in check_support(said, [known])] == [True]
    other = "In May 2021 I had changed my mind about reviews. [1]"
    assert [one.reason for one in check_support(other, [known])] == ["the source does not say 2021"]


def test_meaning_counts_where_an_embedder_is_given_and_facts_still_do() -> None:
    text = "Code review is a habit that I gave up in 2023."
    near = "My practice of reviewing ended in 2023, a habit dropped for good. [1]"
    assert [o.supported for o in check_support(near, [source(text)])] == [False]
    similar = check_support(near, [source(text)], similar=lambda _, texts: [0.9] * len(texts))
    assert [o.supported for o in similar] == [True]
    wrong = near.replace("2023", "2022")
    marked = check_support(wrong, [source(text)], similar=lambda _, texts: [0.9] * len(texts))
    assert [o.supported for o in marked] == [False]


class Verdicts:
    """An entailment model that says what it was told to, and keeps what it was asked."""

    def __init__(self, probability: float, *entailed: str) -> None:
        self.probability = probability
        self.entailed = entailed
        self.asked: list[tuple[str, str]] = []
        self.calls = 0

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.calls += 1
        self.asked += pairs
        return [0.9 if source in self.entailed else self.probability for source, _ in pairs]


def test_an_entailment_model_has_the_last_word() -> None:
    said = "We did not ring Dunstan at home. [1]"
    (one,) = check_support(said, [source(LEFT)], entails=Verdicts(0.1))
    assert one.reason == "the source does not go so far"
    far = "Nobody bothered the man at his house. [1]"
    (one,) = check_support(far, [source(LEFT)], entails=Verdicts(0.9))
    assert one.supported
    (one,) = check_support(far, [source(LEFT)], entails=Verdicts(0.4))
    assert one.reason == "nothing in the source says it"


def test_facts_are_compared_whatever_an_entailment_model_says() -> None:
    sure = Verdicts(1.0)
    other = "That cluster of ours was gone after 12 weeks. [1]"
    (one,) = check_support(other, [source(LEFT)], entails=sure)
    assert not one.supported
    assert "12" in one.reason


def test_an_entailment_model_is_asked_once_a_sentence_and_not_about_quotations() -> None:
    quoted = "We ran nine services on three managed nodes."
    assert quoted in " ".join(LEFT.split())
    model = Verdicts(0.1)
    (one,) = check_support(f"{quoted} [1]", [source(LEFT)], entails=model)
    assert one.supported
    assert model.asked == []
    check_support("We did not ring Dunstan at home. [1]", [source(LEFT)], entails=model)
    assert model.calls == 1
    assert {claim for _, claim in model.asked} == {"We did not ring Dunstan at home."}


def test_of_several_runs_one_must_entail_it() -> None:
    text = "We left the cluster in the spring. In the spring we left the old cluster for good."
    said = "We left the cluster, the old one, in the spring. [1]"
    everything = Verdicts(0.1)
    check_support(said, [source(text)], entails=everything)
    for run in {run for run, _ in everything.asked}:
        (one,) = check_support(said, [source(text)], entails=Verdicts(0.1, run))
        assert one.supported, run


def test_without_its_entailment_model_the_check_goes_on_and_says_so() -> None:
    def check(entails: Entails | None) -> bool:
        (one,) = check_support(
            "We did not ring Dunstan at home. [1]", [source(LEFT)], entails=entails
        )
        return one.supported

    def unavailable() -> Entails:
        built.append(1)
        message = "the weights are not here"
        raise ComponentUnavailable(message)

    built: list[int] = []
    notes: list[str] = []
    entailing = Entailing(("nli", unavailable))
    assert [entailing.checked(check, notes) for _ in range(2)] == [True, True]
    assert built == [1]
    told = "citations were checked without the entailment model nli: the weights are not here"
    assert notes == [told, told]
    for odd in (lambda _: [], lambda _: 1 / 0, lambda _: [0.9] * 99):
        notes.clear()
        assert Entailing(("odd", lambda odd=odd: odd)).checked(check, notes)
        assert len(notes) == 1
    notes.clear()
    quoted = f"{LEFT.split('.', 1)[0]}. [1]"
    assert (
        Entailing(("nli", unavailable))
        .checked(lambda entails: check_support(quoted, [source(LEFT)], entails=entails), notes)[0]
        .supported
    )
    assert (notes, built) == ([], [1])
    assert not Entailing(("no", lambda: Verdicts(0.0))).checked(check, notes)
    assert Entailing().checked(check, notes)
    assert notes == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("It took eleven weeks", ["11"]),
        ("two hundred and fifty-one boats", ["251"]),
        ("1,140 lines and 0.61 metres, 40%", ["1140", "0.61", "40"]),
        ("at 9:30 on 14th March 2022", ["9:30", "14", "2022"]),
        ("one of them, once", []),
        ("twenty thousand and three", ["20003"]),
    ],
)
def test_numbers_have_one_spelling(text: str, values: list[str]) -> None:
    assert list(numbers(text)) == values


def test_a_claim_is_taken_apart() -> None:
    claim = claim_of(
        "Dunstan didn’t leave Kubernetes, but Femi left [Leeds](https://leeds.example)."
    )
    assert claim.names == {"kubernetes", "femi", "leeds"}
    assert claim.doubtful == {"dunstan"}
    assert {"leav", "kubernet"} <= claim.denied
    assert "femi" not in claim.denied
    assert claim.negations == 1


CODE = """\
We left because of the invoice [1]:

```py
first = names[1]

for each name in names: print it now
```

~~~~
Another block with many words, never closed
```
"""


def test_code_and_headings_state_nothing() -> None:
    found = reasons(f"## A heading of many words\n\n{CODE}", "We left because of the invoice.")
    assert found == []
    found = reasons("It was so. [1]\n\n# What follows is of nobody\n\nIt was so. [1]", "It was so.")
    assert "it cites nothing" not in found


def test_no_mark_stands_behind_a_fence() -> None:
    text = CODE.replace("[1]:", "[1].") + "~~~~\n\nNobody has ever said this."
    shown = marked(text, check_support(text, [source("We left because of the invoice.")]))
    assert [line for line in shown.splitlines() if "⚠" in line] == ["Nobody has ever said this. ⚠"]


def test_as_json() -> None:
    one = SentenceSupport(0, 4, (1,), supported=False, reason="no")
    assert one.as_json() == {
        "start": 0,
        "end": 4,
        "numbers": [1],
        "supported": False,
        "reason": "no",
    }


def test_paraphrases_are_not_marked() -> None:
    entries = tomllib.loads(PARAPHRASES.read_text(encoding="utf-8"))["paraphrase"]
    assert len(entries) == 50
    marked = [
        (entry["text"], one.reason)
        for entry in entries
        for one in check_support(f"{entry['text']} [1]", [source(piece(entry["piece"]))])
        if not one.supported
    ]
    assert len(marked) <= 2, marked


def test_one_changed_number_name_or_negation_is_marked() -> None:
    dice = random.Random(7)
    found, texts = [], {}
    for file in sorted((SAMPLE / "essays").glob("*.md")):
        text = piece(f"essays/{file.name}")
        for change in changes(text, dice):
            found.append(change)
            texts[change.true] = text
    chosen = sample(found, 60, dice)
    assert len(chosen) == 60
    missed = [
        (one.kind, one.text)
        for one in chosen
        if not any(reasons(f"{one.text} [1]", texts[one.true]))
    ]
    assert len(missed) <= 6, missed
    wrongly = [one.true for one in chosen if any(reasons(f"{one.true} [1]", texts[one.true]))]
    assert len(wrongly) <= 2, wrongly


def test_answers_that_are_checked_at_once_have_the_stems_of_those_checked_in_turn() -> None:
    endings = ("ational", "fulness", "iveness", "ization", "ed", "ing", "ies", "ously")
    words = [f"{a}{b}{end}" for a in "bcdfg" for b in ("ar", "oll", "ent") for end in endings]
    stemmed.cache_clear()
    alone = {word: stemmed(word) for word in words}
    # Threads that give way as often as they can.
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            stemmed.cache_clear()
            with ThreadPoolExecutor(8) as pool:
                each = list(pool.map(lambda n: [stemmed(w) for w in words[n::8]], range(8)))
            assert each == [[alone[word] for word in words[n::8]] for n in range(8)]
    finally:
        sys.setswitchinterval(usual)
