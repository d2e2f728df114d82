"""One warehouse becomes as another, and the comparison tells where it did not."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from twin.documents import Document, Enrichment
from twin.errors import WarehouseError
from twin.testing.warehouse_feedback import said
from twin.testing.warehouse_transfer import filled
from twin.warehouse.copying import copy_warehouse
from twin.warehouse.feedback import Feedback, FeedbackSource
from twin.warehouse.quarantine import Held
from twin.warehouse.sqlite import SQLiteWarehouse


def piece(name: str, text: str = "text", **fields: str) -> Document:
    return Document(source=f"file:notes/{name}", text=text, **fields)


def remark(name: str, document: Document, version: int) -> Feedback:
    source = FeedbackSource(document_id=document.id, version=version, start=0, end=1)
    return said(name, sources=(source,))


def waiting_for(name: str) -> Held:
    held_at = "2026-11-25T12:00:00+00:00"
    return Held(document=piece(name), collection="c", held_at=held_at, reason="odd")


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


def test_what_was_forgotten_and_came_again_is_in_the_second_as_in_the_first(
    first: SQLiteWarehouse, second: SQLiteWarehouse, tmp_path: Path
) -> None:
    secret = piece("again.md", "A secret that was taken back.")
    first.put(secret, collection="c")
    copy_warehouse(first, second)
    first.delete([secret.id])
    first.put(piece("again.md", "What may be known."), collection="c")
    kept = remark("kept", Document(source="file:notes/b.md", text=""), 1)
    second.put_feedback(kept)
    second.put_feedback(remark("gone", secret, 1))
    done = copy_warehouse(first, second)
    assert second.versions(secret.id) == first.versions(secret.id)
    assert [one.id for one in second.feedback() if one.id in {"kept", "gone"}] == ["kept"]
    assert not [name for name in done.named if "again.md" in name]
    second.close()
    assert b"taken back" not in (tmp_path / "second.sqlite3").read_bytes()


def test_an_older_version_that_changed_since_is_brought_up_to_date(
    first: SQLiteWarehouse, second: SQLiteWarehouse
) -> None:
    first.put(piece("old.md", "The first text."), collection="c")
    copy_warehouse(first, second)
    mine = remark("mine", piece("old.md"), 1)
    second.put_feedback(mine)
    first.put(piece("old.md", "The first text.", title="A title now"), collection="c")
    first.put(piece("old.md", "The second text."), collection="c")
    done = copy_warehouse(first, second)
    assert list(second.export()) == list(first.export())
    assert mine in list(second.feedback())
    assert done.named == ("feedback mine: not the same in both",)


def test_what_was_found_out_about_an_older_version_comes_along(
    first: SQLiteWarehouse, second: SQLiteWarehouse
) -> None:
    put = first.put(piece("old.md", "The first text."), collection="c")
    copy_warehouse(first, second)
    found = Enrichment(recipe="r", language="en")
    first.put_enrichments([replace(first.get(put.document_id), enrichment=found)])
    first.put(piece("old.md", "The second text."), collection="c")
    assert copy_warehouse(first, second).differences == 0
    assert second.get(put.document_id, 1).enrichment == found


def test_what_was_released_since_leaves_the_other_quarantine_too(
    first: SQLiteWarehouse, second: SQLiteWarehouse
) -> None:
    waiting = waiting_for("odd.md")
    first.hold([waiting])
    copy_warehouse(first, second)
    first.release([waiting.document.id])
    mine = waiting_for("mine.md")
    second.hold([mine])
    done = copy_warehouse(first, second)
    assert [one.document.source for one in second.held()] == ["file:notes/mine.md"]
    assert done.named == ("file:notes/mine.md: not the same in both quarantines",)


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
