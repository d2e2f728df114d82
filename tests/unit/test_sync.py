"""The warehouse into the index: nothing lost, nothing done twice, whenever it is cut off.

LlamaIndex's own pipeline loses documents in four ways: a failed embedding leaves none, a removed one
stays if another has its text, one transient failure skips it for ever, and a second document of the
same text gets the first one's source. Each has its test here.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twin.documents import Audience
from twin.errors import IndexMismatch, StoreInUse
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.ingest import sync as module
from twin.ingest.sync import watch
from twin.points import Filters
from twin.warehouse.sqlite import SQLiteWarehouse

CONSUMER = "index:test"
PUBLIC = Filters(audience=Audience.PUBLIC)
TIDE = "The tide waits for nobody, and the harbour knows it. " * 5
MOON = "A moon above the roof counts the hours of the night. " * 5
FISH = "Fish do not answer letters, whoever wrote them to them. " * 5


@pytest.fixture
def three(bench: Any) -> Any:
    for name, text in (("tide", TIDE), ("moon", MOON), ("fish", FISH)):
        bench.put(name, text, title=name)
    bench.sync()
    return bench


def test_a_second_sync_does_nothing(three: Any) -> None:
    embedded = len(three.embedded)
    done = three.sync()
    assert (done.applied, done.embedded) == (type(done.applied)(), 0)
    assert len(three.embedded) == embedded > 3


def test_what_is_added_is_embedded_alone(three: Any) -> None:
    embedded = len(three.embedded)
    three.put("new", "Something else was written here. " * 9)
    done = three.sync()
    assert done.applied.indexed == 1
    assert all("Something" in text for text in three.embedded[embedded:])


def test_of_a_changed_text_only_the_change_is_embedded(three: Any) -> None:
    embedded = len(three.embedded)
    three.put(
        "tide",
        f"{TIDE.strip()}\n\nOnly this is new, and it is long enough to stand alone. {FISH}",
        title="tide",
    )
    three.sync()
    fresh = three.embedded[embedded:]
    assert fresh
    assert len(fresh) < len(three.points(three.warehouse.changes(None)[-1].document_id))


def test_text_that_moves_down_keeps_its_ids_and_is_not_embedded(bench: Any) -> None:
    paragraphs = "\n\n".join(f"## Part {n}\n\n{'Word ' * 30}{n}." for n in range(5))
    identity = bench.put("tide", paragraphs)
    bench.sync()
    before, embedded = bench.points(identity), len(bench.embedded)
    bench.put("tide", f"## New\n\n{'Other ' * 25}.\n\n{paragraphs}")
    done = bench.sync()
    after = bench.points(identity)
    assert before.keys() < after.keys()
    assert all(after[key].start > before[key].start for key in before)
    assert done.applied.moved == len(before)
    assert all("Other" in text for text in bench.embedded[embedded:])


def test_another_title_is_embedded_and_another_date_is_not(three: Any) -> None:
    count, embedded = three.index.store.count(), len(three.embedded)
    three.put("tide", TIDE, title="tide", published_at="2020-01-01")
    done = three.sync()
    assert (done.applied.stored, len(three.embedded)) == (0, embedded)
    assert done.applied.moved > 0
    three.put("tide", TIDE, title="Ebb", published_at="2020-01-01")
    done = three.sync()
    assert done.applied.stored > 0
    assert all(text.startswith("Ebb\n") for text in three.embedded[embedded:])
    assert three.index.store.count() == count


def test_an_audience_that_narrows_hides_at_once(three: Any) -> None:
    three.put("tide", TIDE, title="tide", audience=Audience.PRIVATE)
    three.sync()
    assert not any("tide" in text for text in three.texts("the tide and the harbour", PUBLIC))


def test_forgetting_removes_the_points(three: Any) -> None:
    gone = three.put("tide", TIDE, title="tide")
    three.warehouse.delete([gone])
    assert three.sync().applied.removed == 1
    assert three.points(gone) == {}
    three.put("tide", TIDE, title="tide")
    assert three.sync().applied.indexed == 1


def test_of_two_documents_with_one_text_the_other_stays(bench: Any) -> None:
    one, two = bench.put("one", TIDE), bench.put("two", TIDE)
    bench.sync()
    assert len(bench.points(one)) == len(bench.points(two)) > 0
    assert {p.source for p in bench.points(two).values()} == {"file:notes/two.md"}
    bench.warehouse.delete([one])
    bench.sync()
    assert (len(bench.points(one)), len(bench.points(two)) > 0) == (0, True)


def test_a_failure_is_tried_again_without_any_change(three: Any) -> None:
    three.refused = {"squid"}
    identity = three.put("squid", "A squid has three hearts. " * 9)
    assert [f.document_id for f in three.sync().applied.failures] == [identity]
    assert [f.document_id for f in three.sync().applied.failures] == [identity]
    three.refused = set()
    assert three.sync().applied.indexed == 1
    assert three.sync().applied.indexed == 0


def test_a_failed_document_that_is_forgotten_fails_no_more(three: Any) -> None:
    three.refused = {"squid"}
    identity = three.put("squid", "A squid has three hearts. " * 9)
    three.sync()
    three.warehouse.delete([identity])
    assert three.sync().applied.failures == ()
    assert three.index.ledger.failures() == []


def test_the_cursor_moves_only_after_the_effects(
    bench: Any, raising: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = bench.put("tide", TIDE)
    monkeypatch.setattr(bench.index.ledger, "confirm", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        bench.sync()
    assert bench.warehouse.cursor(CONSUMER) is None
    assert bench.points(identity)
    monkeypatch.undo()
    embedded = len(bench.embedded)
    bench.reopen()
    done = bench.sync()
    assert (done.applied.indexed, done.applied.stored) == (1, 0)
    assert len(bench.embedded) == embedded
    assert bench.warehouse.cursor(CONSUMER) == bench.warehouse.latest_cursor()


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_sync_that_breaks_off_goes_on_where_it_was(
    bench: Any, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(module, "CHARACTERS", 1)
    monkeypatch.setattr(module, "PAGE", 2)
    for n in range(5):
        bench.put(f"n{n}", f"Number {n} is a number. {TIDE}")
    replace, calls = bench.index.replace, []

    def broken(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == batch:
            raise KeyboardInterrupt
        return replace(*arguments)

    monkeypatch.setattr(bench.index, "replace", broken)
    with pytest.raises(KeyboardInterrupt):
        bench.sync()
    monkeypatch.setattr(bench.index, "replace", replace)
    embedded = len(bench.embedded)
    assert bench.sync().applied.indexed == 5 - (batch - 1)
    assert len(bench.embedded) > embedded
    assert len(set(bench.embedded)) == len(bench.embedded)


def test_other_options_index_anew_and_embed_only_what_differs(bench: Any) -> None:
    identity = bench.put("tide", f"{TIDE}\n\n{MOON}\n\n{FISH}")
    bench.sync()
    before, embedded = set(bench.points(identity)), len(bench.embedded)
    bench.reopen(fingerprint="the same made otherwise")
    assert bench.sync().applied.indexed == 1
    assert (set(bench.points(identity)), len(bench.embedded)) == (before, embedded)
    bench.reopen(fingerprint="larger", minimum=200, maximum=600)
    bench.sync()
    assert set(bench.points(identity)) != before
    bench.check()
    assert bench.sync().applied.indexed == 0


@pytest.mark.parametrize("asked_first", [False, True])
def test_an_index_that_was_deleted_by_hand_is_made_again(three: Any, asked_first: bool) -> None:  # noqa: FBT001
    embedded = len(three.embedded)
    three.close()
    shutil.rmtree(three.folder / "index")
    three.open()
    if asked_first:  # a question opens the index too, and finds it new before any sync does
        three.index.prepare()
        three.reopen()
    assert three.sync().applied.indexed == 3
    assert len(three.embedded) == embedded


def test_an_index_that_is_broken_can_be_rebuilt(three: Any) -> None:
    three.close()
    shutil.rmtree(three.folder / "index" / "shard")
    three.open()
    with pytest.raises(Exception, match="cannot be opened") as raised:
        three.sync()
    assert "--rebuild" in raised.value.hint
    three.index.rebuild()
    assert three.sync().applied.indexed == 3


def test_a_ledger_that_was_lost_costs_no_embedding(three: Any) -> None:
    gone = three.put("gone", "It goes. " * 30)
    three.sync()
    three.warehouse.delete([gone])
    three.close()
    (three.folder / "ledger.sqlite3").unlink()
    embedded = len(three.embedded)
    three.open()
    assert three.sync().applied.stored == 0
    assert len(three.embedded) == embedded


def test_another_warehouse_takes_the_place_of_the_one_before(three: Any) -> None:
    three.warehouse.close()
    three.warehouse = SQLiteWarehouse(three.folder / "another.sqlite3")
    three.put("moon", MOON, title="moon")
    done = three.sync()
    assert (done.applied.removed, done.applied.stored) == (2, 0)


def test_another_embedder_is_refused_with_the_way_out(three: Any) -> None:
    three.reopen(embedder="other")
    with pytest.raises(IndexMismatch, match=r"'hash'.*'other'") as raised:
        three.sync()
    assert "--rebuild" in raised.value.hint
    three.index.rebuild()
    assert three.sync().applied.indexed == 3


SECOND = """
import sys
from pathlib import Path
from twin.errors import StoreInUse
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.points import CollectionInfo
import json
try:
    QdrantEdgeStore(Path(sys.argv[1])).ensure(CollectionInfo(**json.loads(sys.argv[2])))
except StoreInUse as error:
    print(json.dumps([error.message, error.hint]))
"""


def test_a_second_process_is_told_who_has_the_store(
    three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    three.close()
    monkeypatch.setattr(sys, "argv", ["/usr/bin/twin", "chat", "--secret"])
    three.open().prepare()
    info = three.index.store.info()
    values = {"embedder": info.embedder, "dimension": info.dimension, "sparse": info.sparse}
    command = [sys.executable, "-c", SECOND, str(three.folder / "index"), json.dumps(values)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    message, hint = json.loads(out)
    assert "`twin chat`" in message
    assert f"process {os.getpid()}" in message
    assert hint
    assert "secret" not in message
    three.close()
    assert subprocess.run(command, capture_output=True, check=True, timeout=60).stdout == b""
    three.open()


def test_a_store_in_use_leaves_everything_as_it_was(three: Any) -> None:
    three.put("new", "Something else was written here. " * 9)
    cursor = three.warehouse.cursor(CONSUMER)
    three.close()
    owner = QdrantEdgeStore(three.folder / "index")
    assert owner.count() > 0
    three.open()
    with pytest.raises(StoreInUse):
        three.sync()
    assert three.warehouse.cursor(CONSUMER) == cursor
    owner.close()
    assert three.sync().applied.indexed == 1


def test_progress_ends_at_the_whole(three: Any) -> None:
    told: list[tuple[int, int]] = []
    for n in range(3):
        three.put(f"n{n}", TIDE)
    three.warehouse.delete([three.put("moon", MOON, title="moon")])
    module.sync(
        three.warehouse, three.index, CONSUMER, lambda done, all_: told.append((done, all_))
    )
    assert told[-1] == (4, 4)
    assert told == sorted(told)


def test_watching_follows_the_feed_until_told_to_stop(three: Any) -> None:
    told: list[Any] = []
    rounds = iter([False, False, True])

    def stopped(seconds: float) -> bool:
        assert seconds == 0
        three.put(f"n{len(told)}", TIDE)
        return next(rounds)

    watch(three.warehouse, three.index, CONSUMER, stopped=stopped, told=told.append)
    assert [done.applied.indexed for done in told] == [0, 1, 1]


def test_two_syncs_at_once_end_in_the_truth(three: Any, tmp_path: Path) -> None:
    for n in range(12):
        three.put(f"n{n}", f"Number {n}. {TIDE}")
    second = SQLiteWarehouse(tmp_path / "warehouse.sqlite3")
    threads = [
        threading.Thread(target=module.sync, args=(one, three.index, CONSUMER))
        for one in (three.warehouse, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    three.check()
