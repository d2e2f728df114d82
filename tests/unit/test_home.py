import json
from pathlib import Path

import pytest

from twin.errors import ConfigurationError, SettingsError, UsageError
from twin.home import Home


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a home"


def write(folder: Path, toml: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "twin.toml").write_text(toml, encoding="utf-8")


def test_looking_at_a_home_makes_nothing(folder: Path) -> None:
    with Home(folder) as home:
        assert home.settings_path == folder / "twin.toml"
        assert home.settings.index.store.use == "qdrant-edge"
        assert home.consumer == "index:qdrant-edge-default"
        assert home.registry.embedder_fingerprint()
    assert not folder.exists()


def test_every_mistake_of_the_settings_is_told_before_anything_is_opened(folder: Path) -> None:
    write(
        folder,
        '[index]\nstore = "nowhere"\n[index.embedding]\nuse = "sentence-transformers"\nsize = 1\n',
    )
    with Home(folder) as home, pytest.raises(SettingsError) as raised:
        assert home.index
    assert "index.store" in str(raised.value)
    assert "index.embedding.size" in str(raised.value)
    assert [path.name for path in folder.iterdir()] == ["twin.toml"]


def test_what_was_opened_is_closed_the_last_first_whatever_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    home = Home(folder)
    warehouse, ledger = home.warehouse, home.ledger
    close = ledger.close

    def failing() -> None:
        closed.append("ledger")
        close()
        message = "the disk is gone"
        raise OSError(message)

    monkeypatch.setattr(type(warehouse), "close", lambda _: closed.append("warehouse"))
    monkeypatch.setattr(type(ledger), "close", lambda _: failing())
    again = Home(folder)
    assert again.warehouse
    assert again.ledger
    with pytest.raises(OSError, match="disk"):
        again.close()
    assert closed == ["ledger", "warehouse"]
    again.close()
    assert closed == ["ledger", "warehouse"]
    monkeypatch.undo()
    home.close()


def test_each_store_has_a_ledger_and_a_cursor_of_its_own(folder: Path) -> None:
    names = set()
    for store in (
        'store = "qdrant-edge"',
        'store = {use = "qdrant-edge", collection = "b"}',
        'store = {use = "qdrant", url = "http://127.0.0.1:1"}',
        'store = {use = "qdrant", url = "http://127.0.0.1:2"}',
    ):
        write(folder, f"[index]\n{store}\n")
        with Home(folder) as home:
            assert home.ledger.counts() == (0, 0)
            names.add(home.consumer)
    assert len(names) == len(list((folder / "index").glob("*.ledger.sqlite3"))) == 4


# Where a collection comes from


def test_a_collection_keeps_its_root(folder: Path) -> None:
    home = Home(folder)
    home.root_of("files:notes", "/a/notes", sure=False)
    home.root_of("files:notes", "/a/notes", sure=False)
    home.root_of("files:other", "/b/notes", sure=False)
    known = json.loads((folder / "collections.json").read_text("utf-8"))
    assert known == {"files:notes": "/a/notes", "files:other": "/b/notes"}


def test_another_folder_of_the_same_name_is_refused_with_the_way_out(folder: Path) -> None:
    Home(folder).root_of("files:notes", "/a/notes", sure=False)
    with pytest.raises(
        UsageError, match="'notes' came from /a/notes before, not from /b/notes"
    ) as it:
        Home(folder).root_of("files:notes", "/b/notes", sure=False)
    assert "--name notes" in it.value.hint
    known = json.loads((folder / "collections.json").read_text("utf-8"))
    assert known == {"files:notes": "/a/notes"}


def test_a_person_who_is_sure_moves_a_collection(folder: Path) -> None:
    home = Home(folder)
    home.root_of("files:notes", "/a/notes", sure=True)
    home.root_of("files:notes", "/ü😀/notes", sure=True)
    home.root_of("files:notes", "/ü😀/notes", sure=False)
    with pytest.raises(UsageError):
        home.root_of("files:notes", "/a/notes", sure=False)
    assert [path.name for path in folder.iterdir()] == ["collections.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "\x00", "\udc80"])
def test_what_was_remembered_and_cannot_be_read_is_named(folder: Path, content: str) -> None:
    folder.mkdir()
    path = folder / "collections.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=r"collections\.json cannot be read") as raised:
        Home(folder).root_of("files:notes", "/a", sure=False)
    assert "delete it" in raised.value.hint
    assert path.read_bytes() == content.encode("utf-8", "surrogateescape")
