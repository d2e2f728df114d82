"""What a home remembers of each collection."""

import json
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Audience
from twin.errors import ConfigurationError, UsageError
from twin.ingest.collections import Origin, origins, remember


def known(home: Path) -> Any:
    return json.loads((home / "collections.json").read_text("utf-8"))


def test_a_collection_keeps_its_root(tmp_path: Path) -> None:
    remember(tmp_path, "files:notes", "/a/notes", sure=False)
    remember(tmp_path, "files:notes", "/a/notes", sure=False)
    remember(tmp_path, "files:other", "/b/notes", sure=False)
    assert known(tmp_path) == {
        "files:notes": {"root": "/a/notes"},
        "files:other": {"root": "/b/notes"},
    }


def test_another_folder_of_the_same_name_is_refused_with_the_way_out(tmp_path: Path) -> None:
    remember(tmp_path, "files:notes", "/a/notes", sure=False)
    with pytest.raises(
        UsageError, match="'notes' came from /a/notes before, not from /b/notes"
    ) as it:
        remember(tmp_path, "files:notes", "/b/notes", sure=False, audience=Audience.PUBLIC)
    assert "--name notes" in it.value.hint
    assert known(tmp_path) == {"files:notes": {"root": "/a/notes"}}


def test_a_person_who_is_sure_moves_a_collection_and_its_audience(tmp_path: Path) -> None:
    home = tmp_path / "home"
    remember(home, "files:notes", "/a/notes", sure=True, audience=Audience.PRIVATE)
    remember(home, "files:notes", "/ü😀/notes", sure=True)
    assert remember(home, "files:notes", "/ü😀/notes", sure=False) == Origin(
        root="/ü😀/notes", audience=Audience.PRIVATE
    )
    with pytest.raises(UsageError):
        remember(home, "files:notes", "/a/notes", sure=False)
    assert not list(home.glob("*.new"))


def test_an_audience_holds_until_another_is_said(tmp_path: Path) -> None:
    def said(audience: Audience | None = None, file: str = "") -> Origin:
        return remember(tmp_path, "files:n", "/n", sure=False, audience=audience, file=file)

    assert said().audience is None
    assert said(Audience.PRIVATE).audience is Audience.PRIVATE
    assert said().audience is Audience.PRIVATE
    # One file alone neither loosens nor tightens the others.
    alone = said(Audience.PUBLIC, "a.md")
    assert (alone.audience, alone.files) == (Audience.PRIVATE, {"a.md": Audience.PUBLIC})
    assert said(None, "a.md") == said(None, "b.md") == said() == alone
    assert origins(tmp_path) == {"files:n": alone}
    # Whoever speaks of the whole speaks of every file.
    assert said(Audience.FRIENDS) == Origin(root="/n", audience=Audience.FRIENDS)


def test_a_file_of_the_first_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "collections.json").write_text('{"files:notes": "/a/notes"}', "utf-8")
    assert origins(tmp_path) == {"files:notes": Origin(root="/a/notes")}
    with pytest.raises(UsageError):
        remember(tmp_path, "files:notes", "/b", sure=False)
    remember(tmp_path, "files:notes", "/a/notes", sure=False, audience=Audience.PRIVATE)
    assert known(tmp_path) == {"files:notes": {"root": "/a/notes", "audience": "private"}}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"x"', "\x00", "\udc80", '{"a": 1}', '{"a": {"audience": "all"}}']
)
def test_what_was_remembered_and_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "collections.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match=r"collections\.json cannot be read") as raised:
        remember(tmp_path, "files:notes", "/a", sure=False)
    assert "delete it" in raised.value.hint
    assert path.read_bytes() == content.encode("utf-8", "surrogateescape")
