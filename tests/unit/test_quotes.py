"""The model that quotes: whatever it says stands in the passage that it cites, word for word."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from twin.basics.llms import COMPONENTS, QuotesOptions
from twin.basics.quotes import NOTHING, answer, runs
from twin.chat.citations import Citations, cited_sentences
from twin.components import BuildContext
from twin.guard.quotable import LONGEST, quotable
from twin.prompts.passages import LEFT_OUT, Numbered, render
from twin.testing.fakes import hash_embedding

EMBEDDING = hash_embedding()
CTX = BuildContext(cache=Path("none"), data=Path("none"), get_embedding=lambda: EMBEDDING)
WORDS = "the tide waits for nobody in our small harbour when winter storms come over night".split()  # noqa: SIM905

SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(
    lambda words: " ".join(words).capitalize() + "."
)
BLOCKS = st.one_of(
    st.lists(SENTENCES, min_size=1, max_size=4).map(" ".join),
    st.lists(SENTENCES, min_size=1, max_size=4).map("\n".join),
    st.lists(SENTENCES, min_size=1, max_size=3).map(lambda s: "\n".join(f"- {x}" for x in s)),
    st.lists(SENTENCES, min_size=1, max_size=3).map(lambda s: "\n".join(f"1. {x}" for x in s)),
    SENTENCES.map(lambda s: f"> {s}"),
    SENTENCES.map(lambda s: f"## {s}"),
    SENTENCES.map(lambda s: f"| {s} | {s} |\n| - | - |"),
    SENTENCES.map(lambda s: f"```\n{s} The code waits for nobody in the tide.\n```"),
    SENTENCES.map(
        lambda s: f"{s} Footnotes in the tide wait here [1]. Or [2, 3] in the harbour there."
    ),
    SENTENCES.map(lambda s: f"{s} The tide has `one[1] half. The other half of the tide is` here."),
    SENTENCES.map(lambda s: f"The tide calls `wait[1]` in our harbour. {s}"),
    st.text(max_size=60),
)
PASSAGE_TEXTS = st.lists(BLOCKS, max_size=5).map("\n\n".join)


def says(texts: list[str], question: str = "Does the tide wait?", **options: int) -> str:
    passages = [Numbered(n, text, f"Title {n}") for n, text in enumerate(texts, start=1)]
    return "".join(answer(render(passages, question), QuotesOptions(**options), CTX))


def words(text: str) -> str:
    return " ".join(text.split())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PASSAGE_TEXTS, max_size=4))
@example(["See [2] in the long old harbour. The tide waits for nobody in our harbour."])
@example(["See [1-3] in the long old harbour. The tide waits for nobody in our harbour."])
@example(["The tide waits in [source 2] for nobody. See 【3†x】 in the long old harbour."])
@example(["The tide waits in [1 and ref 2] for nobody. See [#3] in the long old harbour."])
@example(["The tide has `one half. It waits in our harbour` for nobody [2]."])
def test_every_sentence_stands_in_the_passage_that_it_cites(texts: list[str]) -> None:
    said = says(texts)
    if said == NOTHING:
        assert not any(runs(Numbered(1, text), 1) for text in texts)
        return
    citations = Citations(range(1, len(texts) + 1))
    shown = "".join(citations.stream([said]))
    assert not citations.dropped
    numbers = {new: old for old, new in citations.cited.items()}
    cited = list(cited_sentences(shown))
    assert cited
    for sentence, [number] in cited:
        assert words(sentence) in words(texts[numbers[number] - 1])
    # Nothing else was said: without the citations it is made of the sentences alone.
    rest = re.sub(r" \[[1-9]\d{0,2}\](?= |$)", "", said)
    assert words(rest) == words(" ".join(sentence for sentence, _ in cited_sentences(said)))


PROSE = (
    "The tide waits for nobody here. Our boats wait in the harbour.\n\n"
    "Winter storms come over the hills. The old harbour froze in January."
)


@pytest.mark.parametrize(
    ("sentences", "quotations", "most"), [(1, 1, 1), (2, 1, 2), (1, 3, 3), (3, 2, 4)]
)
def test_limits(sentences: int, quotations: int, most: int) -> None:
    said = says([PROSE] * 3, sentences=sentences, quotations=quotations)
    assert 1 <= len(re.findall(r"\[\d\]", said)) <= most


def test_only_the_best_passages_are_read() -> None:
    texts = ["Nothing here is about that matter.", "The tide does wait for us."]
    assert says(texts, passages=1) == "Nothing here is about that matter. [1]"
    assert says(texts) == "The tide does wait for us. [2]"


def test_the_same_words_are_said_once() -> None:
    assert says(["The tide waits for us."] * 3) == "The tide waits for us. [1]"


def test_a_run_does_not_cross_a_paragraph_and_is_not_too_long() -> None:
    made = runs(Numbered(1, PROSE), 4)
    assert max(len(run.sentences) for run in made) == 2
    long = " ".join([f"The tide waits {'so ' * 60}long."] * 5)
    assert all(len(run.text) <= LONGEST for run in runs(Numbered(1, long), 5))
    assert runs(Numbered(1, f"The tide waits {'so ' * 300}long."), 1) == []


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("- The tide waits for us.\n- Boats wait in the harbour.", ["The tide waits for us.", "Boats wait in the harbour."]),
        ("12. The tide waits for us.", ["The tide waits for us."]),
        ("> 1) The tide waits for us.", ["The tide waits for us."]),
        ("# The tide waits for us", []),
        ("| The tide | waits for us |", []),
        ("```\nThe tide waits for us.\n```", []),
        ("~~~\nThe tide waits for us.", []),
        ("![The tide waits for us](tide.png)", []),
        ("[1]: http://e.org The tide waits for us", []),
        ("<div>The tide waits for us.</div>", []),
        ("The tide waits for:", []),
        ("Too short.", []),
        ("1 2 3 4 5 6 7 8.", []),
        ("[a](http://the.tide/waits/for/us)", []),
        ("The tide waits for us [12].", []),
        ("The tide ` waits for us.", []),
        ("The tide `waits[1]` for us all.", ["The tide `waits[1]` for us all."]),
        ("", []),
        ("Does the tide wait for us?", []),
        ("(The tide waits for us?)", []),
        ("what is the tide of our harbour", []),
        ("What is left is the tide of our harbour.", ["What is left is the tide of our harbour."]),
        ("Does the tide wait for us? It never did, in all those years.", ["It never did, in all those years."]),
        ("The harbour is old and cold. Does the tide wait for us?", []),
        ("The harbour is old and cold.\n\nDoes the tide wait?", ["The harbour is old and cold."]),
        ("- The harbour is old and cold.\n- Does the tide wait?", ["The harbour is old and cold."]),
        ("By Ines Marlow, 10 October 2023\n\nThe harbour is old.", ["The harbour is old."]),
        ("Posted on March 3rd, 2021 by Ada in Tea", []),
        ("- The tide of our harbour, 2021-03-03", ["The tide of our harbour, 2021-03-03"]),
        ("We left the harbour on 10 October 2023.", ["We left the harbour on 10 October 2023."]),
        (f"The harbour is old and cold. {LEFT_OUT} So it has always been.", []),
        (f"{LEFT_OUT}\n\nThe harbour is old and cold.", ["The harbour is old and cold."]),
    ],
)  # fmt: skip
def test_what_can_be_quoted(text: str, quoted: list[str]) -> None:
    assert [span.of(text) for span in quotable(text)] == quoted


def test_an_echo_of_the_question_answers_nothing() -> None:
    echo = "The tide waits for nobody in our small harbour when winter comes."
    text = f"{echo} The storms of January are to blame."
    other = ["The storms of January are to blame."]
    asked = "Is it so that the tide waits for nobody in our small harbour, and why?"
    assert [s.of(text) for s in quotable(text, asked)] == other
    assert [s.of(text) for s in quotable(text, text)] == []
    # What is looked for by its words stands inside quotation marks.
    sought = "Where did I write “the tide waits for nobody in our small harbour”?"
    assert [s.of(text) for s in quotable(text, sought)] == [echo, *other]
    # Fewer words are those that an answer needs.
    assert len(quotable(text, "Why does the tide wait for nobody in our harbour?")) == 2


@pytest.mark.parametrize("texts", [[], [""], ["# Heading"], ["```\ncode\n```", "Crumb."]])
def test_it_says_so_when_there_is_nothing(texts: list[str]) -> None:
    assert says(texts) == NOTHING


def test_the_form_of_the_question_decides_between_equals() -> None:
    texts = [
        "The tide waits for hours in the harbour.",
        "The tide waits 20 minutes in the harbour.",
    ]
    assert says(texts, "How long does the tide wait in the harbour?", quotations=1).endswith("[2]")
    because = ["The tide waits in the harbour.", "The tide waits because the harbour does."]
    assert says(because, "Why does the tide wait?", quotations=1).endswith("[2]")


def test_the_same_question_gets_the_same_answer() -> None:
    texts = [PROSE, PROSE.upper(), PROSE.replace(".", "!")]
    assert says(texts) == says(texts)


def test_as_a_language_model_it_streams_what_it_completes() -> None:
    [component] = [c for c in COMPONENTS if c.name == "quotes"]
    model = component.build(QuotesOptions(), CTX)
    prompt = render([Numbered(1, PROSE)], "Does the tide wait?")
    streamed = list(model.stream_complete(prompt))
    assert len(streamed) > 1
    assert "".join(part.delta for part in streamed) == streamed[-1].text
    assert streamed[-1].text == model.complete(prompt).text == says([PROSE])
