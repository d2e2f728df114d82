"""Files that are given in the page: each giver's own, and gone with what was forgotten."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import twin
from twin.documents import Audience
from twin.home import Home
from twin.plugins import Plugin, PluginSet, Provided
from twin.serving.uploads import delete_copies, folder_name, take_in


class Archives:
    """A reader of exports, whose items are the platform's own."""

    def lazy_load_data(self, source: str) -> Iterator[Any]:
        with ZipFile(source) as archive:
            for name in archive.namelist():
                text = archive.read(name).decode()
                yield twin.make_document(source=f"blog:{name}", text=text)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    component = twin.ReaderComponent(
        name="packed",
        summary="",
        options=twin.NoOptions,
        build=lambda _options, _ctx: Archives(),  # type: ignore[arg-type,return-value]
        suffixes=(".zip",),
    )
    provided = Provided(component, "packed", "packed", "1")
    with Home(tmp_path / "home") as home:
        home.folder.mkdir()
        plugin = Plugin("packed", "packed", "1", "loaded", (provided,))
        home.__dict__["plugins"] = PluginSet((*home.plugins.plugins, plugin))
        yield home


def give(home: Home, folder: Path, text: str, user: str, name: str = "notes.md") -> None:
    given = folder / "given"
    given.write_text(text)
    [(shown, intake)] = take_in(home, [(name, given)], user)
    assert shown == name
    assert not intake.failures


def texts(home: Home) -> dict[str, str]:
    return {
        one.source: home.warehouse.get(one.id).document.text.strip()
        for one in home.warehouse.summaries()
    }


def test_two_people_give_a_file_of_the_same_name(home: Home, tmp_path: Path) -> None:
    give(home, tmp_path, "The heron is mine.", "ines")
    give(home, tmp_path, "The heron is hers.", "ada")
    give(home, tmp_path, "The heron is of this machine.", "local")
    assert texts(home) == {
        "file:uploads-ada/notes.md": "The heron is hers.",
        "file:uploads-ines/notes.md": "The heron is mine.",
        "file:uploads/notes.md": "The heron is of this machine.",
    }
    give(home, tmp_path, "The heron has left.", "ines")
    [mine] = home.warehouse.summaries(source="file:uploads-ines/notes.md")
    assert (mine.version, mine.audience) == (2, Audience.PRIVATE)
    assert texts(home)["file:uploads-ada/notes.md"] == "The heron is hers."


def test_two_people_give_an_archive_of_the_same_name(home: Home, tmp_path: Path) -> None:
    for user in ("ines", "ada"):
        packed = tmp_path / "given.zip"
        with ZipFile(packed, "w") as archive:
            archive.writestr(f"{user}.md", f"This is what {user} wrote of the tide.")
        [(_, intake)] = take_in(home, [("site.zip", packed)], user)
        assert (intake.new, intake.missing) == (1, [])
    # Neither is what the other's has lost.
    assert sorted(one.collection for one in home.warehouse.summaries()) == [
        "packed:site-ada",
        "packed:site-ines",
    ]


def test_no_two_people_have_one_folder() -> None:
    names = [
        "local",
        "ines",
        "Ines",
        "ines@x.org",
        "github:ines",
        "google:ines",
        "inés",
        "../..",
        "é",
    ]
    folders = [folder_name(one) for one in names]
    assert len(set(folders)) == len(names)
    assert len({one.casefold() for one in folders}) == len(names)
    assert all("/" not in one and one.startswith("uploads") for one in folders)
    assert folder_name("") == folder_name("local") == "uploads"


def test_the_copies_of_what_is_forgotten_go_and_nothing_else(home: Home, tmp_path: Path) -> None:
    own = tmp_path / "notes.md"
    own.write_text("This one is where its owner keeps it.")
    give(home, tmp_path, "The heron is mine.", "ines")
    give(home, tmp_path, "The gull is mine.", "ines", "gull.md")
    packed = tmp_path / "given.zip"
    with ZipFile(packed, "w") as archive:
        archive.writestr("a.md", "The tide is in the archive.")
    take_in(home, [("site.zip", packed)], "ines")
    folder = home.folder / "uploads-ines"
    (summary,) = home.warehouse.summaries(source="file:uploads-ines/notes.md")
    home.warehouse.delete([summary.id])
    sources = [summary.source, "file:../notes.md", f"file:{own}", "https://x.example/notes.md"]
    assert delete_copies(home, [(one, summary.collection) for one in sources]) == 1
    assert sorted(one.name for one in folder.iterdir()) == ["gull.md", "site.zip"]
    (inside,) = [one for one in home.warehouse.summaries() if "a.md" in one.source]
    assert delete_copies(home, [(inside.source, inside.collection)]) == 0
    home.warehouse.delete([inside.id])
    assert delete_copies(home, [(inside.source, inside.collection)]) == 1
    assert [one.name for one in folder.iterdir()] == ["gull.md"]
    assert own.exists()
