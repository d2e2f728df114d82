from pathlib import Path

import pytest

from twin.errors import SettingsError
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
