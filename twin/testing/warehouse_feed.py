"""The warehouse's contract: the change feed and its cursors.

In: an engine. Out: tests that whoever follows the feed sees the last state of every document once,
in order, and finds their place again.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

import pytest

from twin.errors import WarehouseError
from twin.testing.warehouse_fixtures import COLLECTION, Opener, WarehouseFixtures, note
from twin.warehouse.protocol import Warehouse


class FeedContract(WarehouseFixtures):
    """Changes, cursors and what is still to be done."""

    def test_an_empty_feed(self, warehouse: Warehouse) -> None:
        assert warehouse.changes(None) == []
        assert warehouse.latest_cursor() is None
        assert warehouse.backlog(None) == 0

    def test_changes_come_in_order_and_in_pages(self, warehouse: Warehouse) -> None:
        for name in "cab":
            warehouse.put(note(name), collection=COLLECTION)
        first = warehouse.changes(None, limit=2)
        rest = warehouse.changes(first[-1].cursor, limit=2)
        assert [change.document_id for change in [*first, *rest]] == [note(n).id for n in "cab"]
        assert all(change.version == 1 and not change.deleted for change in [*first, *rest])
        assert rest[-1].cursor == warehouse.latest_cursor()
        assert warehouse.changes(rest[-1].cursor) == []
        assert [warehouse.backlog(at) for at in (None, first[0].cursor, rest[-1].cursor)] == [
            3,
            2,
            0,
        ]

    def test_changes_of_one_document_are_given_once(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", text="one"), collection=COLLECTION)
        warehouse.put(note("b"), collection=COLLECTION)
        warehouse.put(note("a", text="two"), collection=COLLECTION)
        warehouse.put(note("a", text="two", title="T"), collection=COLLECTION)
        found = [(change.document_id, change.version) for change in warehouse.changes(None)]
        assert found == [(note("b").id, 1), (note("a").id, 2)]
        assert warehouse.backlog(None) == 2

    def test_a_change_behind_the_cursor_comes_again(self, warehouse: Warehouse) -> None:
        warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
        cursor = warehouse.changes(None, limit=1)[0].cursor
        warehouse.put(note("a", title="new"), collection=COLLECTION)
        ids = [change.document_id for change in warehouse.changes(cursor)]
        assert ids == [note("b").id, note("a").id]

    def test_what_did_not_change_is_not_in_the_feed(self, warehouse: Warehouse) -> None:
        warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
        cursor = warehouse.latest_cursor()
        warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
        warehouse.delete(["unknown"])
        assert warehouse.changes(cursor) == []
        assert warehouse.latest_cursor() == cursor

    def test_forgetting_leaves_a_tombstone_in_the_feed(self, warehouse: Warehouse) -> None:
        for text in ("one", "two"):
            warehouse.put(note(text=text), collection=COLLECTION)
        cursor = warehouse.latest_cursor()
        warehouse.delete([note().id])
        (change,) = warehouse.changes(cursor)
        assert (change.document_id, change.version, change.deleted) == (note().id, 2, True)
        assert warehouse.changes(None) == [change]
        assert warehouse.delete([note().id]) == 0
        assert warehouse.changes(change.cursor) == []

    def test_a_return_takes_the_place_of_the_tombstone(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        warehouse.delete([note().id])
        warehouse.put(note(), collection=COLLECTION)
        (change,) = warehouse.changes(None)
        assert (change.version, change.deleted) == (2, False)

    def test_a_cursor_outlives_the_process(self, opener: Opener) -> None:
        with opener() as warehouse:
            warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
            assert warehouse.cursor("index") is None
            cursor = warehouse.changes(None, limit=1)[0].cursor
            warehouse.set_cursor("index", cursor)
            warehouse.set_cursor("datasets", warehouse.latest_cursor())
        with opener() as again:
            assert again.cursor("index") == cursor
            assert [change.document_id for change in again.changes(again.cursor("index"))] == [
                note("b").id
            ]
            assert again.backlog(again.cursor("datasets")) == 0
            again.set_cursor("index", None)
            assert again.cursor("index") is None
            assert again.cursor("datasets") is not None

    def test_a_cursor_of_another_feed_is_refused(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        for cursor in ("no cursor", "", "999999999"):
            with pytest.raises(WarehouseError, match="cursor"):
                warehouse.changes(cursor)
            with pytest.raises(WarehouseError, match="cursor"):
                warehouse.set_cursor("index", cursor)
        assert warehouse.cursor("index") is None
