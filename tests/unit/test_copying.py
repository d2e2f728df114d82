"""One warehouse becomes as another, and the comparison tells where it did not."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin.documents import Document
from twin.errors import WarehouseError
from twin.testing.warehouse_transfer import filled
from twin.warehouse.copying import copy_warehouse
from twin.warehouse.sqlite import SQLiteWarehouse


def piece(name: str, text: str = "text", **fields: str) -> Document:
    return Document(source=f"file:notes/{name}", text=text, **fields)


@pytest.fixture
def first(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "first.sqlite3") as warehouse:
        filled(warehouse)
        yield warehouse


@pytest.fixture
def second(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "second.sqlite3") as warehouse:
        yield warehouse


def test_the_second_is_the_same_in_full(first: SQLiteWarehouse, second: SQLiteWarehouse) -> None:
    steps: list[tuple[str, int, int]] = []
    done = copy_warehouse(first, second, told=lambda *step: steps.append(step))
    assert (done.new, done.changed, done.unchanged, done.differences) == (4, 0, 0, 0)
    assert (done.documents, done.versions, done.authors) == (4, 6, 2)
    assert done.characters == sum(
        len(stored.document.text) for _, versions in first.export() for stored in versions
    )
    assert list(second.export()) == list(first.export())
    assert second.authors() == first.authors()
    wanted = [("copying", n, 4) for n in range(1, 5)] + [("comparing", n, 4) for n in range(1, 5)]
    assert steps == wanted


def test_doing_it_again_changes_nothing(first: SQLiteWarehouse, second: SQLiteWarehouse) -> None:
    before = copy_warehouse(first, second)
    cursor = second.latest_cursor()
    again = copy_warehouse(first, second)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 4)
    assert again.digest == before.digest
    assert second.latest_cursor() == cursor


def test_an_interrupted_copy_is_finished(first: SQLiteWarehouse, second: SQLiteWarehouse) -> None:
    def stop(_step: str, done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_warehouse(first, second, told=stop)
    assert second.counts().documents == 2
    done = copy_warehouse(first, second)
    assert (done.new, done.unchanged, done.differences) == (2, 2, 0)
    assert list(second.export()) == list(first.export())


def test_what_changed_since_is_brought_up_to_date(
    first: SQLiteWarehouse, second: SQLiteWarehouse
) -> None:
    copy_warehouse(first, second)
    first.put(piece("b.md", "a new text"), collection="c")
    first.put(piece("d.md", "The tide waits for nobody.\n", title="New"), collection="other")
    first.delete([piece("a.md").id])
    done = copy_warehouse(first, second)
    assert (done.changed, done.forgotten, done.differences) == (2, 1, 0)
    assert list(second.export()) == list(first.export())


def test_what_only_one_has_is_named(first: SQLiteWarehouse, second: SQLiteWarehouse) -> None:
    second.put(piece("mine", author="Ada"), collection="c")
    done = copy_warehouse(first, second)
    assert (done.new, done.documents, done.differences) == (4, 4, 2)
    assert done.named == ("file:notes/mine: only in the second", "author ada: not the same in both")


def test_a_contradiction_ends_it(first: SQLiteWarehouse, second: SQLiteWarehouse) -> None:
    second.put(piece("b.md", "another text"), collection="c")
    with pytest.raises(WarehouseError, match="other text"):
        copy_warehouse(first, second)
    assert second.get(piece("b.md").id).document.text == "another text"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE contents SET text = text || 'x' WHERE version = 2", "another text"),
        ("UPDATE contents SET raw = x'00' WHERE version = 2", "another raw bytes"),
        ("UPDATE versions SET title = 'x' WHERE version = 2", "another metadata"),
        ("UPDATE versions SET fetched_at = 'x' WHERE version = 2", "time of fetching"),
        ("DELETE FROM contents WHERE version = 2", "versions"),
    ],
)
def test_the_comparison_finds_every_kind_of_difference(
    first: SQLiteWarehouse, second: SQLiteWarehouse, tmp_path: Path, change: str, what: str
) -> None:
    copy_warehouse(first, second)
    # Of an old version, and of one document: nothing that a copy would bring up to date.
    database = sqlite3.connect(tmp_path / "second.sqlite3")
    identity = piece("a.md").id
    database.execute(f"{change} AND document_id = ?", (identity,))
    database.commit()
    database.close()
    done = copy_warehouse(first, second)
    assert done.differences == 1
    assert what in done.named[0]
    assert done.named[0].startswith("file:notes/a.md")
