"""What a person may name as a warehouse, and that no password is ever a setting or repeated."""

from pathlib import Path

import pytest

from twin.cli import run
from twin.errors import SettingsError, UsageError
from twin.settings import load_settings
from twin.tables import WarehouseSettings
from twin.warehouse import open_place
from twin.warehouse.sqlite import SQLiteWarehouse


def test_the_home_and_a_file_are_places(tmp_path: Path) -> None:
    settings = WarehouseSettings()
    with open_place("sqlite", settings, tmp_path / "home", must_exist=False):
        assert (tmp_path / "home" / "warehouse.sqlite3").is_file()
    with open_place(str(tmp_path / "x.sqlite3"), settings, tmp_path, must_exist=False):
        assert (tmp_path / "x.sqlite3").is_file()


@pytest.mark.parametrize("place", ["sqlite", "nowhere.sqlite3", "monog"])
def test_what_is_read_must_be_there(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        open_place(place, WarehouseSettings(), tmp_path, must_exist=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "place",
    [
        "mongodb://ada:s3cret@127.0.0.1/twin",
        "mongodb://127.0.0.1:s3cret",
        "mongodb://127.0.0.1/",
        "postgres://ada:s3cret/twin",
    ],
)
def test_an_address_that_cannot_be_is_not_repeated(tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_place(place, WarehouseSettings(), tmp_path, must_exist=False)
    assert "s3cret" not in caught.value.message + caught.value.hint
    assert "url_env" in caught.value.hint


def test_a_password_is_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twin.toml").write_text(
        '[warehouse]\nengine = "mongo"\nurl = "mongodb://ada:s3cret@host"\n', "utf-8"
    )
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert "warehouse.url" in caught.value.message
    assert "url_env" in caught.value.message
    assert "s3cret" not in caught.value.message + caught.value.hint
    (tmp_path / "twin.toml").unlink()
    monkeypatch.setenv("TWIN_WAREHOUSE__URL", "mongodb://ada:s3cret@host")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_copy_tells_what_it_did_and_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from twin.documents import Document

    def copy() -> tuple[int, str, str]:
        command = ["--home", str(tmp_path), "warehouse", "copy", "sqlite", str(tmp_path / "to")]
        code = run(command)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    mine = Document(source="file:notes/a", text="mine", author="Ada")
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as home:
        home.put(mine, collection="c")
    code, out, err = copy()
    assert (code, err) == (0, "")
    assert "1 documents are new" in out
    assert "1 documents with 1 versions (4 characters), 1 authors" in out
    with SQLiteWarehouse(tmp_path / "to") as other:
        other.put(Document(source="file:notes/\x1b[2J", text="theirs"), collection="c")
    code, out, err = copy()
    assert code == 1
    assert "only in the second" in err
    assert "\x1b" not in err
    assert run(["--home", str(tmp_path), "warehouse", "copy", "sqlite", "sqlite"]) == 2
