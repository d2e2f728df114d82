from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

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
