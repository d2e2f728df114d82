"""The retriever over a real store and a real warehouse, and an embedder that hashes words."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from twin.basics.node_parsers import StructureOptions, _structure
from twin.components import BuildContext
from twin.documents import Audience, Document, Enrichment, Kind
from twin.errors import ComponentUnavailable
from twin.index.cache import VectorCache
from twin.index.embedder import Embedder
from twin.index.ledger import Ledger
from twin.index.making import Recipe
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.index.replace import Index
from twin.index.sparse import SparseEncoder
from twin.points import Filters, Hit, Query
from twin.retrieve.filters import Found
from twin.retrieve.passages import Retrieval
from twin.retrieve.retriever import Limits, Parts, Retriever, Searching
from twin.testing.fakes import hash_embedding
from twin.warehouse.sqlite import SQLiteWarehouse

STEPS = ["filters", "variants", "embed", "search", "resolve", "rerank", "context"]
ANY = Found()


class WatchedStore(QdrantEdgeStore):
    """The real store, which keeps what it was asked and what it found."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked: list[tuple[int, Filters]] = []
        self.found: list[list[Hit]] = []

    def search(self, queries: Any, filters: Filters, limit: int) -> list[list[Hit]]:
        asked: list[Query] = list(queries)
        self.asked.append((len(asked), filters))
        self.found = super().search(asked, filters, limit)
        return self.found


class House:
    """A warehouse, an index and a retriever over them."""

    def __init__(self, folder: Path) -> None:
        self.warehouse = SQLiteWarehouse(folder / "warehouse.sqlite3")
        self.store = WatchedStore(folder / "index")
        embedding = hash_embedding()
        cache = VectorCache(folder / "vectors.sqlite3")
        self.embedder = Embedder("hash", lambda: embedding, cache, SparseEncoder())
        parser = _structure(
            StructureOptions(minimum=1, maximum=200), BuildContext(cache=folder, data=folder)
        )
        recipe = Recipe("test", (), lambda _: parser)
        self.index = Index(self.store, Ledger(folder / "ledger.sqlite3"), self.embedder, recipe)
        self.index.prepare()
        self._cache = cache

    def add(self, name: str, text: str, *, index: bool = True, **fields: Any) -> str:
        document = Document(source=f"file:notes/{name}", text=text, **fields)
        put = self.warehouse.put(document, collection="file:notes")
        if index:
            assert not self.index.apply([self.warehouse.get(put.document_id)], ()).failures
        return put.document_id

    def ask(
        self,
        question: str,
        *,
        audience: Audience = Audience.PUBLIC,
        found: Found | None = ANY,
        limits: Limits | None = None,
        **parts: Any,
    ) -> Retrieval:
        return self.retriever(limits, **parts).retrieve(question, audience=audience, found=found)

    def retriever(self, limits: Limits | None = None, **parts: Any) -> Retriever:
        held = Parts(store=self.store, embedder=self.embedder, warehouse=self.warehouse, **parts)
        return Retriever(held, limits)

    def close(self) -> None:
        self.index.close()
        self._cache.close()
        self.warehouse.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path)
    yield opened
    opened.close()


class Adding(BaseQueryTransform):
    """Adds variants to a question."""

    def __init__(self, *variants: str) -> None:
        super().__init__()
        self._variants = variants

    def _get_prompts(self) -> dict[str, Any]:
        return {}

    def _update_prompts(self, prompts: Any) -> None:
        del prompts

    def _run(self, query_bundle: QueryBundle, metadata: dict[str, Any]) -> QueryBundle:
        del metadata
        strings = [query_bundle.query_str, *self._variants]
        return QueryBundle(query_str=query_bundle.query_str, custom_embedding_strs=strings)


class Backwards(BaseNodePostprocessor):
    """Puts the passages in the opposite order, scored by their place; or does as it is told."""

    scores: list[Any] = []  # noqa: RUF012 - a pydantic field
    fails: str = ""

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if self.fails:
            raise RuntimeError(self.fails)
        assert query_bundle is not None
        turned = nodes[::-1]
        scores = self.scores or list(range(len(turned), 0, -1))
        return [NodeWithScore(node=n.node, score=s) for n, s in zip(turned, scores, strict=False)]


def texts(retrieval: Retrieval) -> list[str]:
    return [passage.text for passage in retrieval.passages]


def test_one_search_a_variant_and_fusion_by_hand(house: House) -> None:
    house.add("a", "tide boats harbour")
    house.add("b", "tide boats winter storm")
    house.add("c", "winter frost")
    found = house.ask("tide", query_transforms=lambda: [Adding("winter", "tide", " ", "harbour")])
    assert found.asked == ("tide", "winter", "harbour")
    assert [count for count, _ in house.store.asked] == [6]
    by_hand: dict[str, float] = {}
    for hits in house.store.found:
        for hit in hits:
            key = hit.payload.document_id
            share = max(hit.score, 0) / hits[0].score if hits[0].score > 0 else 0
            by_hand[key] = by_hand.get(key, 0) + share / 6
    scores = {passage.document_id: passage.score for passage in found.passages}
    assert scores == pytest.approx(by_hand)
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    dense = [hit for ranking in house.store.found[:3] for hit in ranking]
    for passage in found.passages:
        nearest = max(h.score for h in dense if h.payload.document_id == passage.document_id)
        assert passage.similarity == pytest.approx(nearest)


def test_a_transform_that_fails_costs_only_the_variants(house: House) -> None:
    class Broken(Adding):
        def _run(self, *_: Any, **__: Any) -> QueryBundle:
            message = "no teacher"
            raise RuntimeError(message)

    house.add("a", "tide")
    found = house.ask("tide", query_transforms=lambda: [Broken()])
    assert (texts(found), found.asked) == (["tide"], ("tide",))
    assert found.notes == ("without variants: no teacher",)


def test_repeats_are_left_out(house: House) -> None:
    long = "\n\n".join(f"{n} tide {'wave ' * 30}" for n in range(6))
    house.add("a", "tide and\n boats")
    house.add("b", "tide and boats")
    document = house.add("c", long)
    found = house.ask("tide", limits=Limits(per_document=2, passages=20))
    assert sum(text.split() == ["tide", "and", "boats"] for text in texts(found)) == 1
    assert sum(passage.document_id == document for passage in found.passages) == 2


def test_filters_are_widened_in_order_and_it_is_said(house: House) -> None:
    house.add("a", "tide", author="Ada", published_at="2020-01-01", platform="x")
    found = house.ask(
        "tide",
        found=Found(
            authors=("ada",),
            kinds=(Kind.CODE,),
            platforms=("x",),
            since="2021-01-01",
        ),
    )
    asked = [filters for _, filters in house.store.asked]
    assert [(bool(f.since), f.kinds, f.platforms, f.authors) for f in asked] == [
        (True, (Kind.CODE,), ("x",), ("ada",)),
        (False, (Kind.CODE,), ("x",), ("ada",)),
        (False, (), ("x",), ("ada",)),
    ]
    assert found.notes == (
        "nothing was written in that period and in that kind of writing: those filters were dropped",
    )
    assert found.found == Found(authors=("ada",), platforms=("x",))
    nobody = house.ask("tide", found=Found(authors=("alan",)))
    assert texts(nobody) == ["tide"]
    assert nobody.notes == ("nothing was written by them: that filter was dropped",)


def test_filters_that_find_nothing_at_all_are_given_back(house: House) -> None:
    wanted = Found(authors=("alan",), until="2020-01-01")
    found = house.ask("tide", found=wanted)
    assert (found.passages, found.found, found.notes) == ((), wanted, ())


@pytest.mark.parametrize("asker", Audience)
@pytest.mark.parametrize("stale", [False, True])
def test_nothing_above_the_audience_is_ever_returned(
    house: House, asker: Audience, *, stale: bool
) -> None:
    for audience in Audience:
        # A stale index believes that everything is public.
        shown = Audience.PUBLIC if stale else audience
        house.add(audience, f"tide {audience}", audience=shown, author=audience, kind=Kind.POST)
        house.add(audience, f"tide {audience}", audience=audience, author=audience, index=False)
    # The only matches are above the asker, so that the filters are widened to the end.
    for wanted in (ANY, *(Found(authors=(a.value,), kinds=(Kind.CODE,)) for a in Audience)):
        found = house.ask("tide", audience=asker, found=wanted)
        seen = {house.warehouse.get(p.document_id).document.audience for p in found.passages}
        assert seen <= set(asker.visible)
        assert seen
    assert {filters.audience for _, filters in house.store.asked} == {asker}


@pytest.mark.parametrize(
    "question",
    [
        "What does Alan Turing think of the tide?",
        "What does Turing's diary say of the tide?",
        "What did alan-turing write about the tide on mastodon?",
        "What does Ada think of the tide?",
        "What did Ada post about the tide on medium?",
    ],
)
def test_names_that_stand_only_on_hidden_documents_are_nobodys(
    tmp_path: Path, question: str
) -> None:
    answers = []
    for hidden in (False, True):
        house = House(tmp_path / str(hidden))
        house.add("a", "the tide of ada", author="Ada Byron", platform="medium")
        house.add("b", "the tide of grace", author="Grace Hopper", platform="medium")
        if hidden:
            secret: dict[str, Any] = {"audience": Audience.PRIVATE, "platform": "mastodon"}
            house.add("c", "the tide of alan", author="Alan Turing", **secret)
            # Two of one first name: the second must not make the first one doubtful.
            house.add("d", "the tide of the other ada", author="Ada Yonath", **secret)
            # Who was public once and is not any more is hidden too.
            house.add("e", "once public", author="Bob Kahn", platform="mastodon")
            house.add("e", "once public", author="Bob Kahn", **secret)
            mine = house.ask(
                "What does Alan think of the tide?", audience=Audience.PRIVATE, found=None
            )
            assert mine.found.authors == ("alan-turing",)
        # What becomes known at once is asked after something else was.
        asked = house.ask("tide", found=None), house.ask(question, found=None)
        answers.append([(texts(one), one.found, one.notes) for one in asked])
        house.close()
    assert answers[0] == answers[1]


def test_what_becomes_visible_can_be_named_at_once(house: House) -> None:
    house.add("a", "the tide of ada", author="Ada Byron")
    house.add("b", "the tide of alan", author="Alan Turing", audience=Audience.PRIVATE)
    house.add("c", "the tide of grace", author="Grace Hopper")
    retriever = house.retriever()
    question = "What does Alan Turing think of the tide?"
    before = retriever.retrieve(question, audience=Audience.PUBLIC)
    assert before.found.authors == ()
    assert before.notes == ("nobody here is called Alan Turing: everyone was searched",)
    house.add("b", "the tide of alan", author="Alan Turing")
    after = retriever.retrieve(question, audience=Audience.PUBLIC)
    assert texts(after) == ["the tide of alan"]
    house.warehouse.add_alias("alan-turing", "Prof")
    named = retriever.retrieve("What does Prof think of the tide?", audience=Audience.PUBLIC)
    assert texts(named) == ["the tide of alan"]


def test_what_is_forgotten_is_gone_at_once(house: House) -> None:
    gone = house.add("a", "tide one")
    house.add("b", "tide two")
    house.warehouse.delete([gone])
    assert house.store.count() == 2
    assert texts(house.ask("tide")) == ["tide two"]


def test_spans_are_of_the_version_that_was_indexed(house: House) -> None:
    old = "Ünïcödé 🌊 heading words\n\nThe tide waits for nobody in the old harbour."
    document = house.add("a", old)
    house.add("a", "New text, in which everything has moved.\n\n" + old, index=False)
    found = house.ask("tide")
    assert found.passages
    for passage in found.passages:
        assert passage.version == 1
        text = house.warehouse.get(document, passage.version).document.text
        assert text == old
        assert text[passage.start : passage.end] == passage.text


def test_a_reranker_reorders_and_rescores(house: House) -> None:
    for n in range(3):
        house.add(str(n), "tide " * (3 - n) + f"word{n} more{n}")
    before = texts(house.ask("tide"))
    found = house.ask("tide", rerankers=[("back", Backwards)])
    assert texts(found) == before[::-1]
    assert [passage.score for passage in found.passages] == [3, 2, 1]
    odd = house.ask("tide", rerankers=[("odd", lambda: Backwards(scores=[float("nan"), None]))])
    assert [passage.score for passage in odd.passages] == [0, 0]


class Repeating(Backwards):
    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        del query_bundle
        return [*nodes, *nodes]


def test_a_reranker_cannot_multiply_passages(house: House) -> None:
    house.add("a", "tide one")
    house.add("b", "tide two")
    once = house.ask("tide")
    assert texts(house.ask("tide", rerankers=[("twice", Repeating)])) == texts(once)


@pytest.mark.parametrize("when", ["built", "used"])
def test_a_reranker_that_fails_is_remembered(house: House, when: str) -> None:
    built: list[str] = []

    def build() -> Backwards:
        built.append(when)
        if when == "built":
            message = "no weights"
            raise ComponentUnavailable(message)
        return Backwards(fails="no weights")

    house.add("a", "tide one")
    house.add("b", "tide two two")
    plain = texts(house.ask("tide"))
    retriever = house.retriever(rerankers=[("bad", build), ("back", Backwards)])
    for _ in range(3):
        found = retriever.retrieve("tide", audience=Audience.PUBLIC, found=ANY)
        assert texts(found) == plain[::-1]
        assert found.notes == ("without the reranker bad: no weights",)
    assert built == [when]


def test_the_token_budget_keeps_the_best_passage(house: House) -> None:
    for n in range(4):
        house.add(str(n), "tide " + f"word{n} " * (10 + n))
    everything = texts(house.ask("tide"))
    assert len(everything) == 4
    assert texts(house.ask("tide", limits=Limits(token_budget=1))) == everything[:1]
    two = sum(len(text.split()) for text in everything[:2])
    assert texts(house.ask("tide", limits=Limits(token_budget=two))) == everything[:2]
    assert texts(house.ask("tide", limits=Limits(token_budget=two - 1))) == everything[:1]


def test_coverage_and_evidence(house: House) -> None:
    house.add("a", "tides wait here", title="Harbour")
    [passage] = house.ask("Does the tide wait in a frozen harbour?").passages
    assert passage.coverage == pytest.approx(3 / 4)
    assert passage.evidence == pytest.approx(passage.similarity + 0.3 * 3 / 4)
    [plain] = house.ask("the").passages
    assert plain.coverage == 0


def test_the_filters_are_read_from_the_question(house: House) -> None:
    year = datetime.now(tz=UTC).year - 1
    house.add("a", "tide one", author="Ada Byron", published_at=f"{year}-05-01")
    house.add("b", "tide two", author="Alan Turing", published_at="2001-05-01")
    found = house.ask("What does Ada think of the tide last year?", found=None)
    assert texts(found) == ["tide one"]
    assert found.found == Found(
        authors=("ada-byron",), since=f"{year}-01-01", until=f"{year + 1}-01-01"
    )


def test_a_teacher_of_a_plugin_may_raise_anything(house: House) -> None:
    def teacher() -> Any:
        message = "what is a teacher?"
        raise LookupError(message)

    house.add("a", "tide", author="Ada Byron")
    house.add("b", "tide too", author="Alan Turing")
    found = house.ask("What does Ada think of the tide?", found=None, teacher=teacher)
    assert texts(found) == ["tide"]
    assert found.notes == ("filters by rules only: what is a teacher?",)


@pytest.mark.parametrize("question", ["tide", "", "   ", "the of and", "🌊" * 50, "tide " * 5000])
def test_every_step_is_timed_and_all_of_it_is_json(house: House, question: str) -> None:
    house.add("a", "tide", published_at="2020-01-01")
    found = house.ask(question, found=None)
    assert list(found.timings) == STEPS
    printed = {
        "results": [p.as_json(n) for n, p in enumerate(found.passages, start=1)],
        "filters": found.filters_json(),
        "timings": found.timings_json(),
    }
    again = json.loads(json.dumps(printed, allow_nan=False))
    assert again == printed
    assert set(again["filters"]) == {
        *("audience", "authors", "kinds", "platforms", "since", "until", "notes"),
        *("languages", "topics", "entities", "preferred_languages"),
    }


def test_how_many_is_said_or_set(house: House) -> None:
    for n in range(4):
        house.add(str(n), f"tide {n}")
    retriever = house.retriever(Limits(passages=3))
    ask = {"audience": Audience.PUBLIC, "found": replace(ANY)}
    assert len(retriever.retrieve("tide", **ask).passages) == 3
    assert len(retriever.retrieve("tide", passages=1, **ask).passages) == 1


def test_what_somebody_chose_is_never_dropped(house: House) -> None:
    house.add("a.md", "The tide tables of the harbour.", kind=Kind.ARTICLE)
    house.add("b.md", "The tide came early today.", kind=Kind.POST)
    posts = Searching(within=Found(kinds=(Kind.POST,)))
    retriever = house.retriever()
    found = retriever.retrieve("tide", audience=Audience.PUBLIC, found=ANY, searching=posts)
    assert texts(found) == ["The tide came early today."]
    assert found.found.kinds == (Kind.POST,)
    code = Searching(within=Found(kinds=(Kind.CODE,)))
    stated = Found(since="1999-01-01")
    none = retriever.retrieve("tide", audience=Audience.PUBLIC, found=stated, searching=code)
    assert texts(none) == []
    assert none.found.kinds == (Kind.CODE,)


def test_no_teacher_reads_what_is_masked(house: House) -> None:
    house.add("a.md", "The tide tables of the harbour.", author="Ada Byron")
    read: list[str] = []

    class Reading(Adding):
        def _run(self, query_bundle: Any, metadata: Any) -> Any:
            read.append(query_bundle.query_str)
            return super()._run(query_bundle, metadata)

    class Planner:
        def structured(self, schema: Any, system: str, user: str) -> Any:
            del system
            read.append(user)
            return schema()

    retriever = house.retriever(
        query_transforms=lambda: [Reading("another way")],
        teacher=Planner,
        mask=lambda text: text.replace("a@b.org", "[email]"),
    )
    found = retriever.retrieve("the tide of a@b.org", audience=Audience.PUBLIC)
    assert len(read) == 2
    assert all("[email]" in one and "a@b.org" not in one for one in read)
    assert found.asked == ("the tide of a@b.org", "another way")


def test_variants_and_rerankers_can_be_left_out(house: House) -> None:
    house.add("a.md", "The tide tables of the harbour.")
    house.add("b.md", "The tide waits, the tide turns.")
    parts = {
        "query_transforms": lambda: [Adding("another way")],
        "rerankers": [("backwards", Backwards)],
    }
    retriever = house.retriever(**parts)
    asked = {"audience": Audience.PUBLIC, "found": ANY}
    whole = retriever.retrieve("tide", **asked)
    plain = retriever.retrieve("tide", **asked, searching=Searching(expand=False, rerank=False))
    assert (whole.asked, plain.asked) == (("tide", "another way"), ("tide",))
    assert texts(plain) == texts(house.ask("tide"))
    assert texts(whole) == texts(plain)[::-1]


def test_whoever_waits_for_a_model_holds_nobody_up(house: House) -> None:
    house.add("a.md", "The tide tables of the harbour.")
    room = threading.BoundedSemaphore(1)
    seen: dict[str, bool] = {}

    def held() -> bool:
        if room.acquire(blocking=False):
            room.release()
            return False
        return True

    class Waiting(Adding):
        def _run(self, query_bundle: Any, metadata: Any) -> Any:
            seen["variants"] = held()
            return super()._run(query_bundle, metadata)

    class Planner:
        def structured(self, schema: Any, system: str, user: str) -> Any:
            del system, user
            seen["filters"] = held()
            return schema()

    class Reading(Backwards):
        def _postprocess_nodes(self, *given: Any, **more: Any) -> Any:
            seen["rerank"] = held()
            return super()._postprocess_nodes(*given, **more)

    class Store(WatchedStore):
        def search(self, *given: Any) -> Any:
            seen["search"] = held()
            return house.store.search(*given)

    parts = Parts(
        store=Store(Path("nowhere")),
        embedder=house.embedder,
        warehouse=house.warehouse,
        query_transforms=lambda: [Waiting("another way")],
        teacher=Planner,
        rerankers=[("reading", Reading)],
        own_work=room,
    )
    assert Retriever(parts).retrieve("the tide", audience=Audience.PUBLIC).passages
    assert seen == {"filters": False, "variants": False, "search": True, "rerank": False}
    assert not held()


# What was found out about the texts


def enriched(house: House, name: str, text: str, **found: Any) -> str:
    identity = house.add(name, text, index=False)
    stored = house.warehouse.get(identity)
    house.warehouse.put_enrichments([replace(stored, enrichment=Enrichment(**found, recipe="r"))])
    assert not house.index.apply([house.warehouse.get(identity)], ()).failures
    return identity


def test_a_language_that_a_question_names_is_put_forward_and_narrows_nothing(house: House) -> None:
    english = enriched(house, "en", "NixOS pins every package of the kiosk.", language="en")
    german = enriched(house, "de", "NixOS legt jedes Paket fest.", language="de")
    first = house.ask("What did I write about NixOS packages?", found=None)
    assert [p.document_id for p in first.passages] == [english, german]
    asked = house.ask("What did I write about NixOS packages in German?", found=None)
    assert [p.document_id for p in asked.passages] == [german, english]
    assert asked.found.preferred == ("de",)
    assert asked.filters_json()["preferred_languages"] == ["de"]
    assert asked.filters_json()["languages"] == []


def test_a_language_in_which_nothing_fits_hides_nothing(house: House) -> None:
    english = enriched(house, "en", "NixOS pins every package of the kiosk.", language="en")
    enriched(house, "de", "Der Reiher stand am Wehr.", language="de")
    asked = house.ask("What did I write about NixOS packages in German?", found=None)
    assert asked.passages[0].document_id == english


def test_what_is_preferred_is_found_however_much_there_is_of_the_other(house: House) -> None:
    for number in range(12):
        enriched(house, f"en{number}", f"NixOS pins package number {number}.", language="en")
    german = enriched(house, "de", "NixOS legt jedes Paket fest, auch im Kiosk.", language="de")
    few = Limits(candidates=3, passages=3)
    asked = house.ask("Packages of NixOS in German?", found=None, limits=few)
    assert asked.passages[0].document_id == german


def test_topics_and_names_that_are_asked_for_narrow_and_are_never_dropped(house: House) -> None:
    tea = enriched(house, "tea", "Black it is.", topics=("Slow Food",), entities=("Assam",))
    enriched(house, "other", "Black it is not.", topics=("paint",))
    asked = house.ask("black?", found=Found(topics=("slow  FOOD",)))
    assert [p.document_id for p in asked.passages] == [tea]
    assert asked.passages[0].as_json(1)["topics"] == ["Slow Food"]
    assert asked.passages[0].as_json(1)["entities"] == ["Assam"]
    assert house.ask("black?", found=Found(entities=("assam",))).passages[0].document_id == tea
    none = house.ask("black?", found=Found(topics=("milk",)))
    assert none.passages == ()
    assert none.notes == ()
