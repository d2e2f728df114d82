"""A source into the warehouse: every item is accounted for, whatever a reader does."""

import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Audience, document_id
from twin.errors import ReadError, WarehouseError
from twin.ingest.intake import BATCH, Intake, prune, take_in
from twin.reading import make_document
from twin.warehouse.sqlite import SQLiteWarehouse

COLLECTION = "files:notes"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as opened:
        yield opened


def note(name: str, text: str = "The tide waits.", **values: Any) -> Any:
    return make_document(source=f"file:notes/{name}", text=text, **values)


class Reader:
    """Yields what it was given, and raises what is an exception."""

    def __init__(self, items: Iterable[object]) -> None:
        self.items = items

    def lazy_load_data(self, source: str) -> Iterator[object]:
        assert source == "the source"
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item


def taken(
    warehouse: SQLiteWarehouse,
    *items: object,
    failed: Iterable[str] = (),
    skipped: Iterable[str] = (),
    **values: Any,
) -> Intake:
    intake = Intake(COLLECTION)
    for name in failed:
        intake.failed(name, "cannot be read")
    for name in skipped:
        intake.skipped(name, "not writing")
    take_in(warehouse, Reader(items), "the source", intake, **values)  # type: ignore[arg-type]
    return intake


def ids(*names: str) -> list[str]:
    return [document_id(f"file:notes/{name}") for name in names]


def counts(intake: Intake) -> tuple[int, int, int, int]:
    return intake.found, intake.new, intake.changed, intake.unchanged


def test_everything_is_counted_once(warehouse: SQLiteWarehouse) -> None:
    assert counts(taken(warehouse, note("a"), note("b"), note("c"))) == (3, 3, 0, 0)
    again = taken(warehouse, note("a"), note("b", "Another text."), note("c", title="T"), note("d"))
    assert counts(again) == (4, 1, 2, 1)
    assert (again.failures, again.broken, again.missing) == ([], "", [])


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH])
def test_no_batch_is_left_behind(warehouse: SQLiteWarehouse, count: int) -> None:
    told: list[int] = []
    intake = taken(warehouse, *(note(f"n{n}") for n in range(count)), progress=told.append)
    assert counts(intake) == (count, count, 0, 0)
    assert warehouse.counts().documents == count
    assert told[-1] == count


def test_of_duplicates_the_first_counts_and_the_other_is_named(warehouse: SQLiteWarehouse) -> None:
    intake = taken(warehouse, note("a", "First."), note("b"), note("a", "Second."))
    assert counts(intake) == (2, 2, 0, 0)
    [remark] = intake.failures
    assert remark.item == "file:notes/a"
    assert warehouse.get(ids("a")[0]).document.text == "First."


def test_the_author_and_the_audience_of_the_person(warehouse: SQLiteWarehouse) -> None:
    taken(
        warehouse,
        note("a", author="Zoë"),
        note("b", audience="private"),
        author="Ada",
        audience=Audience.FRIENDS,
    )
    one, two = (warehouse.get(identity) for identity in ids("a", "b"))
    assert (one.author_slug, two.author_slug) == ("zoe", "ada")
    assert {one.document.audience, two.document.audience} == {Audience.FRIENDS}


def test_a_reader_that_breaks_off_keeps_what_it_had_read(warehouse: SQLiteWarehouse) -> None:
    taken(warehouse, note("a"), note("gone"))
    intake = taken(warehouse, note("b"), note("c"), RuntimeError("the line is dead"), note("d"))
    assert counts(intake) == (2, 2, 0, 0)
    # Whoever writes a reader wants to know where in it.
    told = r"broke off at item 3: RuntimeError: the line is dead \(in tests\.unit\.\w+, line \d+\)"
    assert re.fullmatch(told, intake.broken)
    assert intake.missing == []


def test_a_reader_that_cannot_begin(warehouse: SQLiteWarehouse) -> None:
    class Closed:
        def lazy_load_data(self, source: str) -> Iterator[object]:
            message = f"{source} is closed"
            raise ReadError(message)

    intake = Intake(COLLECTION)
    take_in(warehouse, Closed(), "it", intake)  # type: ignore[arg-type]
    assert (intake.broken, intake.found) == ("it is closed", 0)


class Rude:
    metadata = {"source": "file:notes/rude"}  # noqa: RUF012

    def get_content(self) -> str:
        message = "not today"
        raise LookupError(message)


@pytest.mark.parametrize(
    ("rubbish", "item"),
    [
        (None, "item 2"),
        ({"text": "x"}, "item 2"),
        ("a text", "item 2"),
        (Rude(), "file:notes/rude"),
        (make_document(source="file:notes/x", text="  \n"), "file:notes/x"),
        (make_document(source="file:notes/x", text="y", kind="novel"), "file:notes/x"),
        (make_document(source="file:notes/x", text="y", published_at="soon"), "file:notes/x"),
    ],
)
def test_rubbish_is_named_and_stops_nothing(
    warehouse: SQLiteWarehouse, rubbish: object, item: str
) -> None:
    intake = taken(warehouse, note("a"), rubbish, note("b"))
    assert counts(intake) == (2, 2, 0, 0)
    assert [remark.item for remark in intake.failures] == [item]
    assert intake.failures[0].reason
    assert intake.broken == ""


@pytest.mark.parametrize("metadata", [{}, {"source": " "}, {"source": None}, {1: "x"}])
def test_metadata_that_name_nothing(warehouse: SQLiteWarehouse, metadata: dict[Any, Any]) -> None:
    class Found:
        def get_content(self) -> str:
            return "A text."

    found = Found()
    found.metadata = metadata  # type: ignore[attr-defined]
    intake = taken(warehouse, note("a"), found, note("b"))
    assert counts(intake) == (2, 2, 0, 0)
    assert [remark.item for remark in intake.failures] == ["item 2"]


# What the source no longer has


def test_what_the_source_no_longer_has_is_missing_until_it_is_pruned(
    warehouse: SQLiteWarehouse,
) -> None:
    taken(warehouse, note("a"), note("b"), note("c"))
    intake = taken(warehouse, note("b"))
    assert sorted(intake.missing) == sorted(ids("a", "c"))
    assert warehouse.counts().documents == 3
    prune(warehouse, intake)
    assert (intake.pruned, intake.missing) == (2, [])
    assert [summary.source for summary in warehouse.summaries()] == ["file:notes/b"]


def test_another_collection_is_never_missing(warehouse: SQLiteWarehouse) -> None:
    other = Intake("files:other")
    reader = Reader([make_document(source="file:other/a", text="x")])
    take_in(warehouse, reader, "the source", other)  # type: ignore[arg-type]
    assert taken(warehouse, note("b")).missing == []


@pytest.mark.parametrize(
    ("failed", "missing"),
    [
        (["sub/a"], ["sub/b", "c", "subtle"]),
        (["file:notes/sub/a"], ["sub/b", "c", "subtle"]),
        (["a"], ["sub/b", "c", "subtle"]),
        (["sub"], ["c", "subtle"]),
        (["sub/"], ["c", "subtle"]),
        (["never/seen"], ["sub/a", "sub/b", "c", "subtle"]),
        (["."], []),
        ([""], []),
    ],
)
def test_what_could_not_be_read_is_not_gone(
    warehouse: SQLiteWarehouse, failed: list[str], missing: list[str]
) -> None:
    taken(warehouse, note("sub/a"), note("sub/b"), note("c"), note("subtle"), note("kept"))
    intake = taken(warehouse, note("kept"), failed=failed)
    assert sorted(intake.missing) == sorted(ids(*missing))


def test_a_path_that_a_reader_names_in_full_is_the_document_below_the_source(
    warehouse: SQLiteWarehouse, tmp_path: Path
) -> None:
    root = tmp_path / "notes"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)
    documents = [note("sub/a"), note("sub/b"), note("c"), note("caf\u00e9")]
    taken(warehouse, *documents)
    for source in (root, tmp_path / "link"):
        for named, missing in [
            (f"{root}/sub/a", ["sub/b", "c", "caf\u00e9"]),
            (f"file://{root}/sub/a", ["sub/b", "c", "caf\u00e9"]),
            (f"{root}/sub/", ["c", "caf\u00e9"]),
            (f"{root}/cafe\u0301", ["sub/a", "sub/b", "c"]),
            ("cafe\u0301", ["sub/a", "sub/b", "c"]),
            (f"{root}", []),
            ("/mnt/elsewhere/sub/a", ["sub/b", "c", "caf\u00e9"]),
        ]:
            intake = Intake(COLLECTION)
            intake.failed(named, "cannot be read")
            take_in(warehouse, Empty(), str(source), intake)  # type: ignore[arg-type]
            assert sorted(intake.missing) == sorted(ids(*missing)), named


class Empty:
    def lazy_load_data(self, source: str) -> Iterator[object]:
        del source
        return iter(())


def test_rubbish_without_a_name_may_be_any_document(warehouse: SQLiteWarehouse) -> None:
    taken(warehouse, note("a"), note("b"))
    assert taken(warehouse, note("a"), None).missing == []


def test_what_is_skipped_now_is_gone(warehouse: SQLiteWarehouse) -> None:
    taken(warehouse, note("a"), note("b"))
    assert taken(warehouse, note("a"), skipped=["b"]).missing == ids("b")


# A reader that makes no progress


class Hangs:
    """Yields a document, and then waits until the test is over."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.over = threading.Event()
        self.late = threading.Event()

    def lazy_load_data(self, source: str) -> Iterator[object]:
        del source
        yield note("a")
        self.over.wait()
        self.intake.failed("b", "too late")
        self.late.set()


def test_a_reader_that_hangs_is_cut_off_and_what_it_gave_is_kept(
    warehouse: SQLiteWarehouse,
) -> None:
    taken(warehouse, note("a"), note("gone"))
    intake = Intake(COLLECTION)
    reader = Hangs(intake)
    take_in(warehouse, reader, "the source", intake, timeout=0.05)  # type: ignore[arg-type]
    assert intake.broken == (
        "broke off at item 2: the reader 'files' gave nothing for 0.05 s and was cut off "
        "(ingest.reader_timeout)"
    )
    assert (counts(intake), intake.missing) == ((1, 0, 0, 1), [])
    # What it reports afterwards is heard no more.
    reader.over.set()
    assert reader.late.wait(60)
    assert intake.failures == []


def test_what_is_skipped_is_progress(warehouse: SQLiteWarehouse) -> None:
    intake = Intake(COLLECTION)

    class Skips:
        def lazy_load_data(self, source: str) -> Iterator[object]:
            del source
            for number in range(8):
                threading.Event().wait(0.25)
                intake.skipped(f"n{number}", "not writing")
            yield note("a")

    take_in(warehouse, Skips(), "the source", intake, timeout=1.5)  # type: ignore[arg-type]
    assert (intake.broken, intake.found, len(intake.skips)) == ("", 1, 8)


def test_a_reader_that_ends_the_program_breaks_off(warehouse: SQLiteWarehouse) -> None:
    class Exits:
        def lazy_load_data(self, source: str) -> Iterator[object]:
            del source
            yield note("a")
            sys.exit(3)

    intake = Intake(COLLECTION)
    take_in(warehouse, Exits(), "the source", intake)  # type: ignore[arg-type]
    assert intake.broken.startswith("broke off at item 2: SystemExit: 3 (in ")
    assert intake.found == 1


def test_an_exception_wins_over_the_audience_of_the_whole(warehouse: SQLiteWarehouse) -> None:
    exceptions = {"file:notes/a": Audience.PRIVATE}
    taken(warehouse, note("a"), note("b"), audience=Audience.PUBLIC, exceptions=exceptions)
    found = [warehouse.get(identity).document.audience for identity in ids("a", "b")]
    assert found == [Audience.PRIVATE, Audience.PUBLIC]


# When the warehouse refuses


def test_one_that_the_warehouse_refuses_does_not_stop_its_batch(
    warehouse: SQLiteWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_many = warehouse.put_many

    def refusing(documents: Any, *, collection: str) -> Any:
        if any(document.source.endswith("/b") for document in documents):
            message = "it cannot be stored"
            raise WarehouseError(message)
        return put_many(documents, collection=collection)

    monkeypatch.setattr(warehouse, "put_many", refusing)
    intake = taken(warehouse, note("a"), note("b"), note("c"))
    assert (intake.new, [r.item for r in intake.failures]) == (2, ["file:notes/b"])
    assert [s.source for s in warehouse.summaries()] == ["file:notes/a", "file:notes/c"]
    monkeypatch.undo()
    taken(warehouse, note("a"), note("b"), note("c"))
    monkeypatch.setattr(warehouse, "put_many", refusing)
    assert taken(warehouse, note("a"), note("b", "New."), note("c")).missing == []


def test_an_interrupt_is_no_failure_of_an_item(
    warehouse: SQLiteWarehouse, raising: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warehouse, "put_many", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        taken(warehouse, note("a"))
