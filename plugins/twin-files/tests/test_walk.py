"""Which files are read, under which source, and what is said of the others."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import twin

Read = Callable[..., Any]
Write = Callable[..., Path]


def test_files_come_in_sorted_order_with_their_sources(read: Read, write: Write) -> None:
    for name in ("b.md", "a/z.md", "a.md", "a/b/c.txt", "Z.md"):
        write(name)
    found = read(name="notes")
    assert [d.source for d in found.documents.values()] == [
        "file:notes/Z.md",
        "file:notes/a/b/c.txt",
        "file:notes/a/z.md",
        "file:notes/a.md",
        "file:notes/b.md",
    ]
    assert found.ledger.skips == {}


def test_the_collection_is_the_folder_however_it_is_named(
    read: Read, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md")
    root = tmp_path / "root"
    monkeypatch.chdir(root)
    ways = (str(root), f"{root}/", ".", "./", "../root", "a.md", str(root / "a.md"))
    assert {read(way).only.source for way in ways} == {"file:root/a.md"}
    (tmp_path / "link").symlink_to(root)
    assert read(tmp_path / "link").only.source == "file:root/a.md"


def test_a_source_is_composed_unicode(read: Read, write: Write) -> None:
    write("cafe\u0301/e\u0301.md")
    assert read().only.source == "file:root/caf\u00e9/\u00e9.md"


def test_two_names_that_compose_alike_are_told_apart(read: Read, write: Write) -> None:
    write("e\u0301.md")
    write("\u00e9.md")
    found = read()
    assert len(found.documents) == 1
    assert "same name" in next(iter(found.ledger.failures.values()))


def test_a_name_that_is_no_unicode_fails_alone(read: Read, write: Write, tmp_path: Path) -> None:
    write("a.md")
    with open(os.fsencode(tmp_path / "root") + b"/\xff.md", "wb") as file:  # noqa: PTH123
        file.write(b"words")
    found = read()
    assert list(found.documents) == ["a.md"]
    assert found.ledger.failures == {"\\udcff.md": "its name is not in UTF-8 (rename it)"}


def test_hidden_places_are_passed_over_in_silence(read: Read, write: Write) -> None:
    for name in (".git/a.md", ".obsidian/b.md", "node_modules/c.md", "__pycache__/d.py", ".e.md"):
        write(name)
    write("env/pyvenv.cfg")
    write("env/lib/x.py")
    write("kept.md")
    found = read()
    assert list(found.documents) == ["kept.md"]
    assert found.ledger.skips == {}


def test_other_kinds_are_counted_by_their_suffix(read: Read, write: Write) -> None:
    for name in ("a.png", "b.PNG", "Makefile", "c.md"):
        write(name)
    assert read().ledger.skips == {
        "a.png": "not a kind of file that is read (.png)",
        "b.PNG": "not a kind of file that is read (.png)",
        "Makefile": "not a kind of file that is read (no suffix)",
    }


def test_built_folders_are_named_once_and_may_be_read_themselves(
    read: Read, write: Write, tmp_path: Path
) -> None:
    write("build/a.md")
    write("build/b.md")
    found = read()
    assert not found.documents
    assert found.ledger.skips == {"build/": "a folder of built files"}
    assert len(read(tmp_path / "root" / "build").documents) == 2


def test_include_and_exclude(read: Read, write: Write) -> None:
    for name in ("a.md", "b.txt", "drafts/c.md"):
        write(name)
    found = read(include=("*.md",), exclude=("drafts",))
    assert list(found.documents) == ["a.md"]
    assert found.ledger.skips == {
        "b.txt": "not named by include",
        "drafts/": "left out by exclude",
    }


def test_links_are_not_followed_unless_asked(read: Read, write: Write, tmp_path: Path) -> None:
    write("a.md")
    (tmp_path / "root" / "b.md").symlink_to("a.md")
    found = read()
    assert list(found.documents) == ["a.md"]
    assert "symbolic link" in found.ledger.skips["b.md"]


def test_followed_links_neither_leave_the_root_nor_go_round(
    read: Read, write: Write, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    write("sub/a.md")
    write(".attic/old.md")
    write(".attic/deep/older.md")
    (tmp_path / "secret.md").write_text("not yours")
    (root / "sub" / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "gone.md").symlink_to("nowhere.md")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "same.md").symlink_to("sub/a.md")
    (root / "attic").symlink_to(".attic")
    (root / "deep").symlink_to(".attic/deep")
    found = read(follow_symlinks=True)
    assert list(found.documents) == ["attic/deep/older.md", "attic/old.md", "sub/a.md"]
    assert set(found.ledger.failures) == {"self", "gone.md"}
    assert "out of the folder" in found.ledger.skips["out.md"]
    assert set(found.ledger.skips) == {"out.md", "same.md", "sub/loop", "deep"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_hang_the_reader(read: Read, write: Write, tmp_path: Path) -> None:
    write("a.md")
    os.mkfifo(tmp_path / "root" / "pipe.md")
    found = read()
    assert list(found.documents) == ["a.md"]
    assert found.ledger.skips == {"pipe.md": "not a regular file"}
    assert read(tmp_path / "root" / "pipe.md").ledger.skips == {"pipe.md": "not a regular file"}


def test_a_source_that_is_not_there(read: Read, tmp_path: Path) -> None:
    with pytest.raises(twin.ReadError, match="there is no file or folder"):
        read(tmp_path / "nowhere")


def test_the_root_of_the_file_system_needs_a_name(read: Read) -> None:
    with pytest.raises(twin.ConfigurationError, match="cannot name a collection") as raised:
        read("/")
    assert "--name" in raised.value.hint
