"""Corruptions of style: each does what its name says, and none touches code, links or addresses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.datasets.corruptions import STEPS, corrupted, plain

TEXT = (
    "I don't think it's hard to use — you just start it (really), and it runs; that's all! "
    "My boat was **never** late. It had waited for me. We got home in time. I tried to get a lot of rope.\n\n"
    "You bring rope, and it is wet if it rains. The gulls can wait.\n\nYou can wait too.\n\n"
    "Here is `don't touch — this`, and [a link; too!](https://x.example/a;b!) as well.\n\n"
    "```python\nprint('it\\'s; mine!')  # I don't\n```"
)
KEPT = (
    "`don't touch — this`",
    "[a link; too!](https://x.example/a;b!)",
    "print('it\\'s; mine!')  # I don't",
)

AFTER = {
    "contractions": ("do not think it is", "that is all"),
    "punctuation": ("it runs. That's all.",),
    "commas": ("bring rope and it",),
    "impersonal": ("Our boat", "waited for us"),
    "formal": ("challenging to use", "attempted to get"),
    "wordy": ("in the event that it", "are able to wait"),
    "emphasis": ("was never late", "you start it"),
    "lists": ("\n- My boat was **never** late.",),
    "connectives": ("ally, ", "ore, ", "ion, ", "ly, ", "ult, "),
    "hedging": ("that ", "ases, ", "ing, ", "tent, "),
    "closing": ("\n\n",),
    "opening": ("\n\n",),
    "asides": ("start it, and it",),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_changes_the_writing_and_leaves_the_rest(step: str) -> None:
    changed = STEPS[step](TEXT, "key")
    assert changed != TEXT
    assert all(kept in changed for kept in KEPT)
    assert any(part in changed for part in AFTER.get(step, ("",)))
    assert STEPS[step](TEXT, "key") == changed


@pytest.mark.parametrize("longer", [True, False])
@pytest.mark.parametrize("key", range(30))
def test_the_result_is_on_the_wanted_side_of_the_length(key: int, *, longer: bool) -> None:
    text, steps = corrupted(TEXT, longer=longer, key=key)
    assert (len(text) > len(TEXT)) == longer
    assert len(steps) >= 3
    assert set(steps) <= set(STEPS)


def test_a_text_without_style_can_be_corrupted_too() -> None:
    text = (
        "The boat came in at four. It had no lamp. Nobody saw it until five, when the rain stopped."
    )
    for longer in (True, False):
        worse, steps = corrupted(text, longer=longer, key="k")
        assert (len(worse) > len(text)) == longer
        assert steps


SENTENCES = {
    "Doesn't it wait for us? It's been a while since we used to row.": "Does it not wait for us? It has been",
    "But the tide came in, so we used the rope.": "However, the tide came in, and therefore we utilized the rope.",
    "The small, but useful rope is about 6 yards, and many of us know it.": "approximately 6 yards, and many of us",
    "What is the use of a rope that nobody uses?": "What is the use of a rope that nobody uses?",
}


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_stays_a_sentence(text: str) -> None:
    result = STEPS["formal"](STEPS["contractions"](text, "key"), "key")
    assert SENTENCES[text] in result


@pytest.mark.parametrize(
    ("step", "text", "wanted"),
    [
        ("emphasis", "We use numbers rather than names.", "We use numbers rather than names."),
        ("emphasis", "It is pretty much every boat.", "It is pretty much every boat."),
        ("emphasis", "That was a really important day.", "That was an important day."),
        ("formal", "It took a whole week of it.", "It took an entire week of it."),
        ("formal", "It was a cool thing, an old one.", "It was a remarkable thing, an old one."),
        ("formal", "We left because that boat sank.", "We left because that boat sank."),
        ("wordy", "He met a now forgotten captain.", "He met a now forgotten captain."),
        ("contractions", "It's already been done.", "It has already been done."),
    ],
)
def test_the_words_around_a_changed_one_fit_it(step: str, text: str, wanted: str) -> None:
    assert STEPS[step](text, "key") == wanted


def test_the_mark_of_an_item_is_no_dash_and_a_sentence_in_brackets_no_aside() -> None:
    text = (
        "We had:\n\n- rope\n  - new rope\n  — old rope\n\nIt rained. (It always does in May here.)"
    )
    for key in range(12):
        assert STEPS["punctuation"](text, key) == text


def test_behind_code_a_sentence_begins_with_a_capital_or_is_none() -> None:
    text = "Look at `knots` - where you tie them. Look at `rope` - this is new; it came by boat."
    made = {STEPS["punctuation"](text, key) for key in range(40)}
    assert not [
        one for one in made if "`. w" in one or "`. W" in one or "`. t" in one or ". it" in one
    ]
    assert any("`rope`. This is new. It came" in one for one in made)


def test_a_hedge_that_says_that_stands_before_no_that() -> None:
    text = "The boat left. That harbour is small. The rain came. That night was long. " * 3
    assert not [key for key in range(30) if "that that" in STEPS["hedging"](text, key)]


def test_a_sentence_begins_with_a_capital_wherever_it_stands() -> None:
    text = "It rained.\nI went out. `moor` I said, and\nI meant it.\n\n- I row\n\n```\nx\n```\nI am back."
    assert STEPS["impersonal"](text, "key") == (
        "It rained.\nWe went out. `moor` we said, and\nwe meant it.\n\n- We row\n\n```\nx\n```\nWe are back."
    )


def test_a_hedge_stands_before_a_statement_and_not_at_the_beginning() -> None:
    text = "The boat came in. Who saw it? It had no lamp. However, it was late. Rope costs money."
    for step in ("hedging", "connectives"):
        changed = STEPS[step](text, "key")
        assert changed.startswith("The boat came in. Who saw it?")
        assert changed.endswith(" it had no lamp. However, it was late. Rope costs money.")
    for key in range(20):
        worse, _ = corrupted("It had no lamp at all.", longer=True, key=key, topic="“Lamps”")
        assert worse != "It had no lamp at all."


def test_a_plain_text_says_the_same_without_the_style() -> None:
    text = plain(TEXT, "key")
    assert "do not" in text
    assert "**" not in text
    assert 0.7 < len(text) / len(TEXT) < 1.4


@settings(deadline=None)
@given(st.text(max_size=300), st.booleans())
def test_no_text_breaks_it(text: str, longer: bool) -> None:  # noqa: FBT001 - drawn
    worse, steps = corrupted(text, longer=longer, key=0)
    assert steps or worse == text
