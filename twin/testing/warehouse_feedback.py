"""The warehouse's contract: what people said of answers.

In: an engine. Out: tests that feedback comes back as it was given, in order of time, goes with the
documents whose words it repeats, and travels with the warehouse.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Audience
from twin.errors import WarehouseError
from twin.testing.warehouse_fixtures import COLLECTION, Opener, WarehouseFixtures, note
from twin.warehouse.copying import copy_warehouse
from twin.warehouse.feedback import Feedback, FeedbackKind, FeedbackSource
from twin.warehouse.jsonl import export_jsonl, import_jsonl
from twin.warehouse.protocol import Warehouse
from twin.warehouse.sqlite import SQLiteWarehouse

TIME = "2026-03-14T09:30:00.000000+00:00"


def said(name: str = "a", at: str = TIME, **fields: Any) -> Feedback:
    """Return a thumb; `fields` are those of `Feedback`."""
    values: dict[str, Any] = {
        "kind": FeedbackKind.THUMB,
        "thread_id": "thread",
        "message_id": f"message-{name}",
        "question": "What waits for nobody?",
        "prompt": (("system", "You are the voice of Ines."), ("user", "What waits?\r\n\u2028…")),
        "prompt_version": "answer@1",
        "answer": "The tide. [1]",
        "value": 1.0,
        "audience": Audience.PUBLIC,
    }
    return Feedback(id=name, at=at, **(values | fields))


def source(name: str = "tide") -> FeedbackSource:
    """Return the beginning of a note."""
    return FeedbackSource(document_id=note(name).id, version=1, start=0, end=8)


EDIT = said(
    "edit",
    kind=FeedbackKind.EDIT,
    user="ines",
    edited="The tide waits for nobody, and neither do I. 🌊",
    value=None,
    sources=(source("tide"), source("moon"), source("tide")),
    model="gemma",
    adapter="sft",
    trace_id="0" * 32,
    audience=Audience.PRIVATE,
)
CHOICE = said(
    "choice",
    kind=FeedbackKind.CHOICE,
    rejected="Time and tide, as they say.",
    rejected_model="gemma",
    rejected_adapter="dpo",
    value=None,
    comment='less "wise"',
)


class FeedbackContract(WarehouseFixtures):
    """Feedback: whole, in order, and private with its documents."""

    def test_it_comes_back_as_it_was_given(self, warehouse: Warehouse, opener: Opener) -> None:
        for one in (said(), EDIT, CHOICE):
            warehouse.put_feedback(one)
        assert {one.id: one for one in warehouse.feedback()} == {
            one.id: one for one in (said(), EDIT, CHOICE)
        }
        with opener() as second:
            assert list(second.feedback(kind=FeedbackKind.EDIT)) == [EDIT]

    def test_the_same_id_replaces(self, warehouse: Warehouse) -> None:
        warehouse.put_feedback(replace(EDIT, id="a"))
        changed = said(value=0.0, comment="not so")
        warehouse.put_feedback(changed)
        assert list(warehouse.feedback()) == [changed]
        warehouse.put_many([note("tide")], collection=COLLECTION)
        warehouse.delete([note("tide").id])
        assert list(warehouse.feedback()) == [changed]

    def test_it_is_ordered_by_time_then_id(self, warehouse: Warehouse) -> None:
        times = {
            "d": "2026-03-14T09:30:00+00:00",
            "b": "2026-03-14T11:00:00+02:00",
            "c": "2026-03-14T09:30:00",
            "a": "2026-03-15",
        }
        for name, at in times.items():
            warehouse.put_feedback(said(name, at))
        assert [one.id for one in warehouse.feedback()] == ["b", "c", "d", "a"]
        assert next(iter(warehouse.feedback())).at == "2026-03-14T09:00:00.000000+00:00"
        since = "2026-03-14T10:30:00+01:00"
        assert [one.id for one in warehouse.feedback(since=since)] == ["c", "d", "a"]
        assert [one.id for one in warehouse.feedback(since="2026-03-15")] == ["a"]
        assert list(warehouse.feedback(kind=FeedbackKind.CHOICE, since=since)) == []

    def test_there_may_be_much_of_it(self, warehouse: Warehouse) -> None:
        # More than a page, all of one moment, and written to while it is read.
        names = [f"{number:04}" for number in range(1003)]
        for name in names:
            warehouse.put_feedback(said(name, prompt=(), value=None))
        found = []
        for one in warehouse.feedback():
            found.append(one.id)
            if len(found) == 2:
                warehouse.delete_feedback("1002")
        assert found in (names, names[:-1])

    def test_it_is_forgotten_by_its_id(self, warehouse: Warehouse) -> None:
        warehouse.put_feedback(said())
        assert warehouse.delete_feedback("a")
        assert not warehouse.delete_feedback("a")
        assert list(warehouse.feedback()) == []

    def test_it_goes_with_the_documents_it_repeats(self, warehouse: Warehouse) -> None:
        warehouse.put_many([note("tide"), note("moon")], collection=COLLECTION)
        for one in (EDIT, CHOICE, said(sources=(source("moon"),))):
            warehouse.put_feedback(one)
        warehouse.delete([note("tide").id])
        assert sorted(one.id for one in warehouse.feedback()) == ["a", "choice"]
        warehouse.delete([note("moon").id])
        assert [one.id for one in warehouse.feedback()] == ["choice"]

    def test_it_does_not_disturb_the_feed(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        before = (warehouse.latest_cursor(), warehouse.counts())
        warehouse.put_feedback(EDIT)
        warehouse.delete_feedback("edit")
        assert (warehouse.latest_cursor(), warehouse.counts()) == before

    @pytest.mark.parametrize(
        "wrong",
        [
            said(""),
            said(at="yesterday"),
            said(value=2.0),
            said(answer="\ud800"),
            said(prompt=(("user", "\ud800"),)),
        ],
    )
    def test_nonsense_feedback_is_refused(self, warehouse: Warehouse, wrong: Feedback) -> None:
        with pytest.raises(WarehouseError, match="feedback"):
            warehouse.put_feedback(wrong)
        assert list(warehouse.feedback()) == []
        with pytest.raises(WarehouseError, match="since"):
            list(warehouse.feedback(since="soon"))

    def test_it_travels_as_jsonl(self, warehouse: Warehouse, tmp_path: Path) -> None:
        path = tmp_path / "all.jsonl"
        with SQLiteWarehouse(tmp_path / "second.sqlite3") as second:
            for one in (said(), EDIT, CHOICE):
                second.put_feedback(one)
            assert export_jsonl(second, path).feedback == 3
            done = import_jsonl(warehouse, path)
            assert (done.feedback, done.failed) == (3, ())
            assert list(warehouse.feedback()) == list(second.feedback())
            export_jsonl(warehouse, path)
            assert import_jsonl(second, path).failed == ()
            assert len(list(second.feedback())) == 3

    def test_it_is_copied_and_compared(self, warehouse: Warehouse, tmp_path: Path) -> None:
        warehouse.put(note("tide"), collection=COLLECTION)
        for one in (said(), EDIT, CHOICE):
            warehouse.put_feedback(one)
        with SQLiteWarehouse(tmp_path / "second.sqlite3") as second:
            done = copy_warehouse(warehouse, second)
            assert (done.feedback, done.differences) == (3, 0)
            second.put_feedback(said("z"))
            second.put_feedback(said("b"))
            again = copy_warehouse(warehouse, second)
            assert (again.feedback, again.differences) == (3, 2)
            assert again.named == (
                "feedback b: not the same in both",
                "feedback z: not the same in both",
            )
