import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from twin.errors import IndexError
from twin.index.ledger import Entry, Failure, Ledger


def entry(identity: str = "a", **values: object) -> Entry:
    made = Entry(document_id=identity, version=1, metadata_hash="m", fingerprint="f", points=3)
    return replace(made, **values)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "index" / "ledger.sqlite3")
    yield ledger
    ledger.close()


def test_what_was_confirmed_comes_back(ledger: Ledger) -> None:
    ledger.confirm([entry("a"), entry("b", version=7, points=0)])
    assert ledger.get(["b", "none", "a"]) == {"a": entry("a"), "b": entry("b", version=7, points=0)}
    assert list(ledger.entries()) == [entry("a"), entry("b", version=7, points=0)]
    assert ledger.counts() == (2, 3)


def test_confirming_again_replaces(ledger: Ledger) -> None:
    ledger.confirm([entry()])
    ledger.confirm([entry(version=2, fingerprint="g")])
    assert ledger.get(["a"]) == {"a": entry(version=2, fingerprint="g")}


def test_what_is_gone_is_forgotten(ledger: Ledger) -> None:
    ledger.confirm([entry("a"), entry("b")])
    ledger.confirm([entry("c")], ["a", "never there"])
    assert [one.document_id for one in ledger.entries()] == ["b", "c"]


def test_a_failure_stays_until_the_document_is_settled(ledger: Ledger) -> None:
    for identity in "cab":
        ledger.fail(Failure(identity, "first"))
    ledger.fail(Failure("a", "again"))
    assert ledger.failures() == [
        Failure("a", "again"),
        Failure("b", "first"),
        Failure("c", "first"),
    ]
    ledger.confirm([entry("a")], ["b"])
    assert ledger.failures() == [Failure("c", "first")]


def test_a_failure_takes_nothing_from_what_was_confirmed(ledger: Ledger) -> None:
    ledger.confirm([entry()])
    ledger.fail(Failure("a", "the embedder failed"))
    assert ledger.get(["a"]) == {"a": entry()}


def test_outdated_is_what_was_made_in_another_way(ledger: Ledger) -> None:
    ledger.confirm([entry("b", fingerprint="old"), entry("a", fingerprint="older"), entry("c")])
    assert ledger.outdated("f") == ["a", "b"]


def test_it_outlives_the_process(ledger: Ledger, tmp_path: Path) -> None:
    ledger.confirm([entry()])
    ledger.fail(Failure("b", "reason"))
    again = Ledger(tmp_path / "index" / "ledger.sqlite3")
    assert (again.get(["a"]), again.failures()) == ({"a": entry()}, [Failure("b", "reason")])
    again.close()


def test_clearing_forgets_everything(ledger: Ledger) -> None:
    ledger.confirm([entry()])
    ledger.fail(Failure("b", "reason"))
    ledger.clear()
    assert (ledger.counts(), ledger.failures()) == ((0, 0), [])


def test_a_confirmation_is_whole_or_nothing(ledger: Ledger) -> None:
    broken = replace(entry("b"), version=object())  # type: ignore[arg-type]
    with pytest.raises(Exception, match="type"):
        ledger.confirm([entry("a"), broken])
    assert list(ledger.entries()) == []


def test_closing_twice_is_no_error(ledger: Ledger) -> None:
    ledger.close()
    ledger.close()


# A damaged file


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 5000]
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(content)
    ledger = Ledger(path)
    assert ledger.counts() == (0, 0)
    ledger.confirm([entry()])
    ledger.close()
    again = Ledger(path)
    assert again.get(["a"]) == {"a": entry()}
    again.close()


def test_damage_that_shows_later_ends_the_work_and_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    ledger = Ledger(path)
    ledger.confirm(entry(f"document {number}") for number in range(2000))
    ledger.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    damaged = Ledger(path)
    with pytest.raises(IndexError, match="was damaged") as raised:
        list(damaged.entries())
    assert "twin sync" in raised.value.hint
    damaged.close()
    again = Ledger(path)
    assert again.counts() == (0, 0)
    again.close()


def test_a_file_that_is_whole_is_never_removed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    ledger.confirm([entry()])
    ledger.close()
    with pytest.raises(sqlite3.ProgrammingError):
        ledger.counts()
    again = Ledger(tmp_path / "ledger.sqlite3")
    assert again.counts() == (1, 3)
    again.close()


def test_one_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    # As one in a home that may not be written.
    (tmp_path / "ledger.sqlite3").mkdir()
    with pytest.raises(IndexError, match=r"ledger\.sqlite3 cannot be opened") as raised:
        Ledger(tmp_path / "ledger.sqlite3")
    assert "home" in raised.value.hint
