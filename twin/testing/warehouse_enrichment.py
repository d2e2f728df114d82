"""The warehouse's contract: what was found out about a text stands beside it, per version.

In: an engine. Out: tests that it is kept, told of, carried along, and found out anew where it must.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

from dataclasses import replace
from pathlib import Path

from twin.documents import Enrichment
from twin.testing.warehouse_fixtures import COLLECTION, WarehouseFixtures, note
from twin.warehouse.copying import copy_warehouse
from twin.warehouse.jsonl import export_jsonl, import_jsonl
from twin.warehouse.protocol import Outcome, StoredDocument, Warehouse
from twin.warehouse.sqlite import SQLiteWarehouse

FOUND = Enrichment(
    language="de", topics=("tee", "größe"), entities=("Odile Prévost", "C++"), recipe="one"
)


def put(warehouse: Warehouse, name: str = "tide", found: Enrichment = FOUND) -> StoredDocument:
    """Store a note, and what was found out about it."""
    identity = warehouse.put(note(name), collection=COLLECTION).document_id
    warehouse.put_enrichments([replace(warehouse.get(identity), enrichment=found)])
    return warehouse.get(identity)


class EnrichmentContract(WarehouseFixtures):
    """Enrichments."""

    def test_what_was_found_out_stands_beside_the_version(self, warehouse: Warehouse) -> None:
        stored = put(warehouse)
        assert stored.enrichment == FOUND
        assert stored.payload_hash != stored.metadata_hash
        assert warehouse.get_many([(stored.id, 1)])[stored.id, 1].enrichment == FOUND
        assert [summary.enrichment for summary in warehouse.summaries()] == [FOUND]
        warehouse.put(note(text="Another text.\n"), collection=COLLECTION)
        assert warehouse.get(stored.id, 1).enrichment == FOUND
        second = warehouse.get(stored.id)
        assert second.enrichment == Enrichment()
        assert second.payload_hash == second.metadata_hash

    def test_what_is_not_enriched_is_told_page_by_page(self, warehouse: Warehouse) -> None:
        for name in "abcde":
            warehouse.put(note(name), collection=COLLECTION)
        put(warehouse, "done")
        ids = sorted(note(name).id for name in "abcde")
        assert warehouse.unenriched("one") == [(identity, 1) for identity in ids]
        assert warehouse.unenriched("one", limit=2) == [(identity, 1) for identity in ids[:2]]
        assert warehouse.unenriched("one", after=ids[1]) == [(one, 1) for one in ids[2:]]
        assert len(warehouse.unenriched("another")) == 6
        # Where nothing is to be found out any more, what was is to go.
        assert warehouse.unenriched("") == [(note("done").id, 1)]

    def test_only_another_finding_enters_the_feed(self, warehouse: Warehouse) -> None:
        stored = put(warehouse)
        cursor = warehouse.latest_cursor()
        again = replace(stored, enrichment=replace(FOUND, recipe="two"))
        assert warehouse.put_enrichments([again]) == 0
        assert warehouse.changes(cursor) == []
        assert warehouse.get(stored.id).enrichment.recipe == "two"
        other = replace(stored, enrichment=replace(FOUND, topics=("kaffee",)))
        assert warehouse.put_enrichments([other]) == 1
        [change] = warehouse.changes(cursor)
        assert (change.document_id, change.version, change.deleted) == (stored.id, 1, False)

    def test_an_older_version_and_one_that_is_gone_enter_no_feed(
        self, warehouse: Warehouse
    ) -> None:
        first = warehouse.get(warehouse.put(note(), collection=COLLECTION).document_id)
        gone = warehouse.get(warehouse.put(note("gone"), collection=COLLECTION).document_id)
        warehouse.put(note(text="A newer one.\n"), collection=COLLECTION)
        warehouse.delete([gone.id])
        cursor = warehouse.latest_cursor()
        enriched = [replace(one, enrichment=FOUND) for one in (first, gone)]
        assert warehouse.put_enrichments(enriched) == 0
        assert warehouse.changes(cursor) == []
        assert warehouse.get(first.id, 1).enrichment == FOUND
        assert warehouse.put_enrichments([]) == 0

    def test_other_metadata_are_looked_at_anew(self, warehouse: Warehouse) -> None:
        before = put(warehouse)
        stale = replace(before, enrichment=replace(FOUND, topics=("late",), recipe="late"))
        done = warehouse.put(note(tags=("tea",)), collection=COLLECTION)
        assert done.outcome is Outcome.CHANGED
        assert warehouse.unenriched("one") == [(before.id, 1)]
        # Until then what is known holds, and what was found under the old tags comes too late.
        assert warehouse.put_enrichments([stale]) == 0
        assert warehouse.get(before.id).enrichment == replace(FOUND, recipe="")
        # What is in no hash changes nothing.
        put(warehouse, "same")
        warehouse.put(note("same", extra={"likes": "3"}), collection="file:other")
        assert warehouse.get(note("same").id).enrichment == FOUND

    def test_it_goes_along_into_another_warehouse(
        self, warehouse: Warehouse, tmp_path: Path
    ) -> None:
        stored = put(warehouse)
        warehouse.put(note("bare"), collection=COLLECTION)
        with SQLiteWarehouse(tmp_path / "second.sqlite3") as second:
            assert copy_warehouse(warehouse, second).differences == 0
            assert second.get(stored.id).enrichment == FOUND
            newer = replace(FOUND, entities=("Odile",))
            warehouse.put_enrichments([replace(stored, enrichment=newer)])
            assert copy_warehouse(warehouse, second).differences == 0
            assert second.get(stored.id).enrichment == newer
            export_jsonl(second, tmp_path / "all.jsonl")
        warehouse.delete([stored.id])
        assert import_jsonl(warehouse, tmp_path / "all.jsonl").failed == ()
        assert warehouse.get(stored.id).enrichment == newer
        assert warehouse.get(note("bare").id).enrichment == Enrichment()
