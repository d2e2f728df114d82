"""Asking a model for many rows: what was answered is kept, whatever ends it."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from twin.datasets.asking import Ask, Asked, ask_all
from twin.datasets.journal import Answered, Journal
from twin.datasets.judging import judged
from twin.documents import Audience
from twin.errors import ModelError
from twin.samples import Sample, Split


def test_what_was_under_way_at_ctrl_c_is_kept(tmp_path: Path) -> None:
    begun, second = threading.Event(), threading.Event()

    def answering(system: str, user: str, words: int) -> Answered:
        del system, words
        if user == "slow":
            begun.set()
            second.wait(30)
        else:
            begun.wait(30)
        return Answered(f"{user} answer", 3, 2)

    def told(asked: Asked, total: int) -> None:
        del total
        if asked.answers:
            second.set()
            raise KeyboardInterrupt

    asks = [Ask(key, "", key, lambda _: "") for key in ("quick", "slow", "never")]
    path = tmp_path / "answers.jsonl"
    with Journal(path) as journal, pytest.raises(KeyboardInterrupt):
        ask_all(asks, answering, journal, told, workers=2, attempts=1)
    kept = Journal(path)
    assert kept.get("quick") == Answered("quick answer", 3, 2)
    assert kept.get("slow") == Answered("slow answer", 3, 2)
    assert kept.get("never") is None


def test_answers_that_were_all_refused_cost_what_they_took(tmp_path: Path) -> None:
    tries: list[str] = []

    def answering(system: str, user: str, words: int) -> Answered:
        del system, words
        if user == "good":
            return Answered("fine", 10, 1)
        tries.append(user)
        if len(tries) == 2:
            message = "the connection was lost"
            raise ModelError(message)
        return Answered("bad", 100, 20)

    asks = [
        Ask("good", "", "good", lambda _: ""),
        Ask("bad", "", "bad", lambda text: "it is bad" if text == "bad" else ""),
    ]
    with Journal(tmp_path / "answers.jsonl") as journal:
        done = ask_all(asks, answering, journal, lambda *_: None, workers=1, attempts=3)
    assert done.failed == {"bad": "its answer is of no use: it is bad"}
    assert done.answers == {"good": "fine"}
    # Two of its three tries were answered.
    assert (done.read, done.written) == (10, 1)
    assert (done.read_for_nothing, done.written_for_nothing) == (2 * 100, 2 * 20)
    assert done.price((1e6, 1e6)) == 10 + 1
    assert done.price_of_all((1e6, 1e6)) == 210 + 41


def test_marks_that_nobody_gave_are_none_in_json() -> None:
    class Away:
        def structured(self, *_: object) -> object:
            message = "no server answers"
            raise ModelError(message)

    row = Sample(
        id="1",
        split=Split.TRAIN,
        form="instruction",
        prompt=(("user", "Why?"),),
        target="Because.",
        document_id="d",
        version=1,
        start=0,
        end=8,
        audience=Audience.PUBLIC,
    )
    teacher: Any = Away()
    told = json.loads(json.dumps(judged([row], teacher, 5).as_json(), allow_nan=False))
    assert (told["rows"], told["failed"], told["accuracy"]) == (0, 1, None)
