"""Enriching on the way to the index: once a document and recipe, without embedding anything."""

from pathlib import Path
from typing import Any

import pytest

from twin.components import Enricher
from twin.documents import Audience, Document, Enrichment
from twin.errors import ComponentUnavailable, PluginError
from twin.ingest.enriching import Enriching, enrich
from twin.points import Filters

TIDE = "The tide waits for nobody, and the harbour knows it. " * 5
MOON = "Der Mond über dem Dach zählt die Stunden der Nacht. " * 5


class Finder:
    """Finds what it is told to, and keeps what it looked at."""

    def __init__(self, **found: Any) -> None:
        self.found = Enrichment(**found)
        self.seen: list[str] = []

    def __call__(self, document: Document) -> Enrichment:
        self.seen.append(document.title)
        if "torn" in document.text:
            message = "it is torn"
            raise ValueError(message)
        return self.found


def use(bench: Any, recipe: str, *finders: Enricher) -> None:
    bench.index.enrich = Enriching(recipe, lambda: finders)


def test_a_document_is_enriched_once_and_reaches_the_index_with_it(bench: Any) -> None:
    finder = Finder(language="en", topics=("tides",), entities=("Iffley Lock",))
    use(bench, "one", finder)
    identity = bench.put("tide", TIDE, title="tide")
    done = bench.sync()
    assert done.applied.indexed == 1
    payloads = bench.points(identity).values()
    assert {(p.language, p.topics, p.entities) for p in payloads} == {
        ("en", ("tides",), ("iffley lock",))
    }
    assert bench.sync().applied == type(done.applied)()
    assert finder.seen == ["tide"]


def test_another_recipe_enriches_anew_and_embeds_nothing(bench: Any) -> None:
    use(bench, "one", Finder(topics=("tides",)))
    identity = bench.put("tide", TIDE, title="tide")
    bench.put("moon", MOON, title="moon")
    bench.sync()
    embedded = len(bench.embedded)
    finder = Finder(topics=("tides", "harbours"), language="en")
    use(bench, "two", finder)
    done = bench.sync()
    assert sorted(finder.seen) == ["moon", "tide"]
    assert (done.embedded, len(bench.embedded)) == (0, embedded)
    assert done.applied.stored == 0
    assert done.applied.moved == bench.index.store.count()
    assert {p.topics for p in bench.points(identity).values()} == {("tides", "harbours")}


def test_a_recipe_that_finds_the_same_changes_nothing(bench: Any) -> None:
    use(bench, "one", Finder(topics=("tides",)))
    bench.put("tide", TIDE)
    bench.sync()
    finder = Finder(topics=("tides",))
    use(bench, "two", finder)
    done = bench.sync()
    assert len(finder.seen) == 1
    assert done.applied == type(done.applied)()


def test_without_enrichers_what_was_found_goes(bench: Any) -> None:
    use(bench, "one", Finder(topics=("tides",)))
    identity = bench.put("tide", TIDE)
    bench.sync()
    use(bench, "")
    bench.sync()
    assert bench.warehouse.get(identity).enrichment == Enrichment()
    assert {p.topics for p in bench.points(identity).values()} == {()}


def test_one_document_that_fails_is_told_and_tried_again(bench: Any) -> None:
    use(bench, "one", Finder(topics=("tides",)))
    good, bad = bench.put("tide", TIDE), bench.put("torn", f"It is torn. {MOON}")
    done = bench.sync()
    [failure] = done.applied.failures
    assert failure.document_id == bad
    assert "could not be enriched: it is torn" in failure.reason
    # It is found all the same, only without.
    assert bench.points(bad)
    assert {p.topics for p in bench.points(good).values()} == {("tides",)}
    assert bench.sync().applied.failures == (failure,)
    bench.put("torn", MOON)
    assert bench.sync().applied.failures == ()
    assert {p.topics for p in bench.points(bad).values()} == {("tides",)}


def test_an_enricher_that_cannot_work_at_all_stops_the_sync(bench: Any, raising: Any) -> None:
    use(bench, "one", raising(ComponentUnavailable("no model", "install it")))
    bench.put("tide", TIDE)
    with pytest.raises(ComponentUnavailable):
        bench.sync()


def test_many_documents_are_enriched_page_by_page(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from twin.ingest import enriching

    monkeypatch.setattr(enriching, "PAGE", 3)
    monkeypatch.setattr(enriching, "LOADED", 2)
    finder = Finder(topics=("tides",))
    use(bench, "one", finder)
    for number in range(8):
        bench.put(f"n{number}", f"{TIDE} {number}", title=str(number))
    told: list[tuple[int, int]] = []
    done = bench.index.enrich(bench.warehouse, lambda done, of: told.append((done, of)))
    assert done.documents == 8
    assert sorted(finder.seen) == list("01234567")
    assert told == [(2, 8), (4, 8), (6, 8), (8, 8)]


def test_the_store_finds_by_what_was_found(bench: Any) -> None:
    class Telling:
        def __call__(self, document: Document) -> Enrichment:
            german = "Mond" in document.text
            return Enrichment(
                language="de" if german else "en",
                topics=("Mond",) if german else ("Tides",),
                entities=() if german else ("Iffley",),
            )

    use(bench, "one", Telling())
    bench.put("tide", TIDE)
    bench.put("moon", MOON)
    bench.sync()

    def found(**wanted: tuple[str, ...]) -> set[str]:
        filters = Filters(audience=Audience.PUBLIC, **wanted)
        return {text[:3] for text in bench.texts("harbour night", filters)}

    assert found() == {"The", "Der"}
    assert found(languages=("de",)) == found(topics=("mond",)) == {"Der"}
    assert found(entities=("iffley",)) == {"The"}
    assert found(topics=("mond", "tides")) == {"The", "Der"}
    assert found(topics=("mond",), languages=("en",)) == set()


def test_what_is_no_enrichment_is_refused() -> None:
    document = Document(source="blog:1", text="a")
    with pytest.raises(PluginError, match="dict, not an Enrichment"):
        enrich(document, [lambda _: {}])  # type: ignore[list-item,return-value]


def test_names_are_plain_short_and_few() -> None:
    document = Document(source="blog:1", text="a")
    found = enrich(
        document,
        [
            lambda _: Enrichment(
                topics=(" Slow\n food ", "x" * 101, "", "slow food"), language="EN"
            ),
            lambda _: Enrichment(
                topics=tuple(str(n) for n in range(99)), language="de", entities=(" Odile  P. ",)
            ),
        ],
    )
    assert found.language == "en"
    assert found.topics[:2] == ("slow food", "0")
    assert len(found.topics) == 50
    assert found.entities == ("Odile P.",)


def test_the_settings_choose_the_enrichers_and_their_options(tmp_path: Path) -> None:
    from twin.home import Home

    home = tmp_path / "home"
    home.mkdir()
    chosen = 'enrichers = [{ use = "topics", keywords = 1 }]\n'
    (home / "twin.toml").write_text(f"[ingest]\n{chosen}", encoding="utf-8")
    with Home(home) as opened:
        registry = opened.registry
        assert registry.enrichment_recipe().startswith("ingest.enrichers[0]=topics:")
        found = enrich(
            Document(source="blog:1", text="Milk, milk. Tea, tea."), registry.enrichers()
        )
        assert found == Enrichment(topics=("milk",))
        before = registry.index_fingerprint()
    (home / "twin.toml").write_text("[ingest]\nenrichers = []\n", encoding="utf-8")
    with Home(home) as opened:
        assert opened.registry.enrichment_recipe() == ""
        # What a text becomes in the index is another matter.
        assert opened.registry.index_fingerprint() == before
