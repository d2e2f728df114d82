"""Claims on files and folders that a reader has looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import twin
from twin.claims import claim_of, claims_on
from twin.errors import ReadError
from twin.plugins import Plugin, PluginSet, Provided

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def reader(name: str = "export", **claims: Any) -> twin.ReaderComponent[twin.NoOptions]:
    return twin.ReaderComponent(
        name=name, summary="", options=twin.NoOptions, build=lambda *_: None, **claims
    )


def holding(mark: str) -> Callable[[Path], bool]:
    return lambda path: twin.holds(path, mark)


def named(*readers: twin.ReaderComponent[Any]) -> list[tuple[str, Any]]:
    return [(one.name, one) for one in readers]


def test_what_is_recognised_wins_over_every_name(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("id")
    folders = reader("folders", directories=True)
    table = reader("table", directories=True, filenames=("posts.csv",))
    export = reader("export", directories=True, recognises=holding("posts.csv"))
    found = claims_on(str(tmp_path), named(folders, table, export))
    assert max(found)[1] == "export"
    assert len(found) == 3


def test_what_is_not_recognised_is_not_claimed(tmp_path: Path) -> None:
    export = reader(directories=True, suffixes=(".zip",), recognises=holding("posts.csv"))
    assert claim_of(export, str(tmp_path)) == 0


def test_only_what_the_names_cover_is_looked_into(tmp_path: Path) -> None:
    seen: list[Path] = []
    one = reader(suffixes=(".zip",), recognises=lambda path: bool(seen.append(path)) or True)
    assert claim_of(one, str(tmp_path)) == 0
    assert claim_of(one, str(tmp_path / "a.txt")) == 0
    assert claim_of(one, "https://example.org/a.zip") == 0
    assert not seen
    assert claim_of(one, str(tmp_path / "a.zip")) > 0
    assert seen == [tmp_path / "a.zip"]


def test_a_damaged_archive_is_told_where_nobody_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK no zip")
    export = reader(suffixes=(".zip",), recognises=holding("posts.csv"))
    with pytest.raises(ReadError, match="neither a folder nor a whole ZIP"):
        claims_on(str(path), named(export))
    plain = reader("plain", suffixes=(".zip",))
    assert [who for _, who in claims_on(str(path), named(export, plain))] == ["plain"]


def test_a_look_that_raises_stops_no_other_reader(tmp_path: Path) -> None:
    def broken(path: Path) -> bool:
        raise RuntimeError(path.name)

    bad = reader("bad", directories=True, recognises=broken)
    good = reader("good", directories=True)
    assert [who for _, who in claims_on(str(tmp_path), named(bad, good))] == ["good"]
    with pytest.raises(ReadError, match="the reader 'bad' could not look into"):
        claims_on(str(tmp_path), named(bad))


def test_readers_that_look_do_not_clash_by_their_names() -> None:
    def plugins(*readers: twin.ReaderComponent[Any]) -> PluginSet:
        return PluginSet(
            tuple(
                Plugin(one.name, one.name, "1", "loaded", (Provided(one, one.name, one.name, "1"),))
                for one in readers
            )
        )

    looking = [
        reader(name, suffixes=(".zip",), recognises=holding("posts.csv")) for name in ("a", "b")
    ]
    assert not plugins(*looking).conflicts()
    plain = [reader(name, suffixes=(".zip",)) for name in ("a", "b")]
    assert [str(one.claim) for one in plugins(*plain).conflicts()] == ["files ending in '.zip'"]
