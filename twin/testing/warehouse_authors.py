"""The warehouse's contract: authors and their other names.

In: an engine. Out: tests that one person stays one, under however many names.
"""

# ruff: noqa: S101, PLR2004, D102 - tests: they assert, and their names say what

import pytest

from twin.errors import NotFoundError, WarehouseError
from twin.testing.warehouse_fixtures import COLLECTION, WarehouseFixtures, note
from twin.warehouse.protocol import Author, Outcome, Warehouse, metadata_hash


class AuthorsContract(WarehouseFixtures):
    """Authors, aliases and merging."""

    def test_an_author_is_known_by_a_slug(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Paul Iusztin"), collection=COLLECTION)
        warehouse.put(note("b", author="paul  IUSZTIN"), collection=COLLECTION)
        warehouse.put(note("c", author="Ada"), collection=COLLECTION)
        assert warehouse.authors() == [
            Author(slug="ada", name="Ada", documents=1),
            Author(slug="paul-iusztin", name="Paul Iusztin", documents=2),
        ]
        assert warehouse.resolve_author("PAUL iusztin") == "paul-iusztin"
        assert warehouse.resolve_author("Paul") is None
        assert warehouse.resolve_author("") is None

    def test_a_document_without_author_has_none(self, warehouse: Warehouse) -> None:
        for name, author in (("a", ""), ("b", "***")):
            warehouse.put(note(name, author=author), collection=COLLECTION)
            assert warehouse.get(note(name).id).author_slug == ""
        assert warehouse.authors() == []

    def test_the_number_of_documents_counts_newest_versions(self, warehouse: Warehouse) -> None:
        warehouse.put(note(text="one", author="Ada"), collection=COLLECTION)
        warehouse.put(note(text="two", author="Bob"), collection=COLLECTION)
        found = {author.slug: author.documents for author in warehouse.authors()}
        assert found == {"ada": 0, "bob": 1}

    def test_an_author_of_nothing_is_gone(self, warehouse: Warehouse) -> None:
        warehouse.put(note(author="Ada"), collection=COLLECTION)
        warehouse.put(note(author="Bob"), collection=COLLECTION)
        assert [author.slug for author in warehouse.authors()] == ["bob"]

    def test_an_alias_brings_later_documents(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Paul Iusztin"), collection=COLLECTION)
        author = warehouse.add_alias("paul-iusztin", "Paul I.")
        assert author == Author(
            slug="paul-iusztin", name="Paul Iusztin", aliases=("Paul I.",), documents=1
        )
        warehouse.put(note("b", author="paul i"), collection=COLLECTION)
        stored = warehouse.get(note("b").id)
        assert (stored.author_slug, stored.document.author) == ("paul-iusztin", "paul i")
        assert warehouse.resolve_author("PAUL I") == "paul-iusztin"
        assert [found.documents for found in warehouse.authors()] == [2]

    def test_an_alias_relabels_what_is_there(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Paul Iusztin"), collection=COLLECTION)
        warehouse.put(note("b", text="one", author="Paul I."), collection=COLLECTION)
        warehouse.put(note("b", text="two", author="Paul I."), collection=COLLECTION)
        cursor = warehouse.latest_cursor()
        assert warehouse.add_alias("paul-iusztin", "Paul I.").documents == 2
        stored = warehouse.get(note("b").id)
        assert stored.author_slug == "paul-iusztin"
        assert stored.document.author == "Paul I."
        assert stored.metadata_hash == metadata_hash(stored.document, "paul-iusztin")
        assert warehouse.get(note("b").id, 1).author_slug == "paul-iusztin"
        (change,) = warehouse.changes(cursor)
        assert (change.document_id, change.version) == (note("b").id, 2)
        again = warehouse.put(note("b", text="two", author="Paul I."), collection=COLLECTION)
        assert again.outcome is Outcome.UNCHANGED

    def test_authors_merge_with_their_aliases(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Paul Iusztin"), collection=COLLECTION)
        warehouse.put(note("b", author="pauliusztin"), collection=COLLECTION)
        warehouse.put(note("c", author="pi"), collection=COLLECTION)
        warehouse.add_alias("pauliusztin", "pi")
        warehouse.add_alias("paul-iusztin", "pauliusztin")
        assert warehouse.authors() == [
            Author(
                slug="paul-iusztin",
                name="Paul Iusztin",
                aliases=("pauliusztin", "pi"),
                documents=3,
            )
        ]
        assert {found.author_slug for found in warehouse.summaries()} == {"paul-iusztin"}
        assert warehouse.resolve_author("pi") == "paul-iusztin"

    def test_an_alias_is_as_good_as_the_slug(self, warehouse: Warehouse) -> None:
        warehouse.put(note(author="Ada"), collection=COLLECTION)
        warehouse.add_alias("ada", "Lady L")
        assert warehouse.add_alias("lady-l", "Countess").aliases == ("Countess", "Lady L")

    def test_an_alias_of_somebody_else_moves(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Ada"), collection=COLLECTION)
        warehouse.put(note("b", author="Bob"), collection=COLLECTION)
        warehouse.put(note("c", author="AL"), collection=COLLECTION)
        warehouse.add_alias("bob", "AL")
        warehouse.add_alias("ada", "AL")
        found = {author.slug: (author.aliases, author.documents) for author in warehouse.authors()}
        assert found == {"ada": (("AL",), 2), "bob": ((), 1)}
        assert warehouse.get(note("c").id).author_slug == "ada"

    def test_an_alias_that_changes_nothing(self, warehouse: Warehouse) -> None:
        warehouse.put(note(author="Ada"), collection=COLLECTION)
        warehouse.add_alias("ada", "Lady L")
        cursor = warehouse.latest_cursor()
        for alias in ("ADA", "Lady L"):
            assert warehouse.add_alias("ada", alias).aliases == ("Lady L",)
        assert warehouse.add_alias("lady-l", "ada").slug == "ada"
        assert warehouse.changes(cursor) == []

    def test_an_alias_needs_an_author_and_a_name(self, warehouse: Warehouse) -> None:
        warehouse.put(note(author="Ada"), collection=COLLECTION)
        with pytest.raises(NotFoundError, match="nobody"):
            warehouse.add_alias("nobody", "N")
        with pytest.raises(WarehouseError, match="letters"):
            warehouse.add_alias("ada", "—")
        assert warehouse.authors() == [Author(slug="ada", name="Ada", documents=1)]

    def test_an_alias_outlives_its_last_document(self, warehouse: Warehouse) -> None:
        warehouse.put(note("a", author="Ada"), collection=COLLECTION)
        warehouse.add_alias("ada", "Lady L")
        warehouse.delete([note("a").id])
        warehouse.put(note("b", author="Lady L"), collection=COLLECTION)
        assert warehouse.get(note("b").id).author_slug == "ada"
