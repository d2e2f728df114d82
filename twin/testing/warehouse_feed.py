"""The warehouse's contract: the change feed and its cursors.

In: an engine. Out: tests that whoever follows the feed sees the last state of every document once,
in order, and finds their place again.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

import threading
from datetime import UTC, datetime, timedelta

import pytest

from twin.errors import WarehouseError
from twin.testing.warehouse_fixtures import COLLECTION, Opener, WarehouseFixtures, note
from twin.warehouse.protocol import Warehouse

HUNG = 30.0
"""Seconds that a wait may take in which something happens; far more than it should."""


SKEW = timedelta(seconds=1)
"""How far the clock of whoever writes may be from this one."""


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

    def test_a_change_says_when_it_was_written(self, warehouse: Warehouse) -> None:
        steps = (
            lambda: warehouse.put(note("a", author="Ada"), collection=COLLECTION),
            lambda: warehouse.put(note("a", author="Ada", title="T"), collection=COLLECTION),
            lambda: warehouse.add_alias("ada", "Countess"),
            lambda: warehouse.put(note("b", author="Countess"), collection=COLLECTION),
            lambda: warehouse.delete([note("a").id]),
        )
        for step in steps:
            before = datetime.now(UTC)
            step()
            last = warehouse.changes(None)[-1]
            when = datetime.fromisoformat(last.at)
            assert when.tzinfo is not None
            if step is not steps[2]:  # an alias of nobody's documents changes none
                assert before - SKEW <= when <= datetime.now(UTC) + SKEW

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

    def test_a_tombstone_stays_however_far_its_readers_are(self, opener: Opener) -> None:
        """A consumer may come back from the beginning, and must still learn what to forget."""
        with opener() as warehouse:
            warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
            warehouse.delete([note("a").id])
            warehouse.set_cursor("index", warehouse.latest_cursor())
        with opener() as again:
            again.put(note("b", text="new"), collection=COLLECTION)
            again.delete([note("b").id])
            again.set_cursor("index", again.latest_cursor())
            assert again.counts().tombstones == 2
        with opener() as third:
            found = [(change.document_id, change.deleted) for change in third.changes(None)]
            assert found == [(note("a").id, True), (note("b").id, True)]

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

    def test_waiting_sees_what_is_there_already(self, warehouse: Warehouse) -> None:
        assert warehouse.wait(None, 0) is False
        warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
        first, last = (change.cursor for change in warehouse.changes(None))
        assert [warehouse.wait(after, 0) for after in (None, first, last)] == [True, True, False]
        assert [warehouse.wait(after, HUNG) for after in (None, first)] == [True, True]

    def test_waiting_for_nothing_ends(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        cursor = warehouse.latest_cursor()
        assert warehouse.wait(cursor, 0.3) is False
        warehouse.put(note(), collection=COLLECTION)
        assert warehouse.wait(cursor, 0.3) is False

    @pytest.mark.parametrize("other", [False, True], ids=["same", "other"])
    @pytest.mark.parametrize("change", ["new", "metadata", "forgotten"])
    def test_a_change_ends_the_waiting(self, opener: Opener, change: str, *, other: bool) -> None:
        """Whoever changes it: this opening of the warehouse, or another one."""
        changing = {
            "new": lambda w: w.put(note("b"), collection=COLLECTION),
            "metadata": lambda w: w.put(note("a", title="T"), collection=COLLECTION),
            "forgotten": lambda w: w.delete([note("a").id]),
        }[change]
        with opener() as warehouse, opener() as second:
            warehouse.put(note("a"), collection=COLLECTION)
            cursor = warehouse.latest_cursor()
            assert warehouse.wait(cursor, 0.1) is False
            later = threading.Timer(0.4, changing, [second if other else warehouse])
            later.start()
            try:
                assert warehouse.wait(cursor, HUNG) is True
            finally:
                later.join()
            assert len(warehouse.changes(cursor)) == 1

    def test_who_waits_does_not_keep_others_from_working(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a"), collection=COLLECTION)
        cursor = warehouse.latest_cursor()
        seen: list[bool] = []
        waiting = threading.Thread(target=lambda: seen.append(warehouse.wait(cursor, HUNG)))
        waiting.start()
        assert warehouse.get(note("a").id).version == 1
        assert seen == []
        warehouse.put(note("b"), collection=COLLECTION)
        waiting.join(2 * HUNG)
        assert seen == [True]

    def test_a_place_found_again_still_waits(self, opener: Opener) -> None:
        """Where an engine keeps more than a number for a consumer, it must not say more than is."""
        with opener() as warehouse:
            warehouse.put(note("a"), collection=COLLECTION)
            warehouse.set_cursor("index", warehouse.latest_cursor())
            assert warehouse.wait(warehouse.cursor("index"), 0.2) is False
            warehouse.set_cursor("index", warehouse.latest_cursor())
        with opener() as again:
            assert again.wait(again.cursor("index"), 0.2) is False
            again.put(note("b"), collection=COLLECTION)
        with opener() as third:
            assert third.wait(third.cursor("index"), HUNG) is True

    def test_a_cursor_of_another_feed_is_refused(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        for cursor in ("no cursor", "", "999999999"):
            with pytest.raises(WarehouseError, match="cursor"):
                warehouse.changes(cursor)
            with pytest.raises(WarehouseError, match="cursor"):
                warehouse.wait(cursor, 0)
            with pytest.raises(WarehouseError, match="cursor"):
                warehouse.set_cursor("index", cursor)
        assert warehouse.cursor("index") is None
