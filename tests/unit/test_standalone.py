"""Follow-up questions: which rest on the last one, and what the rules carry over."""

import pytest

from twin.chat.standalone import by_rules, follows, standalone
from twin.chat.wish import Turn
from twin.errors import ModelError

HISTORY = [Turn("Why did Slackwater leave Kubernetes?", "Only one of us could debug it. [1]")]


@pytest.mark.parametrize(
    "question",
    [
        "How long did it take?",
        "Why?",
        "And the backups?",
        "What about Postgres?",
        "When was that?",
        "Do you still think so about them?",
        "How long?",
        "Would you do it again?",
        "Was this expensive?",
        "Who helped him?",
    ],
)
def test_these_rest_on_the_question_before(question: str) -> None:
    assert follows(question)


@pytest.mark.parametrize(
    "question",
    [
        "Should every change be reviewed by somebody else before it is merged?",
        "How long did the restore from backup take?",
        "What do you think of code review?",
        "Is it worth writing tests for scripts?",
        "Did you write that reviews are owed to nobody?",
        "Why did Slackwater leave Kubernetes?",
        "What happens to an alert that wakes somebody up twice?",
    ],
)
def test_these_stand_alone(question: str) -> None:
    assert not follows(question)
    assert by_rules(question, HISTORY) == question


def test_the_subject_is_carried_over_in_its_own_words() -> None:
    first = by_rules("How long did it take?", HISTORY)
    assert first == "How long did it take? (Slackwater, leave, Kubernetes)"
    # And from turn to turn, without growing.
    second = by_rules("And what did it cost?", [*HISTORY, Turn(first, "Four days. [1]")])
    assert second == "And what did it cost? (Slackwater, leave, Kubernetes)"


def test_nothing_is_carried_over_from_nothing() -> None:
    assert by_rules("Why?", []) == "Why?"
    assert by_rules("Why?", [Turn("Why?", "Because.")]) == "Why?"


def test_a_model_that_fails_costs_only_its_wording() -> None:
    def ask(*_: str) -> str:
        message = "the cable was cut"
        raise ModelError(message)

    said, note = standalone("Why?", HISTORY, instructions="", ask=ask)
    assert said == "Why? (Slackwater, leave, Kubernetes)"
    assert "the cable was cut" in note


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('\n  "Why leave Kubernetes?"\nBecause it was hard.', "Why leave Kubernetes?"),
        ("Here is the rewritten question:\n\nWhy leave?", "Why leave?"),
        ("Sure! Here's the question: Why leave?", "Why leave?"),
        ("**Rewritten question:** Why leave?", "Why leave?"),
        ("Question: *Why leave?*", "Why leave?"),
        ("Here is what I ask: is it so?", "is it so?"),
        ('Where did I write "we left"', 'Where did I write "we left"'),
        ('"Left" or "stayed"', '"Left" or "stayed"'),
        ("**“Why leave?”**", "Why leave?"),
        ("Why leave Kubernetes: because of what?", "Why leave Kubernetes: because of what?"),
        ("<last-question>Why leave?</last-question>", "Why leave?"),
    ],
)
def test_of_what_a_model_says_one_line_counts(said: str, expected: str) -> None:
    assert standalone("Why?", HISTORY, instructions="i", ask=lambda *_: said)[0] == expected


@pytest.mark.parametrize("said", ["", "  \n", "x" * 500, "Here is the question:"])
def test_a_model_that_gives_no_question_leaves_it_to_the_rules(said: str) -> None:
    asked = standalone("Why?", HISTORY, instructions="i", ask=lambda *_: said)
    assert asked[0] == "Why? (Slackwater, leave, Kubernetes)"
    assert "rules only" in asked[1]


def test_a_model_is_asked_only_where_the_rules_see_a_follow_up_or_know_no_language() -> None:
    asked: list[str] = []

    def ask(_: str, user: str) -> str:
        asked.append(user)
        return "Warum verliess Slackwater Kubernetes?"

    question = "What do you think of code review?"
    assert standalone(question, HISTORY, instructions="", ask=ask) == (question, "")
    assert asked == []
    standalone("Und warum?", HISTORY, instructions="", ask=ask, every=True)
    assert len(asked) == 1
    standalone("Und warum?", [], instructions="", ask=ask, every=True)
    assert len(asked) == 1
