"""Warehouse and index compared in full: each kind of difference is found, told and mended."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from twin.index.ledger import Entry
from twin.ingest.checking import Checked, Difference, check
from twin.points import Point

TIDE = "The tide waits for nobody, and the harbour knows it. " * 5
MOON = "A moon above the roof counts the hours of the night. " * 5


@pytest.fixture
def three(bench: Any) -> Any:
    for number in range(3):
        bench.put(f"n{number}", f"Number {number} is a number. {TIDE}{MOON}")
    bench.sync()
    return bench


def compared(bench: Any, *, mend: bool = False) -> Checked:
    return check(bench.warehouse, bench.index, mend=mend)


def first(bench: Any) -> str:
    identity: str = next(iter(bench.warehouse.summaries())).id
    return identity


def test_what_is_in_step_differs_in_nothing(three: Any) -> None:
    embedded = len(three.embedded)
    checked = compared(three)
    assert (checked.documents, checked.points) == (3, three.index.store.count())
    assert checked.differences == []
    assert len(three.embedded) == embedded


def lost_point(bench: Any) -> Difference:
    identity = first(bench)
    bench.index.store.delete([next(iter(bench.points(identity)))])
    return Difference(identity, "file:notes/n0.md", missing=1)


def wrong_payload(bench: Any) -> Difference:
    identity = first(bench)
    key, payload = next(iter(bench.points(identity).items()))
    bench.index.store.set_payload({key: replace(payload, start=payload.start + 1)})
    return Difference(identity, "file:notes/n0.md", wrong=1)


def other_text(bench: Any) -> Difference:
    identity = first(bench)
    key, payload = next(iter(bench.points(identity).items()))
    vector, terms = bench.index.embedder.texts([TIDE])[0], bench.index.embedder.sparse_texts([TIDE])
    bench.index.store.upsert([Point(key, vector, terms[0], replace(payload, embedded_hash="x"))])
    return Difference(identity, "file:notes/n0.md", wrong=1)


def left_over(bench: Any) -> Difference:
    identity = first(bench)
    payload = next(iter(bench.points(identity).values()))
    vector, terms = bench.index.embedder.texts([TIDE])[0], bench.index.embedder.sparse_texts([TIDE])
    key = "00000000-0000-4000-8000-000000000001"
    bench.index.store.upsert([Point(key, vector, terms[0], payload)])
    return Difference(identity, "file:notes/n0.md", left=1)


def orphan(bench: Any) -> Difference:
    payload = next(iter(bench.points(first(bench)).values()))
    vector, terms = bench.index.embedder.texts([TIDE])[0], bench.index.embedder.sparse_texts([TIDE])
    key = "00000000-0000-4000-8000-000000000001"
    gone = "00000000-0000-4000-8000-000000000002"
    payload = replace(payload, document_id=gone, source="file:notes/gone.md")
    bench.index.store.upsert([Point(key, vector, terms[0], payload)])
    return Difference(gone, "file:notes/gone.md", left=1)


def unconfirmed(bench: Any) -> Difference:
    identity = first(bench)
    bench.index.ledger.confirm((), [identity])
    return Difference(identity, "file:notes/n0.md", unconfirmed=True)


def miscounted(bench: Any) -> Difference:
    identity = first(bench)
    [entry] = bench.index.ledger.get([identity]).values()
    bench.index.ledger.confirm([replace(entry, points=99)])
    return Difference(identity, "file:notes/n0.md", unconfirmed=True)


def confirmed_but_gone(bench: Any) -> Difference:
    gone = "00000000-0000-4000-8000-000000000002"
    entry = Entry(document_id=gone, version=1, metadata_hash="", fingerprint="recipe", points=1)
    bench.index.ledger.confirm([entry])
    return Difference(gone, unconfirmed=True)


@pytest.mark.parametrize(
    "damage",
    [
        lost_point,
        wrong_payload,
        other_text,
        left_over,
        orphan,
        unconfirmed,
        miscounted,
        confirmed_but_gone,
    ],
)
def test_every_kind_of_difference_is_found_and_mended(
    three: Any, damage: Callable[[Any], Difference]
) -> None:
    wanted = damage(three)
    checked = compared(three)
    assert checked.differences == [wanted]
    assert str(wanted)
    assert compared(three).differences == [wanted]
    mended = compared(three, mend=True)
    assert mended.differences == [wanted]
    assert not mended.applied.failures
    assert compared(three).differences == []
    three.check()


def test_a_document_that_cannot_be_indexed_is_no_difference(bench: Any) -> None:
    bench.refused.add("Moon")
    bench.put("good", TIDE)
    bench.put("bad", f"Moon. {MOON}")
    assert bench.sync().applied.failures
    assert compared(bench, mend=True).differences == []


def test_a_collection_emptied_by_hand_is_noticed_by_the_next_sync(three: Any) -> None:
    three.index.store.delete([key for key, _ in three.index.store.scroll()])
    assert three.sync().applied.indexed == 3


def test_progress_is_told(three: Any) -> None:
    told: list[tuple[int, int]] = []
    check(three.warehouse, three.index, lambda done, total: told.append((done, total)), mend=False)
    assert told[-1] == (3, 3)
