"""One batch of documents into the index, and everything that may go wrong on the way."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from twin.documents import Audience, Span, epoch
from twin.errors import ComponentUnavailable, IndexError, PluginError
from twin.index.making import batched
from twin.index.replace import Applied
from twin.points import Filters
from twin.warehouse.protocol import StoredDocument

PUBLIC = Filters(audience=Audience.PUBLIC)
TIDE = "The tide waits for nobody, and the harbour knows it. " * 5
MOON = "A moon above the roof counts the hours of the night. " * 5
FISH = "Fish do not answer letters, whoever wrote them to them. " * 5


def stored(bench: Any, *identities: str) -> list[StoredDocument]:
    return [bench.warehouse.get(identity) for identity in identities]


@pytest.fixture
def ready(bench: Any) -> Any:
    bench.index.prepare()
    return bench


def test_a_point_says_everything_of_its_piece(ready: Any) -> None:
    text = f"{TIDE}\n\n{MOON}"
    identity = ready.put(
        "tide",
        text,
        title="On tides",
        author="Zoë Ó Neil",
        platform="blog",
        audience=Audience.FRIENDS,
        published_at="2024-02-29",
        tags=("sea", "è😀"),
    )
    applied = ready.index.apply(stored(ready, identity), [])
    found = ready.points(identity)
    assert applied == Applied(indexed=1, stored=len(found))
    assert len(found) > 3
    for payload in found.values():
        assert (payload.document_id, payload.version) == (identity, 1)
        assert (payload.author, payload.platform, payload.audience) == (
            "zoe-o-neil",
            "blog",
            "friends",
        )
        assert payload.published == epoch("2024-02-29")
        assert payload.tags == ("sea", "è😀")
        assert payload.source == "file:notes/tide.md"
        assert payload.passage_start <= payload.start < payload.end <= payload.passage_end
        assert Span(payload.start, payload.end).of(text).strip()


def test_applying_again_does_nothing(ready: Any) -> None:
    identity = ready.put("tide", TIDE)
    ready.index.apply(stored(ready, identity), [])
    embedded = len(ready.embedded)
    assert ready.index.apply(stored(ready, identity), []) == Applied(unchanged=1)
    ready.index.ledger.clear()
    assert ready.index.apply(stored(ready, identity), []) == Applied(indexed=1)
    assert len(ready.embedded) == embedded


def test_a_document_without_words_is_confirmed_without_points(ready: Any) -> None:
    identity = ready.put("empty", " \n\t\n ")
    assert ready.index.apply(stored(ready, identity), []) == Applied(indexed=1)
    assert ready.index.apply(stored(ready, identity), []) == Applied(unchanged=1)


def test_of_a_batch_only_the_one_at_fault_fails(ready: Any) -> None:
    ids = [ready.put("a", TIDE), ready.put("b", MOON), ready.put("c", FISH)]
    ready.refused = {"moon"}
    applied = ready.index.apply(stored(ready, *ids), [])
    [failure] = applied.failures
    assert failure.document_id == ids[1]
    assert "file:notes/b.md" in failure.reason
    assert "refuses" in failure.reason
    assert applied.indexed == 2
    assert set(ready.index.ledger.get(ids)) == {ids[0], ids[2]}
    assert ready.index.ledger.failures() == [failure]
    assert not ready.points(ids[1])


def test_forgotten_ones_go_though_the_batch_fails(ready: Any) -> None:
    old, new = ready.put("old", TIDE), ready.put("new", MOON)
    ready.index.apply(stored(ready, old), [])
    ready.refused = {"moon"}
    applied = ready.index.apply(stored(ready, new), [old])
    assert (applied.removed, len(applied.failures)) == (1, 1)
    assert not ready.points(old)


def test_a_single_document_that_a_plugin_cannot_take_is_a_failure_too(
    ready: Any, raising: Callable[..., Any]
) -> None:
    identity = ready.put("tide", TIDE)
    ready.index.recipe = replace(ready.recipe, parser=raising(PluginError("it changed the text")))
    applied = ready.index.apply(stored(ready, identity), [])
    assert [failure.document_id for failure in applied.failures] == [identity]


@pytest.mark.parametrize("error", [ComponentUnavailable("no weights"), IndexError("out of reach")])
def test_what_no_document_is_at_fault_for_is_raised(
    ready: Any, raising: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    ids = [ready.put("a", TIDE), ready.put("b", MOON)]
    upsert = raising(error)
    monkeypatch.setattr(ready.index.store, "upsert", lambda points: points and upsert())
    monkeypatch.setattr(ready.index.store, "count", raising(error))
    with pytest.raises(type(error), match=str(error)):
        ready.index.apply(stored(ready, *ids), [])
    assert ready.index.ledger.failures() == []
    monkeypatch.undo()
    assert ready.index.apply(stored(ready, *ids), []).indexed == 2


def test_a_failing_embedder_leaves_what_was_there(ready: Any) -> None:
    identity = ready.put("tide", TIDE)
    ready.index.apply(stored(ready, identity), [])
    before = ready.points(identity)
    ready.put("tide", f"{MOON}\n\n{TIDE}")
    ready.refused = {"moon"}
    assert ready.index.apply(stored(ready, identity), []).failures
    assert ready.points(identity) == before
    assert "tide" in ready.texts("the tide and the harbour", PUBLIC)[0]
    ready.refused = set()
    assert ready.index.apply(stored(ready, identity), []).failures == ()
    assert ready.index.ledger.failures() == []
    assert {payload.version for payload in ready.points(identity).values()} == {2}


@pytest.mark.parametrize("step", ["upsert", "set_payload", "delete"])
def test_whatever_step_is_cut_off_the_document_can_be_found_and_is_mended(
    ready: Any, raising: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    identity = ready.put("tide", f"{TIDE}\n\n{FISH}")
    ready.index.apply(stored(ready, identity), [])
    ready.put("tide", f"{MOON}\n\n{TIDE}")
    monkeypatch.setattr(ready.index.store, step, raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        ready.index.apply(stored(ready, identity), [])
    monkeypatch.undo()
    assert ready.points(identity)
    ready.reopen()
    ready.index.apply(stored(ready, identity), [])
    ready.check()


def test_a_failure_is_settled_though_the_document_is_as_it_was(ready: Any) -> None:
    identity = ready.put("tide", TIDE, title="Tides")
    ready.index.apply(stored(ready, identity), [])
    ready.put("tide", TIDE, title="Moon")
    ready.refused = {"Moon"}
    assert ready.index.apply(stored(ready, identity), []).failures
    ready.put("tide", TIDE, title="Tides")
    assert ready.index.apply(stored(ready, identity), []).failures == ()
    assert ready.index.ledger.failures() == []
    ready.check()


def test_forgetting_what_was_never_there_is_no_removal(ready: Any) -> None:
    assert ready.index.apply([], ["00000000-0000-0000-0000-000000000000"]) == Applied()


def test_batches_are_about_so_many_characters(ready: Any) -> None:
    documents = stored(ready, *(ready.put(f"n{n}", "x" * 40) for n in range(5)))
    assert [len(batch) for batch in batched(documents, 80)] == [2, 2, 1]
    assert [len(batch) for batch in batched(documents, 1)] == [1] * 5
    assert list(batched([], 80)) == []
