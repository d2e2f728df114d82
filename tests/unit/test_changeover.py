"""Another embedder without a pause: filled beside the old one, turned to at once, kept for return."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

import twin
from twin.changeover import drop, rebuild, roll_back
from twin.documents import Audience, Document
from twin.errors import IndexError as TwinIndexError
from twin.errors import SettingsError, StoreInUse, UsageError
from twin.home import Home
from twin.index.generations import Generation, Generations, Known
from twin.ingest import sync as syncing
from twin.plugins import Plugin, PluginSet, Provided, discover
from twin.points import Filters
from twin.tables import Choice
from twin.testing.fakes import hash_embedding

TEXTS = {
    "tide": "The tide waits for nobody, and the harbour knows it. " * 5,
    "moon": "A moon above the roof counts the hours of the night. " * 5,
    "fish": "Fish do not answer letters, whoever wrote them to them. " * 5,
}
WIDE = Choice(use="words", dimension=96)


class WordsOptions(twin.Options):
    dimension: int = Field(default=32)
    refused: str = ""
    """A word whose texts it refuses."""


def fingerprint(options: WordsOptions) -> str:
    return f"words:{options.dimension}"


def build(options: WordsOptions, _: Any) -> Any:
    def refuses(text: str) -> bool:
        return bool(options.refused) and options.refused in text

    return hash_embedding(dimension=options.dimension, refuses=refuses)


WORDS = twin.EmbeddingComponent(
    name="words", summary="", options=WordsOptions, build=build, fingerprint=fingerprint
)
PLUGIN = Plugin("words", "words", "1", "loaded", (Provided(WORDS, "words", "words", "1"),))


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Callable[[], Home]]:
    """Open the same home as often as wanted, each as another process would."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "twin.toml").write_text('[index]\nembedding = "words"\n')
    opened: list[Home] = []
    plugins = PluginSet((*discover().plugins, PLUGIN))

    def make() -> Home:
        home = Home(folder)
        home.__dict__["plugins"] = plugins
        opened.append(home)
        return home

    yield make
    for home in reversed(opened):
        home.close()


@pytest.fixture
def home(homes: Callable[[], Home]) -> Home:
    home = homes()
    for name, text in TEXTS.items():
        put(home, name, text)
    home.sync()
    return home


def put(home: Home, name: str, text: str) -> str:
    document = Document(source=f"file:notes/{name}.md", text=text, title=name)
    return home.warehouse.put(document, collection="files:notes").document_id


def found(home: Home, question: str) -> str:
    """Return the title of the best document."""
    index = home.index
    vector = index.embedder.question(question)
    [hits] = index.store.search([vector], Filters(audience=Audience.PRIVATE), 1)
    return home.warehouse.get(hits[0].payload.document_id).document.title


def points(home: Home) -> dict[str, Any]:
    return dict(home.index.store.scroll())


def dimension(home: Home) -> int:
    info = home.index.store.info()
    assert info is not None
    return info.dimension


def test_a_first_sync_notes_what_the_index_was_made_with(home: Home) -> None:
    known = home.indexes.generations.read()
    assert known == Known(active=Generation("", {}, "words:32"))
    assert known.active is not None
    assert known.active.embedding == {"use": "words"}


def test_a_rebuild_turns_to_the_new_embedder_and_keeps_the_old(home: Home) -> None:
    before = points(home)
    changed = rebuild(home, WIDE)
    assert (changed.active.name, changed.previous.name, changed.resumed) == ("2", "", False)
    assert dimension(home) == 96
    assert points(home) == before
    assert found(home, "harbour tide") == "tide"
    assert home.sync().applied.indexed == 0


def test_whoever_has_it_open_turns_too_and_never_mixes_dimensions(
    home: Home, homes: Callable[[], Home]
) -> None:
    other = homes()
    assert found(other, "moon") == "moon"
    old = other.index
    rebuild(home, WIDE)
    # What was begun with the old one is ended with it.
    [hits] = old.store.search(
        [old.embedder.question("moon")], Filters(audience=Audience.PRIVATE), 1
    )
    assert hits
    assert other.refresh()
    assert not other.refresh()
    assert other.index is not old
    assert dimension(other) == 96
    assert found(other, "moon") == "moon"


def test_going_back_catches_up_first(home: Home) -> None:
    rebuild(home, WIDE)
    put(home, "ship", "The ship has a bell that nobody rings any more. " * 5)
    home.sync()
    changed = roll_back(home)
    assert (changed.active.name, changed.previous.name) == ("", "2")
    assert changed.synced.applied.indexed == 1
    assert dimension(home) == 32
    assert found(home, "bell ship") == "ship"
    assert roll_back(home).active.name == "2"


def test_there_may_be_nothing_to_go_back_to(home: Home) -> None:
    with pytest.raises(UsageError, match="no index to go back to"):
        roll_back(home)


def test_what_is_forgotten_is_forgotten_in_all_of_them(home: Home) -> None:
    rebuild(home, WIDE)
    gone = next(s.id for s in home.warehouse.summaries() if s.title == "fish")
    home.warehouse.delete([gone])
    home.sync()
    known = home.indexes.generations.read()
    assert known.previous is not None
    old = home.indexes.opened(known.previous)
    old.index.prepare()
    for index in (home.index, old.index):
        assert index.store.count()
        assert not index.store.points_of([gone])[gone]
        assert not index.ledger.get([gone])


def test_a_rebuild_that_broke_off_goes_on_and_the_old_one_answers_meanwhile(
    home: Home, homes: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "CHARACTERS", 1)

    def broken(done: int, _: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(home, WIDE, progress=broken)
    assert dimension(home) == 32
    known = home.indexes.generations.read()
    assert known.building is not None
    assert home.indexes.opened(known.building).ledger.counts()[0] >= 1
    home.close()
    again = homes()
    put(again, "ship", "The ship has a bell that nobody rings any more. " * 5)
    changed = rebuild(again, WIDE)
    assert changed.resumed
    assert changed.synced.embedded <= 6
    assert again.ledger.counts()[0] == 4
    assert again.indexes.generations.read().building is None


def test_what_was_forgotten_while_it_was_broken_off_is_not_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "CHARACTERS", 1)

    def broken(done: int, _: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(home, WIDE, progress=broken)
    home.warehouse.delete([s.id for s in home.warehouse.summaries()])
    home.sync()
    known = home.indexes.generations.read()
    assert known.building is not None
    building = home.indexes.opened(known.building)
    building.index.prepare()
    assert building.index.store.count() == 0


def test_the_old_one_is_kept_in_step_while_the_new_one_is_filled(
    home: Home, homes: Callable[[], Home]
) -> None:
    other = homes()
    seen = threading.Event()

    def slow(_: int, __: int) -> None:
        if seen.is_set():
            return
        put(other, "ship", "The ship has a bell that nobody rings any more. " * 5)
        for _ in range(200):
            if found(other, "bell ship") == "ship":
                seen.set()
                return
            threading.Event().wait(0.05)

    rebuild(home, WIDE, progress=slow)
    assert seen.is_set()
    assert found(home, "bell ship") == "ship"


def test_another_embedder_takes_the_place_of_a_begun_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(syncing, "CHARACTERS", 1)

        def broken(*_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rebuild(home, WIDE, progress=broken)
    changed = rebuild(home, Choice(use="words", dimension=48))
    assert not changed.resumed
    assert dimension(home) == 48


def test_a_third_one_takes_the_place_of_the_first(home: Home) -> None:
    rebuild(home, WIDE)
    third = rebuild(home, Choice(use="words", dimension=48))
    assert third.previous.name == "2"
    first = home.indexes.opened(Generation("", {"use": "words"}, "words:32"))
    assert first.index.store.info() is None
    assert first.ledger.counts() == (0, 0)
    fourth = rebuild(home, WIDE)
    assert len({"", "2", third.active.name, fourth.active.name}) == 4


def test_an_embedder_that_fails_where_the_old_one_did_not_changes_nothing(home: Home) -> None:
    with pytest.raises(TwinIndexError, match=r"1 documents cannot be indexed.*moon"):
        rebuild(home, Choice(use="words", dimension=96, refused="moon"))
    assert dimension(home) == 32
    assert found(home, "moon") == "moon"


@pytest.mark.parametrize("choice", [Choice(use="wards"), Choice(use="words", width=3)])
def test_an_unknown_embedder_changes_nothing(home: Home, choice: Choice) -> None:
    with pytest.raises(SettingsError, match=r"index\.embedding"):
        rebuild(home, choice)
    assert home.indexes.generations.read().building is None


def test_a_second_change_over_at_once_is_refused(home: Home, homes: Callable[[], Home]) -> None:
    other, told = homes(), []

    def meanwhile(*_: int) -> None:
        with pytest.raises(StoreInUse, match="changing the index"):
            rebuild(other, WIDE)
        told.append(True)

    rebuild(home, WIDE, progress=meanwhile)
    assert told


def test_what_stands_by_can_be_dropped(home: Home) -> None:
    rebuild(home, WIDE)
    assert [one.name for one in drop(home)] == [""]
    assert drop(home) == []
    assert found(home, "harbour") == "tide"
    with pytest.raises(UsageError):
        roll_back(home)


def test_the_embedder_of_twin_toml_waits_for_a_rebuild(
    home: Home, homes: Callable[[], Home]
) -> None:
    home.close()
    (home.folder / "twin.toml").write_text('[index]\nembedding = {use = "words", dimension = 96}\n')
    again = homes()
    assert again.sync().applied.indexed == 0
    assert (dimension(again), found(again, "moon")) == (32, "moon")
    assert again.indexes.wanted.generation.fingerprint == "words:96"
    rebuild(again)
    assert dimension(again) == 96


def test_an_index_made_anew_in_place_takes_the_embedder_of_twin_toml(
    home: Home, homes: Callable[[], Home]
) -> None:
    home.close()
    (home.folder / "twin.toml").write_text('[index]\nembedding = {use = "words", dimension = 96}\n')
    again = homes()
    assert again.index
    again.start_anew()
    assert again.sync().applied.indexed == 3
    assert dimension(again) == 96


def test_an_index_is_not_made_anew_under_who_fills_it(
    home: Home, homes: Callable[[], Home]
) -> None:
    other = homes()
    with home.active.turn(), pytest.raises(StoreInUse, match="in step"):
        other.start_anew()
    assert found(home, "moon") == "moon"

    def meanwhile(*_: int) -> None:
        with pytest.raises(StoreInUse, match="changing the index"):
            other.start_anew()

    rebuild(home, WIDE, progress=meanwhile)
    assert found(home, "moon") == "moon"


@pytest.mark.parametrize("use", ["sync", "search", "check", "follow"])
def test_whoever_opened_it_before_it_was_made_anew_does_not_bring_the_old_one_back(
    home: Home, homes: Callable[[], Home], use: str
) -> None:
    before = homes()
    assert before.index
    (home.folder / "twin.toml").write_text('[index]\nembedding = {use = "words", dimension = 96}\n')
    again = homes()
    again.start_anew()
    if use == "sync":
        # It has looked up which one answers, and comes to its turn only now.
        look, looked = before.refresh, iter([False])
        before.refresh = lambda: next(looked, True) and look()  # type: ignore[method-assign]
        before.sync()
    elif use == "search":
        assert before.retriever.retrieve("moon", audience=Audience.PRIVATE).passages == ()
    elif use == "check":
        before.check(mend=True)
    else:
        before.follow(lambda _: dimension(before) == 96)
    again.sync()
    assert (dimension(again), found(again, "moon")) == (96, "moon")


def test_what_is_still_being_filled_is_not_deleted_under_it(
    home: Home, homes: Callable[[], Home]
) -> None:
    other = homes()
    old = other.active
    rebuild(home, WIDE)
    with old.turn(), pytest.raises(StoreInUse, match="in step"):
        drop(home)
    assert home.indexes.generations.read().leaving
    home.sync()
    assert home.indexes.generations.read() == Known(active=home.active.generation)
    with pytest.raises(TwinIndexError, match="changed over"), old.turn():
        pass
    assert old.index.store.info() is None


def test_where_one_is_being_deleted_nothing_is_forgotten_in_it(home: Home) -> None:
    rebuild(home, WIDE)
    known = home.indexes.generations.read()
    assert known.previous is not None
    old = home.indexes.opened(known.previous)
    gone = next(s.id for s in home.warehouse.summaries() if s.title == "fish")
    home.warehouse.delete([gone])
    with old.held():
        home.sync()
        assert old.registry.vector_store().points_of([gone])[gone]
    home.sync()
    assert not old.registry.vector_store().points_of([gone])[gone]


def test_a_generation_that_was_begun_meanwhile_is_not_forgotten_by_a_first_sync(
    tmp_path: Path,
) -> None:
    generations = Generations(tmp_path / "generations.json")
    first, second = Generation("", {}, "a"), Generation("2", {}, "b")
    generations.write(Known(active=first, building=second))
    generations.note_first(first)
    assert generations.read().building == second


# The file


@pytest.mark.parametrize("content", ["", "{", "[]", '{"active": 3}', '{"other": null}', "\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "generations.json"
    path.write_text(content)
    with pytest.raises(twin.TwinError, match=r"generations\.json cannot be read") as raised:
        Generations(path).read()
    assert "delete it" in raised.value.hint


def test_the_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "generations.json"
    known = Known(active=Generation("", {"use": "words"}, "words:32", "2026-01-01"))
    Generations(path).write(known)

    def full(*_: Any, **__: Any) -> None:
        message = "no space left on device"
        raise OSError(message)

    monkeypatch.setattr(json, "dump", full)
    with pytest.raises(OSError, match="space"):
        Generations(path).write(Known())
    assert Generations(path).read() == known
