"""When and by whom a file was changed, and which are the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import twin

if TYPE_CHECKING:
    from collections.abc import Callable

BEN = "Ben Ford <ben@example.org>"


def test_the_time_is_that_of_the_last_commit_with_its_zone(
    repository: Any, read: Callable[..., Any]
) -> None:
    repository.commit({"a.py": "1\n", "b.py": "1\n"}, when="2024-01-01T10:00:00-08:00")
    last = repository.commit({"a.py": "2\n"}, who=BEN, when="2024-02-02T23:30:00+05:45")
    found = read(repository.path).documents
    assert found["a.py"].published_at == "2024-02-02T23:30:00+05:45"
    assert found["b.py"].published_at == "2024-01-01T10:00:00-08:00"
    assert found["a.py"].extra["commit"] == last == found["b.py"].extra["head"]


def test_times_and_paths_are_those_that_git_tells(
    repository: Any, read: Callable[..., Any]
) -> None:
    repository.commit({"a.py": "1\n", "c\nd.py": "1\n"}, when="2024-01-01T10:00:00Z")
    repository.git("switch", "--quiet", "--create", "side")
    repository.commit({"b.py": "1\n"}, when="2024-01-02T10:00:00Z")
    repository.git("switch", "--quiet", "main")
    repository.commit({"a.py": "2\n"}, when="2024-01-03T10:00:00Z")
    repository.git(
        *("-c", "user.name=Ben", "-c", "user.email=b@example.org"),
        *("merge", "--quiet", "--no-edit", "side"),
    )
    for path, document in read(repository.path).documents.items():
        told = repository.git("log", "-1", "--format=%aI", "--", path)
        assert document.published_at == told, path


def test_own_files_are_those_that_own_commits_touched(
    repository: Any, read: Callable[..., Any]
) -> None:
    repository.commit({"mine.py": "1\n", "moved.py": "moved = 1\n"})
    repository.commit({"theirs.py": "1\n", "both.py": "1\n"}, who=BEN)
    repository.commit({"both.py": "2\n"})
    repository.commit(
        {"paired.py": "1\n"}, who=BEN, message="x\n\nCo-authored-by: Ada Wren <ada@example.org>"
    )
    repository.git("mv", "moved.py", "to.py")
    repository.commit(who=BEN)
    for me in ("ADA@example.org", "ada  wren", ("ben.other@example.org", "Ada Wren")):
        found = read(repository.path, own=True, me=me)
        assert list(found.documents) == ["both.py", "mine.py", "paired.py", "to.py"]
        assert {one.author for one in found.documents.values()} == {"Ada Wren"}
        assert found.ledger.skips == {"theirs.py": "none of your own commits touched it"}
    assert not read(repository.path, own=True, me="nobody@example.org").documents


def test_own_without_a_name_takes_that_of_git(repository: Any, read: Callable[..., Any]) -> None:
    repository.commit({"mine.py": "1\n"})
    with pytest.raises(twin.ConfigurationError, match="nobody says which commits") as raised:
        read(repository.path, own=True)
    assert "me=" in raised.value.hint
    repository.git("config", "user.email", "ada@example.org")
    assert list(read(repository.path, own=True).documents) == ["mine.py"]


def test_the_author_is_who_made_most_commits(repository: Any, read: Callable[..., Any]) -> None:
    repository.commit({"a.py": "1\n"})
    for number in range(2):
        repository.commit({"a.py": f"{number} more\n"}, who=BEN)
    repository.commit({".mailmap": "Benjamin Ford <ben@example.org>\n"})
    document = read(repository.path).documents["a.py"]
    assert (document.author, document.extra["authors"]) == (
        "Benjamin Ford",
        "Benjamin Ford, Ada Wren",
    )


def test_a_shallow_history_makes_no_dates_up(
    repository: Any, read: Callable[..., Any], tmp_path: Any
) -> None:
    repository.commit({"old.py": "1\n"}, when="2020-01-01T10:00:00Z")
    repository.commit({"mid.py": "1\n"}, when="2021-01-01T10:00:00Z")
    repository.commit({"new.py": "1\n"}, when="2022-01-01T10:00:00Z")
    address = f"file://{repository.path}"
    dates = {
        depth: {p: d.published_at for p, d in read(address, depth=depth).documents.items()}
        for depth in (1, 2, 0)
    }
    new = "2022-01-01T10:00:00+00:00"
    assert dates[1] == {"old.py": None, "mid.py": None, "new.py": None}
    assert dates[2] == {"old.py": None, "mid.py": None, "new.py": new}
    assert dates[0]["old.py"] == "2020-01-01T10:00:00+00:00"
    assert read(address, depth=1, author="Ada").documents["old.py"].author == "Ada"
    del tmp_path


def test_a_later_commit_changes_only_what_it_touches(
    repository: Any, read: Callable[..., Any]
) -> None:
    repository.commit({"a.py": "1\n", "b.py": "1\n"})
    before = read(repository.path).documents["b.py"]
    repository.commit({"a.py": "2\n"}, when="2024-05-01T08:00:00Z")
    after = read(repository.path).documents["b.py"]
    assert (after.text, after.published_at, after.extra["commit"]) == (
        before.text,
        before.published_at,
        before.extra["commit"],
    )
    assert after.extra["head"] != before.extra["head"]
