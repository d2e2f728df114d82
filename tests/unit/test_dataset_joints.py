"""What may not be parted, what recurs, what a passage is about, and how lines are set."""

import pytest

from tests.unit.test_dataset_targets import PARAGRAPH, cut
from twin.datasets.keyphrases import Keyphrases
from twin.datasets.layout import Layout, layout_of, set_as
from twin.datasets.recurring import Recurring
from twin.datasets.tells import tells


@pytest.mark.parametrize(
    "goes_on",
    [
        "and so it went, for the whole of a winter that nobody in the harbour had expected at all.",
        "2. Then wait for the water, which comes up slowly at first and then rather faster than that.",
        "```\nmoor --twice\n```",
        "| rope | yards |\n| --- | --- |\n| old | 40 |",
    ],
)
def test_what_goes_on_is_not_parted_from_what_it_goes_on_with(goes_on: str) -> None:
    assert [target.text for target in cut(f"{PARAGRAPH}\n\n{goes_on}")] == [
        f"{PARAGRAPH}\n\n{goes_on}".strip()
    ]


def test_a_target_ends_where_something_new_begins() -> None:
    back, new = f"But {PARAGRAPH.lower()}", f"Rope is another matter. {PARAGRAPH}"
    found = cut(f"{PARAGRAPH}\n\n{back}\n\n{new}")
    assert [target.text.split()[0] for target in found] == ["The", "Rope"]
    assert "But" in found[0].text
    assert not any(target.leans for target in found)


def test_a_target_that_points_back_says_so() -> None:
    text = f"{PARAGRAPH * 3}\n\nThat was before the shed. {PARAGRAPH * 2}"
    one, other = cut(text, minimum=80, maximum=300)
    assert (one.leans, other.leans) == (False, True)


def test_who_writes_without_capitals_is_cut_as_others_are() -> None:
    text = "\n\n".join([PARAGRAPH.lower() * 2] * 3)
    found = cut(text, minimum=80, maximum=300)
    assert len(found) == 3
    assert not any(target.leans for target in found)


def test_pictures_and_addresses_at_the_foot_are_no_writing() -> None:
    picture = '<p align="center"><img src="a.png" alt="A boat"></p>'
    text = f"{PARAGRAPH}\n\n{picture}\n\n{PARAGRAPH}Twice.\n\n[one]: https://a.example\n[two]: https://b.example"
    assert [target.text for target in cut(text)] == [PARAGRAPH.strip(), f"{PARAGRAPH}Twice."]


def test_what_is_left_of_a_list_is_no_target() -> None:
    items = "\n\n".join(f"{n}. {PARAGRAPH}" for n in range(1, 6))
    for target in cut(f"{PARAGRAPH}\n\n{items}"):
        assert target.text.startswith(("The tide", "1. "))


def test_a_part_that_is_opened_by_a_target_is_told() -> None:
    found = cut(f"## The shed\n\n{PARAGRAPH}\n\n{PARAGRAPH}Twice.")
    assert [target.opens for target in found] == [True, False]


def test_what_stands_under_every_post_recurs_and_what_announces_does_not() -> None:
    texts = [
        f"{PARAGRAPH * n}\n\nFor example:\n\nTalk on [the list](https://list.example/{n}).\n\n{end}"
        for n, end in enumerate(("So be it.", "We moored.", "It rained.", "Good night."), start=1)
    ]
    recurring = Recurring(texts)
    [span] = recurring.spans(texts[2])
    assert span.of(texts[2]) == "Talk on [the list](https://list.example/3)."
    assert Recurring(texts[:2]).spans(texts[0]) == []


PASSAGES = (
    "I moor the boat in the harbour. The harbour has a tide gauge, and the gauge is read at noon.",
    "We read the ledger of the harbour. It has the names of boats, and a boat is a name in it.",
    "Mrs Tarrant keeps the keys of the shed, and of the rope. I asked her for the rope at noon.",
    "You run `tide-table` first. The table of tides is what the gauge is for, and nothing else is.",
)


def test_a_passage_is_about_names_code_and_nouns() -> None:
    phrases = Keyphrases(PASSAGES)
    assert "Tarrant" in " ".join(phrases.of(PASSAGES[2], 3))
    assert "tide-table" in phrases.of(PASSAGES[3], 3)
    for passage in PASSAGES:
        found = " ".join(phrases.of(passage, 3)).casefold()
        assert not {"moor", "read", "asked", "keeps", "first"} & set(found.split())
        assert phrases.of(passage, 3) == phrases.of(passage, 3)


def test_where_nothing_stands_where_nouns_do_words_are_taken() -> None:
    assert Keyphrases(["Wir lesen Gezeitentafeln."]).of("Wir lesen Gezeitentafeln.", 1)


def test_a_text_is_set_as_another_is() -> None:
    flowing = (
        "The tide comes in. Nobody asks it to. Mrs Tarrant has the keys to the shed on the pontoon."
    )
    code = "```\nx = 1\ny = 2\n```\n\n- one\n- two"
    lines = set_as(f"{flowing}\n\n{code}", Layout(by_sentence=True))
    assert lines.startswith("The tide comes in.\nNobody asks it to.\nMrs")
    assert lines.endswith(code)
    assert layout_of(lines) == Layout(by_sentence=True)
    wrapped = set_as(flowing, Layout(width=50))
    assert max(map(len, wrapped.splitlines())) <= 50
    assert layout_of(wrapped).width == max(map(len, wrapped.splitlines()[:-1]))
    assert set_as(wrapped, layout_of(flowing)) == flowing


def test_what_tells_a_pair_is_measured() -> None:
    pairs = [(f"I said so, {n}.", f"One said that {n} was so") for n in range(60)]
    found = tells(pairs)
    assert found["first person"] == found["commas"] == found["first word"] == 1.0
    same = [(f"Tide {n % 3}.", f"Tide {(n + 1) % 3}.") for n in range(60)]
    assert all(area < 0.6 for area in tells(same).values())
    assert tells(pairs[:5]) == {}
