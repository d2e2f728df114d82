"""Thoughts that a model writes before its answer are no part of the answer, however they come."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.models.calls import Ending, Pause, Said
from twin.models.thinking import without_thoughts


def told(*parts: Said) -> tuple[str, list[Said]]:
    """Return the answer, and whatever else came."""
    found = list(without_thoughts(iter(parts)))
    return "".join(one for one in found if isinstance(one, str)), [
        one for one in found if not isinstance(one, str)
    ]


ANSWERS = [
    ("<think>\nThe [1] says so.\n</think>\n\nIt waits [1].", "It waits [1]."),
    ("\n<think></think>It waits.", "It waits."),
    ("[THINK]Hm.[/THINK] It waits.", "It waits."),
    ("<thinking>a < b</thinking>\nIt waits.", "It waits."),
    # Cut off at the limit of tokens.
    ("<think>\nThe question asks", ""),
    ("<think>Hm.</think>\n", ""),
    # What only looks so, or comes later, is the answer's own.
    ("<thin ice>", "<thin ice>"),
    ("<th", "<th"),
    ("  It waits.", "  It waits."),
    ("Qwen3 writes <think> and </think>.", "Qwen3 writes <think> and </think>."),
    ("<think>Hm.</think>It writes <think>x</think>.", "It writes <think>x</think>."),
    ("[1] says so.", "[1] says so."),
    ("", ""),
]


@pytest.mark.parametrize(("said", "answer"), ANSWERS)
@given(cuts=st.data())
def test_however_it_comes_only_the_answer_is_left(
    said: str, answer: str, cuts: st.DataObject
) -> None:
    places = sorted(cuts.draw(st.lists(st.integers(0, len(said)), max_size=6)))
    parts = [said[a:b] for a, b in zip([0, *places], [*places, len(said)], strict=True)]
    ending = Ending(prompt_tokens=3)
    text, others = told(*parts, ending)
    assert text == answer
    assert others[-1] == ending
    assert told(*said)[0] == answer


def test_whoever_reads_may_leave_while_it_thinks() -> None:
    left: list[str] = []

    def model() -> Iterator[Said]:
        yield "<think>"
        while True:
            left.append("")
            yield "and on "

    stream = without_thoughts(model())
    pauses = [next(stream) for _ in range(3)]
    assert all(isinstance(one, Pause) and one.why for one in pauses)
    assert len(left) == 2


def test_what_is_no_text_passes() -> None:
    assert told(Pause("it loads"), "It ", Pause(), "waits.")[1] == [Pause("it loads"), Pause()]
