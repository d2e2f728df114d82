"""The warehouse's contract: out of one warehouse and into another.

In: an engine. Out: tests that an export holds everything, and that restoring adds what is missing
and nothing else.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

from dataclasses import replace
from pathlib import Path

import pytest

from twin.errors import WarehouseError
from twin.testing.warehouse_documents import EVERYTHING
from twin.testing.warehouse_fixtures import COLLECTION, WarehouseFixtures, note
from twin.warehouse.jsonl import export_jsonl, import_jsonl
from twin.warehouse.protocol import Author, Outcome, StoredDocument, Warehouse
from twin.warehouse.sqlite import SQLiteWarehouse


def filled(warehouse: Warehouse) -> Warehouse:
    """Return the warehouse with versions, aliases, bytes, a tombstone and a return in it."""
    warehouse.put(EVERYTHING, collection="https://example.org")
    for text in ("one\r\n", "two\x00", "one\r\n"):
        warehouse.put(note("a", text=text, author="Paul", raw=text.encode()), collection=COLLECTION)
    warehouse.put(note("b", author="pi"), collection=COLLECTION)
    warehouse.add_alias("paul", "pi")
    warehouse.put_many([note("c"), note("d")], collection=COLLECTION)
    warehouse.delete([note("c").id, note("d").id])
    warehouse.put(note("d"), collection=COLLECTION)
    return warehouse


class TransferContract(WarehouseFixtures):
    """Export and restore. The second warehouse is a SQLite one: engines must understand another."""

    def test_export_gives_every_version(self, warehouse: Warehouse) -> None:
        found = list(filled(warehouse).export())
        sources = [newest.document.source for newest, _ in found]
        assert sources == [note(name).source for name in "abd"] + [EVERYTHING.source]
        assert [[s.version for s in versions] for _, versions in found] == [
            [1, 2, 3],
            [1],
            [2],
            [1],
        ]
        for newest, versions in found:
            assert newest == versions[-1] == warehouse.get(newest.id)
            assert [stored.latest for stored in versions[:-1]] == [False] * (len(versions) - 1)

    def test_a_second_warehouse_becomes_the_same(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        with SQLiteWarehouse(tmp_path / "second.sqlite3") as second:
            for author in filled(warehouse).authors():
                second.restore_author(author)
            for newest, versions in warehouse.export():
                put = second.restore(versions)
                assert (put.outcome, put.version) == (Outcome.NEW, newest.version)
            assert list(second.export()) == list(warehouse.export())
            assert second.authors() == warehouse.authors()
            assert len(second.changes(None)) == 4
            put = second.put(note("e", author="pi"), collection=COLLECTION)
            assert second.get(put.document_id).author_slug == "paul"

    def test_this_warehouse_becomes_as_a_second(self, warehouse: Warehouse, tmp_path: Path) -> None:
        with SQLiteWarehouse(tmp_path / "second.sqlite3") as second:
            export_jsonl(filled(second), tmp_path / "all.jsonl")
            done = import_jsonl(warehouse, tmp_path / "all.jsonl")
            assert (done.new, done.authors, done.failed) == (4, 2, ())
            assert list(warehouse.export()) == list(second.export())
            assert warehouse.authors() == second.authors()

    def test_restoring_again_changes_nothing(self, warehouse: Warehouse) -> None:
        everything = list(filled(warehouse).export())
        cursor, counts = warehouse.latest_cursor(), warehouse.counts()
        for author in warehouse.authors():
            warehouse.restore_author(author)
        for newest, versions in everything:
            put = warehouse.restore(iter(versions))
            assert (put.outcome, put.version) == (Outcome.UNCHANGED, newest.version)
        assert (warehouse.latest_cursor(), warehouse.counts()) == (cursor, counts)
        assert list(warehouse.export()) == everything

    def test_missing_versions_are_added(self, warehouse: Warehouse) -> None:
        (_, versions), *_ = list(filled(warehouse).export())
        warehouse.delete([versions[0].id])
        assert warehouse.restore(versions[:1]).outcome is Outcome.NEW
        put = warehouse.restore(versions)
        assert (put.outcome, put.version) == (Outcome.CHANGED, 3)
        assert [warehouse.get(s.id, s.version) for s in versions] == versions

    def test_what_is_forgotten_comes_back_as_it_was(self, warehouse: Warehouse) -> None:
        (newest, versions), *_ = list(filled(warehouse).export())
        warehouse.delete([newest.id])
        cursor = warehouse.latest_cursor()
        assert warehouse.restore(versions[:2]).version == 2
        assert [change.deleted for change in warehouse.changes(cursor)] == [False]
        # The third number was given once, to a text that may be cited somewhere.
        assert warehouse.put(note("a", text="new"), collection=COLLECTION).version == 4

    def test_a_contradiction_is_refused_whole(self, warehouse: Warehouse) -> None:
        warehouse.put(note(text="mine"), collection=COLLECTION)
        mine = warehouse.get(note().id)
        theirs = replace(mine, document=replace(mine.document, text="theirs"))
        with pytest.raises(WarehouseError, match="version 1"):
            warehouse.restore([theirs, replace(theirs, version=2)])
        assert warehouse.versions(mine.id) == [(1, mine.fetched_at)]

    def test_nonsense_is_refused(self, warehouse: Warehouse) -> None:
        warehouse.put_many([note("a"), note("b")], collection=COLLECTION)
        a, b = warehouse.get(note("a").id), warehouse.get(note("b").id)
        nonsense: list[list[StoredDocument]] = [
            [],
            [a, replace(b, version=2)],
            [replace(a, id=b.id)],
            [replace(a, version=2), replace(a, version=2)],
            [replace(a, version=0)],
        ]
        for versions in nonsense:
            with pytest.raises(WarehouseError):
                warehouse.restore(versions)
        assert warehouse.counts().versions == 2

    def test_an_alias_that_is_taken_is_refused(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Ada"), collection=COLLECTION)
        warehouse.add_alias("ada", "AL")
        with pytest.raises(WarehouseError, match="ada"):
            warehouse.restore_author(Author(slug="alan", name="Alan", aliases=("AL",)))
        assert [author.slug for author in warehouse.authors()] == ["ada"]
