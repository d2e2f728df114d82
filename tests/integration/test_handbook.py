"""The Handbook project's real dump, into a warehouse and out again."""

import json
from collections import Counter
from pathlib import Path

import pytest

from twin.components import SilentReport
from twin.documents import Document
from twin.warehouse.handbook import read_handbook
from twin.warehouse.jsonl import export_jsonl, import_jsonl
from twin.warehouse.protocol import Outcome
from twin.warehouse.sqlite import SQLiteWarehouse

DUMP = Path(__file__).parents[2].parent / "shared" / "data" / "handbook"

pytestmark = pytest.mark.skipif(
    not (DUMP / "ArticleDocument.json").is_file(),
    reason="the Handbook dump is not beside the repository (../shared/data/handbook)",
)


class Strict(SilentReport):
    def skipped(self, item: str, reason: str) -> None:
        pytest.fail(f"{item} was skipped: {reason}")

    def failed(self, item: str, reason: str) -> None:
        pytest.fail(f"{item} failed: {reason}")


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    return list(read_handbook(DUMP, Strict()))


def test_every_article_is_a_document_to_the_letter(documents: list[Document]) -> None:
    entries = json.loads((DUMP / "ArticleDocument.json").read_bytes())
    assert len(documents) == len(entries) == 76
    assert len({document.id for document in documents}) == 76
    for entry, document in zip(entries, documents, strict=True):
        assert document.text == entry["content"]["Content"]
        assert document.title == entry["content"]["Title"]
        assert document.url == entry["link"]
        assert document.author == entry["author_full_name"]
        assert document.language == entry["content"].get("language")
        assert document.extra.get("subtitle") == entry["content"]["Subtitle"]


def test_authors_platforms_and_dates(documents: list[Document]) -> None:
    assert Counter(document.author for document in documents) == {
        "Paul Iusztin": 50,
        "Maxime Labonne": 26,
    }
    assert Counter(document.platform for document in documents) == {
        "substack": 69,
        "medium": 5,
        "mlabonne.github.io": 2,
    }
    assert sorted(document.published_at for document in documents if document.published_at) == [
        "2024-07-15",
        "2024-07-29",
    ]
    assert not any("r=1ttoeh" in document.source for document in documents)
    assert any("r=1ttoeh" in str(document.url) for document in documents)


def test_it_rests_and_moves_unchanged(documents: list[Document], tmp_path: Path) -> None:
    with (
        SQLiteWarehouse(tmp_path / "one.sqlite3") as one,
        SQLiteWarehouse(tmp_path / "two.sqlite3") as two,
    ):
        puts = one.put_many(documents, collection="handbook")
        assert {put.outcome for put in puts} == {Outcome.NEW}
        assert [one.get(document.id).document for document in documents] == documents
        again = one.put_many(documents, collection="handbook")
        assert {put.outcome for put in again} == {Outcome.UNCHANGED}
        export_jsonl(one, tmp_path / "all.jsonl")
        done = import_jsonl(two, tmp_path / "all.jsonl")
        assert (done.new, done.failed) == (76, ())
        assert list(two.export()) == list(one.export())
        assert [author.documents for author in two.authors()] == [26, 50]
