"""Many sources: each accounted for, hosts side by side, and what was dropped forgotten in time."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import twin
from twin.collecting import Wanted, collect, wanted_by
from twin.documents import Audience
from twin.errors import TwinError, UsageError, WarehouseError
from twin.home import Home
from twin.ingest import grace
from twin.plugins import Plugin, PluginSet, Provided, discover

MEETING = 20.0
"""Seconds within which two hosts must have met; far more than they need."""


class Site:
    """A reader of invented pages."""

    def __init__(self) -> None:
        self.pages: dict[str, list[str]] = {}
        self.barrier: threading.Barrier | None = None

    def lazy_load_data(self, source: str) -> Iterator[Any]:
        if self.barrier is not None:
            self.barrier.wait(MEETING)
        if source not in self.pages:
            message = f"{source} is down"
            raise twin.ReadError(message, "try again later")
        for name in self.pages[source]:
            yield twin.make_document(source=f"{source}/{name}", text=f"About {name}.", url=source)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def home(tmp_path: Path, site: Site) -> Iterator[Home]:
    component = twin.ReaderComponent(
        name="pages",
        summary="",
        options=twin.NoOptions,
        build=lambda _options, _ctx: site,  # type: ignore[arg-type,return-value]
        hosts=("*",),
    )
    own = tuple(p for p in discover().plugins if p.distribution == "twin" or p.name == "files")
    provided = Provided(component, "pages", "pages", "1")
    with Home(tmp_path / "home") as home:
        home.__dict__["plugins"] = PluginSet(
            (*own, Plugin("pages", "pages", "1", "loaded", (provided,)))
        )
        yield home


def web(name: str) -> Wanted:
    return Wanted(source=f"https://{name}.example/blog")


def texts(home: Home) -> set[str]:
    return {summary.source.rpartition("/")[2] for summary in home.warehouse.summaries()}


def test_an_address_that_is_none_is_told(home: Home) -> None:
    with pytest.raises(TwinError, match="not a URL"):
        collect(home, [Wanted(source="https://[draft]/x")])


def test_hosts_are_read_side_by_side(home: Home, site: Site) -> None:
    site.pages = {web(name).source: [name] for name in "abc"}
    site.barrier = threading.Barrier(3)
    found = collect(home, [web(name) for name in "abc"])
    assert [(intake.found, intake.new, intake.broken) for intake in found] == [(1, 1, "")] * 3
    assert [intake.collection for intake in found] == [
        f"pages:{name}.example/blog" for name in "abc"
    ]


def test_one_that_fails_does_not_stop_the_others(home: Home, site: Site, tmp_path: Path) -> None:
    site.pages = {web("a").source: ["x"], web("c").source: ["z"]}
    missing = Wanted(source=str(tmp_path / "nowhere"))
    found = collect(home, [web("a"), web("b"), missing, web("c")])
    assert [intake.found for intake in found] == [1, 0, 0, 1]
    assert "is down" in found[1].broken
    assert "no file or folder" in found[2].broken
    assert texts(home) == {"x", "z"}


def test_a_single_source_that_cannot_be_begun_is_an_error(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        collect(home, [Wanted(source=str(tmp_path / "nowhere"))])


def test_a_warehouse_that_cannot_be_written_ends_it_all(
    home: Home, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages = {web(name).source: [name] for name in "abc"}

    def full(*_: Any, **__: Any) -> None:
        message = "no space"
        raise WarehouseError(message) from OSError(message)

    monkeypatch.setattr(type(home.warehouse), "put_many", full)
    with pytest.raises(WarehouseError, match="no space"):
        collect(home, [web(name) for name in "abc"])


def test_a_password_in_an_address_is_shown_to_nobody(home: Home, site: Site) -> None:
    site.pages["https://a.example"] = ["one"]
    wanted = [Wanted(source="https://ada:secret@a.example/@x"), Wanted(source="https://a.example")]
    assert wanted[0].shown == "https://a.example/@x"
    told: list[str] = []
    first, second = collect(home, wanted, told=lambda one, _: told.append(one.shown))
    assert second.new == 1
    assert "https://a.example" in told
    assert Wanted(source="notes@home/x").shown == "notes@home/x"
    assert "secret" not in first.collection


def test_progress_is_told_by_source(home: Home, site: Site) -> None:
    site.pages = {web("a").source: ["x", "y"], web("b").source: ["z"]}
    told: dict[str, int] = {}
    collect(home, [web("a"), web("b")], told=lambda one, done: told.__setitem__(one.source, done))
    assert told == {web("a").source: 2, web("b").source: 1}


def test_what_was_dropped_goes_after_the_grace(
    home: Home, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages = {web("a").source: ["x", "y", "z"]}
    collect(home, [web("a")])
    site.pages = {web("a").source: ["x", "y"]}
    [kept] = collect(home, [web("a")])
    assert (len(kept.missing), kept.pruned, kept.doubtful) == (1, 0, False)
    assert texts(home) == {"x", "y", "z"}

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=8)

    monkeypatch.setattr(grace, "datetime", Later)
    [gone] = collect(home, [web("a")])
    assert (gone.missing, gone.pruned) == ([], 1)
    assert texts(home) == {"x", "y"}


def test_an_empty_or_nearly_empty_reading_starts_no_grace(home: Home, site: Site) -> None:
    many = [f"p{n}" for n in range(20)]
    site.pages = {web("a").source: many}
    collect(home, [web("a")])
    for left in ([], many[:3]):
        site.pages = {web("a").source: left}
        [intake] = collect(home, [web("a")])
        assert intake.doubtful
        assert not (home.folder / "missing.json").exists()
    assert len(texts(home)) == 20


def test_pruning_needs_no_grace_but_something_to_be_there(home: Home, site: Site) -> None:
    site.pages = {web("a").source: ["x", "y"]}
    collect(home, [web("a")])
    site.pages = {web("a").source: []}
    [nothing] = collect(home, [web("a")], pruning=True)
    assert (nothing.pruned, len(nothing.missing)) == (0, 2)
    site.pages = {web("a").source: ["x"]}
    [one] = collect(home, [web("a")], pruning=True)
    assert (one.pruned, texts(home)) == (1, {"x"})


def test_the_sources_of_twin_toml(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "twin.toml").write_text(
        '[[sources]]\nsource = "https://a.example/blog"\nauthor = "Ada"\naudience = "friends"\n'
        '[[sources]]\nsource = "../notes"\nname = "notes"\noptions = { code = false }\n'
    )
    with Home(folder) as home:
        first, second = wanted_by(home)
    assert (first.source, first.author, first.audience) == (
        "https://a.example/blog",
        "Ada",
        Audience.FRIENDS,
    )
    assert Path(second.source).resolve() == tmp_path / "notes"
    assert (second.name, second.options) == ("notes", {"code": False})


def packed(path: Path, *names: str) -> Path:
    with ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, f"About {name}.")
    return path


@pytest.fixture
def with_archives(home: Home) -> Home:
    class Archives:
        def lazy_load_data(self, source: str) -> Iterator[Any]:
            with ZipFile(source) as archive:
                for name in archive.namelist():
                    text = archive.read(name).decode()
                    yield twin.make_document(source=f"blog:{Path(source).stem}/{name}", text=text)

    component = twin.ReaderComponent(
        name="packed",
        summary="",
        options=twin.NoOptions,
        build=lambda _options, _ctx: Archives(),  # type: ignore[arg-type,return-value]
        suffixes=(".zip",),
    )
    provided = Provided(component, "packed", "packed", "1")
    plugin = Plugin("packed", "packed", "1", "loaded", (provided,))
    home.__dict__["plugins"] = PluginSet((*home.plugins.plugins, plugin))
    return home


def test_a_zip_taken_in_alone_forgets_what_it_dropped_and_nothing_else(
    with_archives: Home, tmp_path: Path
) -> None:
    home = with_archives
    mine = Wanted(source=str(packed(tmp_path / "mine.zip", "a", "b", "c")))
    other = Wanted(source=str(packed(tmp_path / "other.ZIP", "d")))
    first = collect(home, [mine, other])
    assert [intake.collection for intake in first] == ["packed:mine", "packed:other"]
    assert texts(home) == {"a", "b", "c", "d"}
    packed(tmp_path / "mine.zip", "a", "c")
    [kept] = collect(home, [mine])
    assert len(kept.missing) == 1
    assert texts(home) == {"a", "b", "c", "d"}
    [pruned] = collect(home, [mine], pruning=True)
    assert pruned.pruned == 1
    assert texts(home) == {"a", "c", "d"}
    # Another file of that name, from elsewhere, is not taken for a newer one unnoticed.
    (tmp_path / "old").mkdir()
    stranger = Wanted(source=str(packed(tmp_path / "old" / "mine.zip", "e")))
    with pytest.raises(UsageError, match="came from"):
        collect(home, [stranger])
