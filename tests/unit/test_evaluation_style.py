"""Style: prose, features, verification, the scale, and the voice."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.unit.writers import BRISK, CAREFUL, named, pieces
from twin.errors import UsageError
from twin.evaluation.corpus import Corpus, read_texts
from twin.evaluation.delta import MOST_FREQUENT, Delta, impostor_scores
from twin.evaluation.features import (
    FUNCTION,
    MARKS,
    SHAPES,
    function_word_rates,
    masked,
    masked_tokens,
    punctuation_rates,
    sentence_shapes,
)
from twin.evaluation.function_words import FUNCTION_WORDS
from twin.evaluation.plots import draw_style
from twin.evaluation.prose import Window, own_paragraphs, paragraphs, plain_text, windows
from twin.evaluation.style import OTHERS, OWN, Scale
from twin.evaluation.verification import (
    Scores,
    Verifier,
    area,
    separation,
    true_positives,
    verified,
)
from twin.evaluation.voice import kept_voice, learn_voice, voice_of

MARKDOWN = """---
title: x
---
# A heading that is not prose at all

It’s here — “quoted” and **bold**, see [the link](https://example.org/a_b) and `code()`.

```python
def no_prose(): return "never"
```

> Somebody else said this, and it is not the author's own.

| a | b |
|---|---|
| 1 | 2 |

Image by author

\U0001d5db\U0001d5fc\U0001d604 styled letters become plain ones, and \U0001f680 goes away here.
"""


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    own, others = pieces(CAREFUL, 8, seed=1), pieces(BRISK, 8, seed=2)
    return Corpus("Ada", named(own, "own"), named(others, "other"))


@pytest.fixture(scope="module")
def scale(corpus: Corpus) -> Scale:
    return Scale(corpus, 60)


def test_prose_is_what_formatting_leaves() -> None:
    assert paragraphs(MARKDOWN) == [
        'It\'s here — "quoted" and bold, see the link and code.',
        "How styled letters become plain ones, and goes away here.",
    ]


@pytest.mark.parametrize("dash", [" - ", " -- ", " --- ", "—", " — ", "---"])
def test_all_dashes_between_words_are_one(dash: str) -> None:
    assert plain_text(f"so{dash}it goes") == "so — it goes"


def test_what_recurs_in_several_documents_is_nobodys_style() -> None:
    greeting = "Hello there, I am Ada and this is my letter about boats and harbours for you."
    own = {
        "a": f"{greeting}\n\nThe first of them has a sentence of its own that is long enough.",
        "b": f"{greeting}\n\nThe second is about something else, which nobody else has written.",
    }
    kept = own_paragraphs(own)
    assert [len(texts) for texts in kept.values()] == [1, 1]
    assert not any("Hello" in text for texts in kept.values() for text in texts)


def test_windows_end_with_a_sentence_and_do_not_overlap() -> None:
    found = windows(["One two three four. Five six seven.", "Eight nine ten eleven twelve."], 6)
    assert [w.text for w in found] == ["One two three four. Five six seven."]
    assert windows(["One two. Three."], 10) == []


def test_masking_leaves_no_content_word() -> None:
    assert masked("However, the quantized models ran 3.5 times.") == "However, the *ed *s * # *s."
    assert masked_tokens("Don't quickly ask Ada...") == ["don't", "*ly", "*", "*", "..."]


def test_rates_are_of_a_thousand_words() -> None:
    text = "The boat and the harbour, and the sea."
    rates = function_word_rates([text])[0]
    assert rates[FUNCTION_WORDS.index("the")] == pytest.approx(1000 * 3 / 8)
    assert punctuation_rates([text])[0][MARKS.index(",")] == pytest.approx(125)
    assert function_word_rates([""]).sum() == 0


def test_the_shape_of_sentences() -> None:
    [shape] = sentence_shapes(["I ran. And you? The boat sank there!"])
    found = dict(zip(SHAPES, shape, strict=True))
    assert found["sentence length, mean"] == pytest.approx(8 / 3)
    assert found["sentences that ask"] == pytest.approx(1 / 3)
    assert found["sentences that begin with I or we"] == pytest.approx(1 / 3)
    assert found["sentences that begin with a conjunction"] == pytest.approx(1 / 3)
    assert np.isfinite(sentence_shapes(["", "..."])).all()


def test_the_area_counts_pairs_and_ties_half() -> None:
    scores = np.asarray([3.0, 1.0, 2.0, 1.0])
    assert area(scores, np.asarray([True, True, False, False])) == pytest.approx(2.5 / 4)
    assert np.isnan(area(scores, np.asarray([True] * 4)))


def test_true_positives_at_one_in_a_hundred() -> None:
    others = np.arange(200) / 1000
    own = np.asarray([0.1975, 0.5, 0.1965, 0.1])
    labels = np.asarray([True] * 4 + [False] * 200)
    # Two of two hundred may stand above, so the threshold is the third highest, 0.197.
    assert true_positives(np.concatenate([own, others]), labels) == pytest.approx(0.5)


def test_authors_who_share_all_words_are_told_apart(corpus: Corpus) -> None:
    cut, labels = corpus.windows(60)
    _, scores = verified(cut, labels, [FUNCTION])
    found = separation(scores, labels, [w.document for w in cut])
    assert found.auc.value > 0.99
    assert found.auc.low <= found.auc.value <= found.auc.high
    assert found.own[1] == found.others[1] == 8


def test_one_author_is_not_told_from_herself() -> None:
    texts = pieces(CAREFUL, 16, seed=3)
    one = Corpus("Ada", named(texts[::2], "own"), named(texts[1::2], "other"))
    cut, labels = one.windows(60)
    _, scores = verified(cut, labels)
    found = separation(scores, labels, [w.document for w in cut])
    assert found.auc.low < 0.65


def test_too_few_documents_are_refused() -> None:
    small = Corpus("Ada", named(pieces(CAREFUL, 2), "own"), named(pieces(BRISK, 5), "other"))
    with pytest.raises(UsageError, match="2 documents of the author") as caught:
        Scale(small, 60)
    assert "--others" in caught.value.hint


def test_the_scale_puts_the_author_at_0_and_others_at_1(scale: Scale, tmp_path: Path) -> None:
    report = scale.report({"hers": pieces(CAREFUL, 4, seed=9), "his": pieces(BRISK, 4, seed=9)})
    marks = {mark.name: mark for mark in report.marks}
    assert marks[OWN].distance.value == pytest.approx(0)
    assert marks[OTHERS].distance.value == pytest.approx(1)
    assert abs(marks["hers"].distance.value) < 0.3
    assert abs(marks["his"].distance.value - 1) < 0.3
    assert marks["hers"].passes.value > 0.8
    assert marks["his"].passes.value == 0
    assert marks["hers"].delta < marks["his"].delta
    assert marks["hers"].impostors > 0.5 > marks["his"].impostors
    assert abs(marks["hers"].auc.value - 0.5) < 0.25
    drawn = draw_style(report, tmp_path / "style.png")
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert report.as_json()["marks"][0]["delta"] is None


def test_a_text_that_is_judged_is_not_learned(corpus: Corpus) -> None:
    [(key, text), *_] = corpus.own.items()
    words = text.split()
    for asked in (text, " ".join(words[: len(words) // 3]), f"{text} {' '.join(words[:40])}"):
        left, gone = corpus.without([asked])
        assert gone == (key,)
        assert (set(left.own), left.others) == (set(corpus.own) - {key}, corpus.others)
    left, gone = corpus.without([*pieces(CAREFUL, 2, seed=9), "Too short."])
    assert (gone, left) == ((), corpus)


def test_texts_too_short_to_be_judged_are_refused(scale: Scale) -> None:
    with pytest.raises(UsageError, match="40 words"):
        scale.report({"short": ["Too short."]})


def test_delta_and_impostors_know_the_author() -> None:
    own, others = pieces(CAREFUL, 6, seed=4), pieces(BRISK, 6, seed=5)
    hers, his = pieces(CAREFUL, 1, seed=6), pieces(BRISK, 1, seed=6)
    delta = Delta(own, others)
    assert delta.distances(hers)[0] < delta.distances(his)[0]
    assert impostor_scores(hers, own, others)[0] > 0.9
    assert impostor_scores(his, own, others)[0] < 0.1
    assert list(impostor_scores(hers, [], others)) == [0]


def test_delta_is_burrowss() -> None:
    # Two authors of one text each: means and deviations are those of both texts together.
    own, other, asked = "the the a", "a of a", "the of a"
    rates = function_word_rates([own, other, asked])
    used = rates[:2].std(axis=0) > 0
    z = (rates - rates[:2].mean(axis=0))[:, used] / rates[:2].std(axis=0)[used]
    words = min(MOST_FREQUENT, rates.shape[1])
    expected = np.abs(z[2] - z[0]).sum() / words
    assert Delta([own], [other]).distances([asked])[0] == pytest.approx(expected)


def test_a_voice_is_learned_once_and_again_when_something_is_written(
    corpus: Corpus, tmp_path: Path
) -> None:
    voice = voice_of(corpus, tmp_path)
    assert voice is not None
    [kept] = tmp_path.glob("voice-*.pickle")
    written = kept.stat().st_mtime_ns
    again = voice_of(corpus, tmp_path)
    assert again is not None
    known = kept_voice(tmp_path)
    assert known is not None
    assert kept_voice(tmp_path / "nowhere") is None
    hers, his = pieces(CAREFUL, 1, seed=8)[0], pieces(BRISK, 1, seed=8)[0]
    assert voice(hers) == again(hers) == known(hers) > 0.9
    assert voice(his) < 0.1
    assert voice("Too short.") == 0.5
    assert kept.stat().st_mtime_ns == written
    more = Corpus("Ada", {**corpus.own, "new": pieces(CAREFUL, 1, seed=7)[0]}, corpus.others)
    voice_of(more, tmp_path)
    assert [p.name for p in tmp_path.glob("voice-*.pickle")] != [kept.name]
    assert len(list(tmp_path.glob("voice-*.pickle"))) == 1


def test_a_voice_is_learned_from_so_much_and_no_more(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[int] = []

    def counted(windows: Sequence[Window], labels: Sequence[bool]) -> tuple[Verifier, Scores]:
        learned.extend((sum(labels), len(labels) - sum(labels)))
        return verified(windows, labels)

    monkeypatch.setattr("twin.evaluation.voice.MOST", 20)
    monkeypatch.setattr("twin.evaluation.voice.verified", counted)
    found = learn_voice(corpus)
    assert learned == [20, 20]
    assert found is not None
    [hers], [his] = pieces(CAREFUL, 1, seed=9), pieces(BRISK, 1, seed=9)
    assert found(hers) > 0.5 > found(his)


def test_a_damaged_voice_is_learned_anew(corpus: Corpus, tmp_path: Path) -> None:
    assert voice_of(corpus, tmp_path) is not None
    [kept] = tmp_path.glob("voice-*.pickle")
    kept.write_bytes(b"damaged")
    assert kept_voice(tmp_path) is None
    assert voice_of(corpus, tmp_path) is not None
    assert kept.stat().st_size > 100


def test_a_voice_without_anybody_elses_writing() -> None:
    alone = learn_voice(Corpus("Ada", named(pieces(CAREFUL, 8, seed=1), "own"), {}))
    assert alone is not None
    assert alone(pieces(CAREFUL, 1, seed=8)[0]) > alone(pieces(BRISK, 1, seed=8)[0])
    assert learn_voice(Corpus("Ada", named(pieces(CAREFUL, 1), "own"), {})) is None


def test_texts_are_read_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Plain.", encoding="utf-8")
    rows = '{"text": "One"}\n"Two"\n{"messages": [{"role": "assistant", "content": "Three"}]}\n'
    (tmp_path / "b.jsonl").write_text(rows, encoding="utf-8")
    assert list(read_texts(tmp_path).values()) == ["Plain.", "One", "Two", "Three"]
    (tmp_path / "c.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="no JSON"):
        read_texts(tmp_path / "c.jsonl")
    with pytest.raises(UsageError, match="cannot be read"):
        read_texts(tmp_path / "missing.txt")
