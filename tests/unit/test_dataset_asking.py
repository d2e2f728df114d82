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
