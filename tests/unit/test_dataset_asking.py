"""Asking a model for many rows: what was answered is kept, whatever ends it."""

import threading
from pathlib import Path

import pytest

from twin.datasets.asking import Ask, Asked, ask_all
from twin.datasets.journal import Answered, Journal


def test_what_was_under_way_at_ctrl_c_is_kept(tmp_path: Path) -> None:
    second = threading.Event()

    def answering(system: str, user: str, words: int) -> Answered:
        del system, words
        if user == "slow":
            second.wait(10)
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
