"""What is SQLite's own: the file, its rights, its schema, and that forgotten text leaves it."""

import logging
import random
import re
import sqlite3
import stat
from pathlib import Path

import pytest

from twin.documents import Document
from twin.errors import ConfigurationError, WarehouseError
from twin.tables import WarehouseSettings
from twin.testing.warehouse_feedback import said, source
from twin.warehouse import open_warehouse
from twin.warehouse.sqlite import SQLiteWarehouse
from twin.warehouse.sqlite_schema import SCHEMA_VERSION


def piece(name: str, text: str = "text") -> Document:
    return Document(source=f"file:notes/{name}", text=text)


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


def test_the_settings_name_the_engine(tmp_path: Path) -> None:
    home = tmp_path / "not" / "there" / "yet"
    with open_warehouse(WarehouseSettings(), home) as warehouse:
        warehouse.put(piece("a"), collection="file:notes")
    assert (home / "warehouse.sqlite3").is_file()


def test_an_unknown_engine_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'oracle'") as caught:
        open_warehouse(WarehouseSettings(engine="oracle"), tmp_path)
    assert "sqlite" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with SQLiteWarehouse(tmp_path / "w.sqlite3") as warehouse:
        warehouse.put(piece("a"), collection="c")
        rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(rights) == 3
    assert set(rights.values()) == {0o600}
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    with SQLiteWarehouse(tmp_path / "w.sqlite3") as warehouse:
        pragmas = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        connection = warehouse._connection
        assert connection is not None
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert found == ["wal", 2, 1, 1]


@pytest.mark.parametrize("content", [b"# a note\n" * 100, b"\0" * 5000, b"SQLite format 3\0junk"])
def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.sqlite3"
    path.write_bytes(content)
    with pytest.raises(WarehouseError, match=re.escape(str(path))) as caught:
        SQLiteWarehouse(path)
    assert caught.value.hint
    assert path.read_bytes() == content


def test_somebody_elses_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite3"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (a)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match="not a warehouse"):
        SQLiteWarehouse(path)
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite3"
    SQLiteWarehouse(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(WarehouseError, match="newer twin") as caught:
        SQLiteWarehouse(path)
    assert "update" in caught.value.hint
    assert path.read_bytes() == before


def test_a_path_that_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path, tmp_path / "file" / "w.sqlite3"):
        with pytest.raises(WarehouseError, match=re.escape(str(path))):
            SQLiteWarehouse(path)


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    with SQLiteWarehouse(tmp_path / "w.sqlite3") as warehouse:
        connection = warehouse._connection
        assert connection is not None
        connection.execute("PRAGMA max_page_count = 60")
        with pytest.raises(WarehouseError, match="full") as caught:
            warehouse.put_many([piece("a"), piece("b", "b" * 500_000)], collection="c")
        assert "room" in caught.value.hint
        assert warehouse.counts().documents == 0


def test_whoever_waits_too_long_is_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.sqlite3"
    SQLiteWarehouse(path).close()
    monkeypatch.setattr("twin.warehouse.sqlite_schema.BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    with SQLiteWarehouse(path) as warehouse:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(WarehouseError, match="locked") as caught:
            warehouse.put(piece("a"), collection="c")
        assert "another process" in caught.value.hint
        assert warehouse.counts().documents == 0
        other.execute("ROLLBACK")
        assert warehouse.put(piece("a"), collection="c").version == 1
    other.close()


@pytest.mark.parametrize("seed", [2, 6])
def test_what_is_forgotten_leaves_the_disk(tmp_path: Path, seed: int) -> None:
    """Rows of many sizes among others that stay: with these seeds a page kept a copy of one."""
    path = tmp_path / "w.sqlite3"
    rng = random.Random(seed)
    alive: dict[str, str] = {}
    gone: set[str] = set()
    with SQLiteWarehouse(path) as warehouse:
        for number in range(20):
            batch = []
            for item in range(30):
                secret = f"SECRET{number:04}{item:02}"
                document = Document(
                    source=f"s:{rng.random()}",
                    title=secret,
                    author=secret,
                    url=f"https://a/{secret}",
                    text=secret + "x" * rng.choice([5, 50, 500, 1500]) + secret,
                    raw=secret.encode(),
                    extra={"k": secret * rng.choice([1, 50])},
                )
                alive[document.id] = secret
                batch.append(document)
            warehouse.put_many(batch, collection="c")
            ids = rng.sample(sorted(alive), 20)
            assert warehouse.delete(ids) == 20
            gone |= {alive.pop(document_id) for document_id in ids}
        still_open = on_disk(path)
    for content in (still_open, on_disk(path)):
        found = {match.decode() for match in re.findall(rb"SECRET\d{6}", content)}
        assert found == set(alive.values())
        assert not found & gone


def test_what_is_forgotten_gives_its_room_back(tmp_path: Path) -> None:
    path = tmp_path / "w.sqlite3"
    with SQLiteWarehouse(path) as warehouse:
        warehouse.put(piece("a"), collection="c")
        put = warehouse.put(piece("b", "b" * 1_000_000), collection="c")
        warehouse.delete([put.document_id])
        assert len(on_disk(path)) < 300_000


def test_what_could_not_be_scrubbed_is_scrubbed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "w.sqlite3"
    monkeypatch.setattr("twin.warehouse.sqlite_scrub.SCRUB_SECONDS", 0.05)
    reader = None
    with SQLiteWarehouse(path) as warehouse:
        put = warehouse.put(piece("a", "SECRET" * 50), collection="c")
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM documents").fetchone()
        with caplog.at_level(logging.WARNING):
            assert warehouse.delete([put.document_id]) == 1
        assert "traces are still on the disk" in caplog.text
        assert b"SECRET" in on_disk(path)
        reader.execute("ROLLBACK")
        reader.close()
        warehouse.put(piece("b"), collection="c")
    with SQLiteWarehouse(path):
        assert b"SECRET" not in on_disk(path)


def test_a_warehouse_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite3"
    with SQLiteWarehouse(path) as warehouse:
        warehouse.put(Document(source="file:notes/a.md", text="Old."), collection="files:notes")
    old = sqlite3.connect(path)
    old.execute("DROP TABLE quarantine")
    old.execute("DROP TABLE feedback_documents")
    old.execute("DROP TABLE feedback")
    old.execute("ALTER TABLE changes DROP COLUMN changed_at")
    view = old.execute("SELECT sql FROM sqlite_master WHERE type = 'view'").fetchone()[0]
    old.execute("DROP VIEW stored")
    for column in ("recipe", "enrichment"):
        old.execute(f"ALTER TABLE versions DROP COLUMN {column}")
    old.execute(view)
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    with SQLiteWarehouse(path) as warehouse:
        assert [change.at for change in warehouse.changes(None)] == [""]
        warehouse.put(Document(source="file:notes/b.md", text="New."), collection="files:notes")
        assert warehouse.changes(None)[-1].at
        warehouse.put_feedback(said())
        assert list(warehouse.feedback()) == [said()]


def test_feedback_that_was_forgotten_leaves_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite3"
    with SQLiteWarehouse(path) as warehouse:
        warehouse.put_feedback(said(answer="SECRET one"))
        warehouse.put_feedback(said("b", answer="SECRET two", sources=(source(),)))
        assert b"SECRET" in on_disk(path)
        warehouse.delete_feedback("a")
        warehouse.delete([source().document_id])
        assert b"SECRET" not in on_disk(path)
