"""What a source dropped: kept for a while, and not believed when nearly all of it is gone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twin.errors import ConfigurationError
from twin.ingest.grace import Grace, doubtful

BEGUN = datetime(2026, 3, 1, tzinfo=UTC)


def at(days: float) -> datetime:
    return BEGUN + timedelta(days=days)


def test_what_is_missed_for_long_enough_may_go(tmp_path: Path) -> None:
    grace = Grace(tmp_path, 7)
    assert grace.over("web:blog", ["a"], at(0)) == []
    assert grace.over("web:blog", ["a", "b"], at(6.9)) == []
    assert grace.over("web:blog", ["a", "b"], at(7)) == ["a"]
    assert Grace(tmp_path, 7).over("web:blog", ["b"], at(14)) == ["b"]


def test_what_came_back_begins_anew(tmp_path: Path) -> None:
    grace = Grace(tmp_path, 7)
    grace.over("web:blog", ["a"], at(0))
    assert grace.over("web:blog", [], at(6)) == []
    assert grace.over("web:blog", ["a"], at(8)) == []
    assert grace.over("web:blog", ["a"], at(15)) == ["a"]


def test_collections_do_not_know_of_each_other(tmp_path: Path) -> None:
    grace = Grace(tmp_path, 7)
    grace.over("web:blog", ["a"], at(0))
    grace.over("web:notes", [], at(1))
    assert grace.over("web:blog", ["a"], at(7)) == ["a"]


@pytest.mark.parametrize(("days", "gone"), [(0, ["a"]), (None, [])])
def test_no_grace_and_endless_grace(tmp_path: Path, days: float | None, gone: list[str]) -> None:
    assert Grace(tmp_path, days).over("web:blog", ["a"], at(0)) == gone


@pytest.mark.parametrize("content", ["", "[]", '{"a": 3}', "\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "missing.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"missing\.json cannot be read") as raised:
        Grace(tmp_path, 7).over("web:blog", ["a"], at(0))
    assert "delete it" in raised.value.hint


@pytest.mark.parametrize(
    ("missing", "found", "wanted"),
    [(0, 0, False), (1, 0, True), (1, 1, False), (5, 1, False), (6, 6, False), (7, 6, True)],
)
def test_a_reading_that_misses_nearly_all_is_doubtful(
    missing: int,
    found: int,
    wanted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert doubtful(missing, found) is wanted
