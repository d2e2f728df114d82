"""What was forgotten does not live on in the page's conversations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.histories import Past, step
from twin.cli import run
from twin.documents import Audience, Document, Kind, document_id
from twin.home import Home
from twin.serving.history import forgetting
from twin.serving.history.contents import Kept
from twin.serving.history.forgetting import NOTE, catch_up, settle
from twin.warehouse.feedback import Feedback, FeedbackKind, FeedbackSource, feedback_line
from twin.warehouse.sqlite import SQLiteWarehouse

SECRET = "the heron nests behind the boiler house"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[SQLiteWarehouse]:
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as opened:
        yield opened


def written(warehouse: SQLiteWarehouse, name: str) -> str:
    document = Document(
        source=f"file:notes/{name}.md",
        text=f"{name}: {SECRET}",
        title=name,
        kind=Kind.ARTICLE,
        platform="file",
        audience=Audience.PUBLIC,
    )
    warehouse.put(document, collection="files:notes")
    return document.id


def kept(name: str, message: str, *documents: str) -> Kept:
    body = Feedback(
        id=message,
        kind=FeedbackKind.THUMB,
        at="2026-01-01T00:00:00Z",
        thread_id="t",
        message_id=message,
        question="Where?",
        prompt=(("user", SECRET),),
        prompt_version="answer@1",
        answer=SECRET,
        sources=tuple(
            FeedbackSource(document_id=one, version=1, start=0, end=1) for one in documents
        ),
        audience=Audience.PUBLIC,
    )
    return Kept(
        message_id=message,
        run_id=f"run-{name}",
        asked_id=f"q-{name}",
        thread_id="t",
        body=feedback_line(body),
    )


async def turn(past: Past, name: str, at: int, *documents: str, columns: bool = False) -> None:
    """Have a turn as the page keeps it: question, run, steps, answer, source, correction, thumb."""
    put = past.contents.put_step
    await past.contents.rest_on("t", f"q-{name}", documents)
    await put(step(f"q-{name}", at, type="user_message", output=f"What of {name}?"))
    await put(step(f"run-{name}", at + 1, f"q-{name}", type="run", input=f"What of {name}?"))
    await put(step(f"look-{name}", at + 2, f"run-{name}", type="retrieval", output="2 passages"))
    await put(step(f"sent-{name}", at + 3, f"look-{name}", type="tool", output=SECRET))
    await put(step(f"a-{name}", at + 4, f"run-{name}", output="" if columns else SECRET))
    for element in ("[1]", "correction"):
        beside = {"id": f"{element}-{name}", "threadId": "t", "forId": f"a-{name}"}
        await past.contents.put_element({**beside, "name": element, "props": {"text": SECRET}})
    about = {"id": f"f-{name}", "for_id": f"run-{name}", "value": 1, "comment": "just so"}
    await past.contents.put_thumb("t", about)
    for message in (f"a-{name}:0", f"a-{name}:1") if columns else (f"a-{name}",):
        await past.contents.keep(kept(name, message, *documents))


async def shown(past: Past) -> dict[str, Any]:
    thread: Any = await past.conversations.thread("t")
    return {one["id"]: one for one in thread["steps"]} | {"elements": thread["elements"]}


async def test_what_repeats_a_forgotten_document_is_emptied(
    past: Past, warehouse: SQLiteWarehouse
) -> None:
    gone, stays = written(warehouse, "heron"), written(warehouse, "gull")
    await turn(past, "one", 1, gone, stays)
    await turn(past, "two", 11, stays)
    await turn(past, "three", 21, gone, columns=True)
    assert await catch_up(past.database, warehouse) == 0
    warehouse.delete([gone])
    assert await catch_up(past.database, warehouse) == 2
    there = await shown(past)
    for name in ("one", "three"):
        assert there[f"q-{name}"]["output"] == f"What of {name}?"
        answer = there[f"a-{name}"]
        assert (answer["output"], answer["type"], answer["feedback"]) == (
            NOTE,
            "system_message",
            None,
        )
        assert there[f"run-{name}"]["feedback"] is None
        assert f"look-{name}" not in there
        assert f"sent-{name}" not in there
    assert there["a-two"]["output"] == SECRET
    assert there["sent-two"]["output"] == SECRET
    assert there["run-two"]["feedback"]["comment"] == "just so"
    assert {one["id"] for one in there["elements"]} == {"[1]-two", "correction-two"}
    assert [one.message_id for one in await past.contents.kept_of("t")] == ["a-two"]
    # Nothing is done twice.
    assert await catch_up(past.database, warehouse) == 0


async def test_an_answer_that_was_stopped_is_emptied_too(
    past: Past, warehouse: SQLiteWarehouse
) -> None:
    gone = written(warehouse, "heron")
    await past.contents.rest_on("t", "q", [gone])
    await past.contents.put_step(step("q", 1, type="user_message"))
    await past.contents.put_step(step("run", 2, "q", type="run"))
    await past.contents.put_step(step("part", 3, "run", type="system_message", output=SECRET))
    await past.contents.put_step(step("told", 4, "run", type="system_message", output="It failed"))
    warehouse.delete([gone])
    assert await catch_up(past.database, warehouse) == 1
    there = await shown(past)
    assert "part" not in there
    assert there["told"]["output"] == NOTE


async def test_what_is_forgotten_while_it_is_being_answered_from_goes_too(
    past: Past, warehouse: SQLiteWarehouse
) -> None:
    gone = written(warehouse, "heron")
    await past.contents.rest_on("t", "q-one", [gone])
    warehouse.delete([gone])
    await catch_up(past.database, warehouse)
    # The model goes on, and the page keeps what it says.
    await turn(past, "one", 1)
    assert await settle(past.database, warehouse, "q-one") == 1
    assert (await shown(past))["a-one"]["output"] == NOTE
    assert await past.contents.kept_of("t") == []
    await turn(past, "two", 11, written(warehouse, "gull"))
    assert await settle(past.database, warehouse, "q-two") == 0


async def test_a_follow_up_may_repeat_what_was_said_before_it(
    past: Past, warehouse: SQLiteWarehouse
) -> None:
    gone, other = written(warehouse, "heron"), written(warehouse, "gull")
    await turn(past, "one", 1, gone)
    await turn(past, "two", 11, other)
    await past.contents.rest_on("t", "q-two", [other], on_all=True)
    warehouse.delete([gone])
    assert await catch_up(past.database, warehouse) == 2


async def test_a_question_that_was_asked_anew_rests_on_what_it_rests_on_now(
    past: Past, warehouse: SQLiteWarehouse
) -> None:
    gone, other = written(warehouse, "heron"), written(warehouse, "gull")
    await turn(past, "one", 1, gone)
    await past.contents.put_step(step("run-again", 9, "q-one", type="run"))
    await past.contents.rewind("t", "q-one", "run-again")
    await past.contents.rest_on("t", "q-one", [other])
    warehouse.delete([gone])
    assert await catch_up(past.database, warehouse) == 0


async def test_a_history_from_before_knows_what_its_answers_rest_on(
    tmp_path: Path, warehouse: SQLiteWarehouse
) -> None:
    gone = written(warehouse, "heron")
    old = Past(tmp_path / "history.sqlite3")
    await turn(old, "one", 1, gone)
    await old.database.close()
    with closing(sqlite3.connect(tmp_path / "history.sqlite3")) as file:
        file.execute("DROP TABLE documents")
        file.execute("DROP TABLE state")
        file.commit()
    again = Past(tmp_path / "history.sqlite3")
    warehouse.delete([gone])
    assert await catch_up(again.database, warehouse) == 1
    await again.database.close()


async def test_no_trace_is_left_in_the_file_while_the_page_has_it_open(
    tmp_path: Path, warehouse: SQLiteWarehouse
) -> None:
    ids = [written(warehouse, f"heron {number}") for number in range(60)]
    page, command = (Past(tmp_path / "history.sqlite3") for _ in range(2))
    for number, one in enumerate(ids):
        await turn(page, str(number), number, one)
    warehouse.delete(ids)
    assert await catch_up(command.database, warehouse) == 60
    for name in ("history.sqlite3", "history.sqlite3-wal"):
        assert b"boiler" not in (tmp_path / name).read_bytes()
    assert (await shown(page))["a-7"]["output"] == NOTE
    for opened in (page, command):
        await opened.database.close()


async def test_what_could_not_be_taken_off_the_disk_is_tried_again(
    past: Past, warehouse: SQLiteWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = written(warehouse, "heron")
    await turn(past, "one", 1, gone)
    warehouse.delete([gone])
    done: list[bool] = []

    async def scrub() -> bool:
        done.append(len(done) > 0)
        return done[-1]

    monkeypatch.setattr(past.database, "scrub", scrub)
    assert await catch_up(past.database, warehouse) == 1
    await catch_up(past.database, warehouse)
    assert done == [False, True]


async def test_another_warehouse_is_looked_through_from_its_beginning(
    past: Past, tmp_path: Path, warehouse: SQLiteWarehouse
) -> None:
    for number in range(5):
        written(warehouse, str(number))
    await catch_up(past.database, warehouse)
    with SQLiteWarehouse(tmp_path / "other.sqlite3") as other:
        gone = written(other, "heron")
        await turn(past, "one", 1, gone)
        other.delete([gone])
        assert await catch_up(past.database, other) == 1


def test_the_command_reaches_the_conversations(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`twin forget`, and the pruning of `twin ingest`, on a home whose page is closed."""
    import asyncio

    home, notes = tmp_path / "home", tmp_path / "notes"
    notes.mkdir()
    for name in ("heron", "gull"):
        (notes / f"{name}.md").write_text(f"# {name}\n\n{SECRET}, said the {name}.\n")
    monkeypatch.setenv("TWIN_HOME", str(home))
    assert run(["ingest", str(notes), "--no-index"]) == 0
    heron, gull = (document_id(f"file:notes/{name}.md") for name in ("heron", "gull"))

    async def had() -> None:
        old = Past(Home(home).folder / "chat" / "history.sqlite3")
        await turn(old, "one", 1, heron)
        await turn(old, "two", 11, gull)
        await old.database.close()

    (home / "chat").mkdir()
    asyncio.run(had())
    capsys.readouterr()
    monkeypatch.setattr("twin.cli.forget.synced", lambda _: None)
    assert run(["forget", "file:notes/heron.md", "--yes"]) == 0
    assert "1 document is forgotten, 1 answer emptied on the page" in capsys.readouterr().out
    (notes / "gull.md").unlink()
    (notes / "tern.md").write_text("# Tern\n\nThe tern has gone to sea.\n")
    assert run(["ingest", str(notes), "--no-index", "--prune"]) == 0
    held = (home / "chat" / "history.sqlite3").read_bytes()
    assert b"boiler" not in held
    assert forgetting.NOTE.encode()[:20] in held


def test_what_must_wait_for_the_page_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "heron.md").write_text(f"# Heron\n\n{SECRET}.\n")
    monkeypatch.setenv("TWIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TWIN_CHAT__HISTORY_URL_ENV", "NOWHERE")
    monkeypatch.setattr("twin.cli.forget.synced", lambda _: None)
    assert run(["ingest", str(notes), "--no-index"]) == 0
    assert run(["forget", "files:notes", "--yes"]) == 0
    said = capsys.readouterr().err
    assert "NOWHERE, which is not set: the page's conversations forget it when" in said
