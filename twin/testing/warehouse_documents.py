"""The warehouse's contract: documents and their versions.

In: an engine. Out: tests that what is put comes back as it was, versioned, until it is forgotten.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from twin.documents import Audience, Document, Kind, document_id
from twin.errors import NotFoundError, ReadError, WarehouseError
from twin.testing.warehouse_fixtures import COLLECTION, WarehouseFixtures, note
from twin.warehouse.protocol import Outcome, Warehouse, metadata_hash

EVERYTHING = Document(
    source="https://example.org/tides",
    text="# Tides\n\nThey *wait* for nobody.\n",
    title="On tides",
    author="Zoë  O’Neil",
    kind=Kind.POST,
    platform="example",
    audience=Audience.FRIENDS,
    published_at="2024-02-29T23:59:59+02:00",
    url="https://example.org/tides?page=1#top",
    language="en-GB",
    tags=("sea", "moon, and sun", ""),
    media_type="text/html",
    raw=bytes(range(256)),
    extra={"subtitle": "a note", "likes": "12"},
)


class DocumentsContract(WarehouseFixtures):
    """Documents, versions and what lists them."""

    def test_a_document_comes_back_as_it_was(self, warehouse: Warehouse) -> None:
        put = warehouse.put(EVERYTHING, collection="https://example.org")
        stored = warehouse.get(put.document_id)
        assert stored.document == EVERYTHING
        assert (put.outcome, put.version, put.document_id) == (Outcome.NEW, 1, EVERYTHING.id)
        assert (stored.id, stored.version, stored.latest) == (EVERYTHING.id, 1, True)
        assert (stored.author_slug, stored.collection) == ("zoe-oneil", "https://example.org")
        assert stored.metadata_hash == metadata_hash(EVERYTHING, "zoe-oneil")
        assert datetime.fromisoformat(stored.fetched_at).utcoffset() == timedelta(0)

    def test_the_same_again_is_unchanged(self, warehouse: Warehouse) -> None:
        warehouse.put(EVERYTHING, collection=COLLECTION)
        before = warehouse.get(EVERYTHING.id)
        assert warehouse.put(EVERYTHING, collection=COLLECTION).outcome is Outcome.UNCHANGED
        assert warehouse.get(EVERYTHING.id) == before

    def test_another_text_is_another_version(self, warehouse: Warehouse) -> None:
        warehouse.put(note(text="one", title="first"), collection=COLLECTION)
        put = warehouse.put(note(text="two", title="second"), collection=COLLECTION)
        assert (put.outcome, put.version) == (Outcome.CHANGED, 2)
        old, new = warehouse.get(put.document_id, 1), warehouse.get(put.document_id)
        assert (old.document.text, old.document.title, old.latest) == ("one", "first", False)
        assert (new.document.text, new.document.title, new.latest) == ("two", "second", True)
        assert warehouse.get(put.document_id, 2) == new

    def test_a_text_that_returns_is_a_new_version(self, warehouse: Warehouse) -> None:
        for text in ("one", "two", "one"):
            put = warehouse.put(note(text=text), collection=COLLECTION)
        assert (put.outcome, put.version) == (Outcome.CHANGED, 3)
        listed = warehouse.versions(put.document_id)
        assert [number for number, _ in listed] == [1, 2, 3]
        assert [when for _, when in listed] == sorted(when for _, when in listed)
        assert listed[2] == (3, warehouse.get(put.document_id).fetched_at)

    def test_hashes_are_those_of_the_newest_texts(self, warehouse: Warehouse) -> None:
        other, gone = note("ebb"), note("flow")
        for one in (note(text="one"), note(text="two"), other, gone):
            warehouse.put(one, collection=COLLECTION)
        warehouse.delete([gone.id])
        asked = [note().id, other.id, gone.id, "no id at all"]
        expected = {note().id: note(text="two").text_hash, other.id: other.text_hash}
        assert warehouse.text_hashes(asked) == expected
        assert warehouse.text_hashes([]) == {}

    @pytest.mark.parametrize(
        "changed",
        [
            {"title": "T"},
            {"author": "Ada"},
            {"kind": Kind.MESSAGE},
            {"platform": "mail"},
            {"audience": Audience.PRIVATE},
            {"published_at": "2020-01-01"},
            {"url": "https://example.org/"},
            {"tags": ("a",)},
            {"language": "de"},
        ],
        ids=lambda changed: next(iter(changed)),
    )
    def test_other_metadata_change_the_version_that_is_there(
        self, warehouse: Warehouse, changed: dict[str, Any]
    ) -> None:
        warehouse.put(note(), collection=COLLECTION)
        before = warehouse.get(note().id)
        now = note(**changed)
        put = warehouse.put(now, collection=COLLECTION)
        after = warehouse.get(now.id)
        assert (put.outcome, put.version) == (Outcome.CHANGED, 1)
        assert after.document == now
        assert after.fetched_at == before.fetched_at
        assert after.metadata_hash != before.metadata_hash
        assert warehouse.put(now, collection=COLLECTION).outcome is Outcome.UNCHANGED

    def test_new_metadata_leave_older_versions_alone(self, warehouse: Warehouse) -> None:
        warehouse.put(note(text="one", title="first"), collection=COLLECTION)
        warehouse.put(note(text="two", title="second"), collection=COLLECTION)
        warehouse.put(note(text="two", title="third"), collection=COLLECTION)
        assert warehouse.get(note().id, 1).document.title == "first"
        assert warehouse.get(note().id, 2).document.title == "third"

    def test_what_is_in_no_hash_is_kept_up_to_date_quietly(self, warehouse: Warehouse) -> None:
        warehouse.put(note(author="Ada L", extra={"likes": "1"}), collection="file:old")
        cursor = warehouse.latest_cursor()
        now = note(author="Ada  L.", extra={"likes": "2"})
        assert warehouse.put(now, collection="file:new").outcome is Outcome.UNCHANGED
        stored = warehouse.get(now.id)
        assert (stored.document, stored.collection) == (now, "file:new")
        assert warehouse.changes(cursor) == []

    def test_a_version_keeps_its_first_bytes(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        for raw in (b"<p>nonce 1", b"<p>nonce 2"):
            put = warehouse.put(note(raw=raw, media_type="text/html"), collection=COLLECTION)
            assert put.outcome is Outcome.UNCHANGED
        stored = warehouse.get(note().id).document
        assert (stored.raw, stored.media_type) == (b"<p>nonce 1", "text/html")

    @pytest.mark.parametrize(
        "text",
        [
            "\N{GRINNING FACE}\N{MUSICAL SYMBOL G CLEF} astral",
            "nul\x00inside\x00",
            "one\r\ntwo\rthree\n\x0b\x0c\x1c\x85\u2028\u2029end\r\n",
            "\ufeffbom, \u200b\u202e, e\u0301 and \u00e9 are not one",
            " \t leading and trailing \n\n ",
            "\ufffd\uffff\U0010ffff",
        ],
        ids=["astral", "nul", "line-ends", "combining", "space", "edges"],
    )
    def test_text_is_kept_to_the_letter(self, warehouse: Warehouse, text: str) -> None:
        given = note(text=text, title=text, extra={text: text}, tags=(text,), raw=text.encode())
        warehouse.put(given, collection=COLLECTION)
        assert warehouse.get(given.id).document == given
        assert warehouse.counts().characters == len(text)
        assert [summary.characters for summary in warehouse.summaries()] == [len(text)]

    def test_a_long_text_is_kept(self, warehouse: Warehouse) -> None:
        long = "".join(chr(0x100 + number % 0x3000) for number in range(2_500_000))
        given = note(text=long, raw=long.encode())
        assert len(long.encode()) > 5_000_000
        warehouse.put(given, collection=COLLECTION)
        assert warehouse.get(given.id).document == given

    def test_half_a_character_is_refused(self, warehouse: Warehouse) -> None:
        for broken in (note(text="half \ud83d"), note(title="half \ud83d")):
            with pytest.raises(WarehouseError, match="surrogate"):
                warehouse.put(broken, collection=COLLECTION)
        assert warehouse.counts().documents == 0

    def test_an_empty_source_is_refused(self, warehouse: Warehouse) -> None:
        with pytest.raises(ReadError, match="source"):
            warehouse.put(replace(note(), source=" "), collection=COLLECTION)

    def test_what_is_not_there_is_not_found(self, warehouse: Warehouse) -> None:
        warehouse.put(note(), collection=COLLECTION)
        for key, version in ((document_id("file:notes/none.md"), None), (note().id, 2)):
            with pytest.raises(NotFoundError, match=key):
                warehouse.get(key, version)
        assert warehouse.versions("no id at all") == []

    def test_many_are_got_at_once_without_bytes(self, warehouse: Warehouse) -> None:
        for text in ("one", "two"):
            warehouse.put(note("a", text=text, raw=b"raw"), collection=COLLECTION)
        warehouse.put(note("b"), collection=COLLECTION)
        warehouse.put(note("c"), collection=COLLECTION)
        warehouse.delete([note("c").id])
        keys = [(note("a").id, 1), (note("a").id, 2), (note("b").id, 1)]
        found = warehouse.get_many([*keys, (note("c").id, 1), (note("b").id, 9)])
        assert set(found) == set(keys)
        assert [found[key].document.text for key in keys[:2]] == ["one", "two"]
        assert [found[key].latest for key in keys] == [False, True, True]
        assert all(stored.document.raw is None for stored in found.values())

    def test_forgetting_removes_all_versions(self, warehouse: Warehouse) -> None:
        for text in ("one", "two"):
            warehouse.put(note(text=text, author="Ada"), collection=COLLECTION)
        warehouse.put(note("other"), collection=COLLECTION)
        assert warehouse.delete([note().id, note().id, document_id("file:unknown")]) == 1
        for version in (None, 1, 2):
            with pytest.raises(NotFoundError):
                warehouse.get(note().id, version)
        assert warehouse.versions(note().id) == []
        assert [summary.id for summary in warehouse.summaries()] == [note("other").id]
        counts = warehouse.counts()
        assert (counts.documents, counts.versions, counts.tombstones) == (1, 1, 1)
        assert (counts.authors, warehouse.authors()) == (0, [])

    def test_what_was_forgotten_returns_as_new(self, warehouse: Warehouse) -> None:
        for text in ("one", "two"):
            warehouse.put(note(text=text), collection=COLLECTION)
        warehouse.delete([note().id])
        put = warehouse.put(note(text="two"), collection=COLLECTION)
        assert (put.outcome, put.version) == (Outcome.NEW, 3)
        assert [number for number, _ in warehouse.versions(note().id)] == [3]
        assert warehouse.counts().tombstones == 0
        assert warehouse.put(note(text="four"), collection=COLLECTION).version == 4

    def test_summaries_are_ordered_and_chosen(self, warehouse: Warehouse) -> None:
        names = [f"{number:04}" for number in range(1203)]
        documents = [note(name, author="Ada" if name < "0700" else "Bob") for name in names]
        warehouse.put_many(documents[::-1], collection=COLLECTION)
        warehouse.put(EVERYTHING, collection="https://example.org")
        everything = list(warehouse.summaries())
        sources = [summary.source for summary in everything]
        assert sources == sorted({document.source for document in [*documents, EVERYTHING]})
        assert len(list(warehouse.summaries(author="ada"))) == 700
        assert len(list(warehouse.summaries(author="ada", collection="https://example.org"))) == 0
        (one,) = warehouse.summaries(collection="https://example.org")
        assert one == everything[-1]
        assert (one.title, one.author, one.author_slug) == ("On tides", "Zoë  O’Neil", "zoe-oneil")
        assert (one.kind, one.platform, one.audience) == (Kind.POST, "example", Audience.FRIENDS)
        assert (one.published_at, one.url) == (EVERYTHING.published_at, EVERYTHING.url)
        assert (one.version, one.characters) == (1, len(EVERYTHING.text))

    @pytest.mark.parametrize(
        "given",
        [EVERYTHING.id, EVERYTHING.source, str(EVERYTHING.url), "http://EXAMPLE.org/tides/#end"],
    )
    def test_a_document_is_found_by_what_names_it(self, warehouse: Warehouse, given: str) -> None:
        warehouse.put(EVERYTHING, collection=COLLECTION)
        warehouse.put(note(), collection=COLLECTION)
        assert [found.id for found in warehouse.summaries(source=given)] == [EVERYTHING.id]

    def test_summaries_may_be_forgotten_while_they_are_read(self, warehouse: Warehouse) -> None:
        warehouse.put_many([note(str(number)) for number in range(20)], collection=COLLECTION)
        assert sum(warehouse.delete([found.id]) for found in warehouse.summaries()) == 20
        assert list(warehouse.summaries()) == []

    def test_platforms_are_those_of_the_newest_versions(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", text="one", platform="old"), collection=COLLECTION)
        warehouse.put(note("a", text="two", platform="web"), collection=COLLECTION)
        warehouse.put(note("b", platform="mail"), collection=COLLECTION)
        warehouse.put(note("c", platform="gone"), collection=COLLECTION)
        warehouse.delete([note("c").id])
        assert warehouse.platforms() == ["mail", "web"]

    def test_counts_are_of_what_is_there(self, warehouse: Warehouse) -> None:
        counts = warehouse.counts()
        assert (counts.documents, counts.versions, counts.characters) == (0, 0, 0)
        warehouse.put(note("a", text="long text", author="Ada"), collection=COLLECTION)
        warehouse.put(note("a", text="short", author="Ada"), collection=COLLECTION)
        warehouse.put(note("b", text="b", author="Bob"), collection=COLLECTION)
        counts = warehouse.counts()
        assert (counts.documents, counts.versions, counts.characters) == (2, 3, 6)
        assert (counts.authors, counts.tombstones) == (2, 0)
