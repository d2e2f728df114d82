"""What is MongoDB's own: servers that die, tokens that expire, and errors that keep secrets."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pymongo", reason="pymongo is not installed (it is in the extra mongo)")

from pymongo import MongoClient

from tests.servers import SECANTUS, MongoServer, free_port, mongo_server
from twin.documents import Document
from twin.errors import ConfigurationError, WarehouseError
from twin.tables import WarehouseSettings
from twin.warehouse import open_warehouse
from twin.warehouse.mongo import MongoWarehouse
from twin.warehouse.mongo_contents import PIECE, Contents
from twin.warehouse.protocol import Outcome

WRITERS = Path(__file__).parent / "mongo_writers.py"

WAIT = 90.0
"""Seconds after which something counts as hung."""


def piece(name: str, text: str = "text", **fields: Any) -> Document:
    return Document(source=f"file:notes/{name}", text=text, **fields)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    """Run a server that no test kills."""
    options = ("--enable-test-commands",)
    with mongo_server(tmp_path_factory.mktemp("lasting"), SECANTUS, options) as server:
        yield server


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MongoServer]:
    """Run a server of the test's own."""
    with mongo_server(tmp_path / "mortal") as server:
        yield server


@pytest.fixture
def name() -> str:
    return f"twin-{uuid.uuid4().hex}"


def rows(server: MongoServer, database: str, collection: str) -> list[dict[str, Any]]:
    with MongoClient[dict[str, Any]](server.url) as client:
        return list(client[database][collection].find())


# A server that dies


def started(what: str, server: MongoServer, database: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITERS), what, server.url, database, name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_nothing_acknowledged_is_lost_when_the_server_dies_under_load(
    mortal: MongoServer, name: str, tmp_path: Path
) -> None:
    """Killed and started again twice, while two writers of this process and one more go on."""
    done: dict[str, list[int]] = {}
    ended = threading.Event()
    writers = [
        threading.Thread(target=_count_on, args=(mortal.url, name, who, ended, done))
        for who in ("one", "two")
    ]
    with started("without-end", mortal, name, str(tmp_path / "stop")) as child:
        assert child.stdout is not None
        for writer in writers:
            writer.start()
        try:
            for _ in range(2):
                assert child.stdout.readline(), "the child has ended"
                mortal.kill()
                mortal.start()
            for _ in range(5):
                assert child.stdout.readline(), "the child did not find the server again"
        finally:
            ended.set()
            (tmp_path / "stop").touch()
        acknowledged = [*map(int, child.stdout)]
        for writer in writers:
            writer.join(WAIT)
    assert child.returncode == 0
    assert sorted(done) == ["one", "two"]
    wanted = {f"{who}-{n}" for who, numbers in done.items() for n in numbers}
    wanted |= {f"child-{n}" for n in range(1, max(acknowledged, default=7) + 1)}
    with MongoWarehouse(mortal.url, name) as warehouse:
        there = {summary.source.removeprefix("file:notes/") for summary in warehouse.summaries()}
        assert wanted <= there
        assert all(warehouse.get(piece(each).id).document.text == each for each in wanted)
        assert {change.document_id for change in warehouse.changes(None, limit=100_000)} == {
            piece(each).id for each in there
        }


def _count_on(
    url: str, name: str, who: str, ended: threading.Event, done: dict[str, list[int]]
) -> None:
    with MongoWarehouse(url, name, patience=WAIT) as warehouse:
        while not ended.is_set():
            number = len(done.setdefault(who, [])) + 1
            warehouse.put(piece(f"{who}-{number}", f"{who}-{number}"), collection="c")
            done[who].append(number)


def test_a_server_killed_in_the_middle_of_a_write_keeps_none_of_it(
    mortal: MongoServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Contents.flush
    flushes = 0

    def flush(contents: Contents) -> None:
        nonlocal flushes
        sent(contents)
        flushes += 1
        if flushes == 2:
            mortal.kill()

    batch = [piece(f"{number}", f"{number}" * 500_000, author="Ada") for number in range(30)]
    with MongoWarehouse(mortal.url, name, patience=1.0) as warehouse:
        warehouse.put(piece("before"), collection="c")
        before = list(warehouse.export()), warehouse.changes(None), warehouse.authors()
        monkeypatch.setattr(Contents, "flush", flush)
        with pytest.raises(WarehouseError) as caught:
            warehouse.put_many(batch, collection="c")
        assert str(mortal.port) in caught.value.message
        assert "running" in caught.value.hint
        monkeypatch.undo()
        assert flushes >= 2
        mortal.start()
        assert (list(warehouse.export()), warehouse.changes(None), warehouse.authors()) == before
        assert len(rows(mortal, name, "contents")) == 1
        puts = warehouse.put_many(batch, collection="c")
        assert {put.outcome for put in puts} == {Outcome.NEW}


def test_a_writer_killed_in_the_middle_leaves_nothing_to_wait_for(
    lasting: MongoServer, name: str
) -> None:
    """Its transaction stays open on the server for a minute, but holds no row that others want."""
    with MongoWarehouse(lasting.url, name) as warehouse:
        warehouse.put(piece("before"), collection="c")
        with started("half", lasting, name, "half") as child:
            pass
        assert child.returncode == -signal.SIGKILL
    with MongoWarehouse(lasting.url, name, patience=1.0) as warehouse:
        # The conflict that it would meet is waited for longer than a test may take.
        warehouse._server._patience_with = lambda _: 1.0  # type: ignore[method-assign]
        assert warehouse.put(piece("after"), collection="c").outcome is Outcome.NEW
        assert [s.source for s in warehouse.summaries()] == [
            "file:notes/after",
            "file:notes/before",
        ]
        assert len(warehouse.changes(None)) == 2


@pytest.mark.parametrize(
    ("command", "failure", "times"),
    [
        # Once: pymongo asks the server who is primary, and that answers after 10 s that nothing
        # has changed.
        ("commitTransaction", {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]}, 1),
        ("commitTransaction", {"closeConnection": True}, 3),
        ("update", {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}, 3),
        ("insert", {"closeConnection": True}, 3),
        ("find", {"closeConnection": True}, 3),
    ],
    ids=["election", "lost-commit", "conflict", "lost-write", "lost-read"],
)
def test_what_passes_is_waited_for(
    lasting: MongoServer, name: str, command: str, failure: dict[str, Any], times: int
) -> None:
    with MongoWarehouse(lasting.url, name) as warehouse:
        warehouse.put(piece("a", "one"), collection="c")
        with failing(lasting, [command], failure, times=times):
            put = warehouse.put(piece("a", "two", author="Ada"), collection="c")
            assert warehouse.get(put.document_id).document.text == "two"
        assert [number for number, _ in warehouse.versions(put.document_id)] == [1, 2]
        assert len(warehouse.changes(None)) == 1
        assert [author.documents for author in warehouse.authors()] == [1]


def test_a_commit_that_stays_unanswered_is_said_to_be_unknown(
    lasting: MongoServer, name: str
) -> None:
    with MongoWarehouse(lasting.url, name, patience=0.5) as warehouse:
        warehouse.put(piece("a", "one"), collection="c")
        with (
            failing(lasting, ["commitTransaction"], {"closeConnection": True}, times=1000),
            pytest.raises(WarehouseError) as caught,
        ):
            warehouse.put(piece("a", "two"), collection="c")
        assert "unknown" in caught.value.hint


class failing:  # noqa: N801 - reads as a verb where it is used
    """Make commands fail for the length of a block."""

    def __init__(
        self, server: MongoServer, commands: list[str], failure: dict[str, Any], times: int
    ) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(server.url)
        self._data = {"failCommands": commands, **failure}
        self._times = times

    def __enter__(self) -> None:
        self._set({"times": self._times}, data=self._data)

    def __exit__(self, *_: object) -> None:
        self._set("off")
        self._client.close()

    def _set(self, mode: object, **more: object) -> None:
        self._client.admin.command("configureFailPoint", "failCommand", mode=mode, **more)


# The feed


def test_followers_of_busy_writers_miss_nothing(lasting: MongoServer, name: str) -> None:
    """Four processes write; a number that is seen before a smaller one would skip that one."""
    MongoWarehouse(lasting.url, name).close()
    children = [started("many", lasting, name, f"p{number}") for number in range(4)]
    seen: dict[str, int] = {}
    last = -1
    cursor = None
    with MongoWarehouse(lasting.url, name) as warehouse:
        while any(child.poll() is None for child in children) or warehouse.backlog(cursor):
            warehouse.wait(cursor, 0.2)
            for change in warehouse.changes(cursor, limit=3):
                number = int(change.cursor.rpartition("-")[2])
                assert number > last
                last, cursor = number, change.cursor
                seen[change.document_id] = change.version
        newest = {summary.id: summary.version for summary in warehouse.summaries()}
    assert [child.communicate() and child.returncode for child in children] == [0] * 4
    assert len(newest) == 4 * 25 + 1
    assert seen == newest
    assert seen[piece("shared").id] == 100


def test_a_token_rests_beside_its_place_and_is_resumed(lasting: MongoServer, name: str) -> None:
    with MongoWarehouse(lasting.url, name) as warehouse:
        warehouse.put(piece("a"), collection="c")
        cursor = warehouse.latest_cursor()
        assert warehouse.wait(cursor, 0.2) is False
        warehouse.set_cursor("index", cursor)
    (row,) = rows(lasting, name, "cursors")
    assert row["token"]
    with MongoWarehouse(lasting.url, name) as other:
        other.put(piece("b"), collection="c")
    with MongoWarehouse(lasting.url, name) as again:
        # What was written while nobody listened comes out of the stream that is resumed.
        stream = again._waiting._open(row["seq"], 5.0)
        assert stream is not None
        with stream:
            event = stream.try_next()
        assert event is not None
        assert event["updateDescription"]["updatedFields"]["seq"] == row["seq"] + 1
        assert again.wait(again.cursor("index"), WAIT) is True


def test_an_expired_token_costs_nothing_but_itself(tmp_path: Path, name: str) -> None:
    short = ("--oplog-max-entries", "20")
    with mongo_server(tmp_path / "short", SECANTUS, short) as server:
        with MongoWarehouse(server.url, name) as warehouse:
            warehouse.put(piece("a"), collection="c")
            assert warehouse.wait(warehouse.latest_cursor(), 0.2) is False
            warehouse.set_cursor("index", warehouse.latest_cursor())
        (before,) = rows(server, name, "cursors")
        assert before["token"]
        with MongoWarehouse(server.url, name) as other:
            for number in range(60):
                other.put(piece(f"{number}"), collection="c")
            other.set_cursor("index", other.latest_cursor())
        assert rows(server, name, "cursors")[0]["token"] == before["token"]
        with MongoWarehouse(server.url, name) as again:
            cursor = again.cursor("index")
            later = threading.Timer(1.0, lambda: again.put(piece("last"), collection="c"))
            later.start()
            assert again.wait(cursor, WAIT) is True
            later.join()
            (change,) = again.changes(cursor)
            assert change.document_id == piece("last").id
            again.set_cursor("index", change.cursor)
        (after,) = rows(server, name, "cursors")
        assert after["token"] != before["token"]


def test_who_waits_outlives_the_server(mortal: MongoServer, name: str) -> None:
    with (
        MongoWarehouse(mortal.url, name, patience=WAIT) as waiting,
        MongoWarehouse(mortal.url, name, patience=WAIT) as writing,
    ):
        waiting.put(piece("a"), collection="c")
        cursor = waiting.latest_cursor()
        seen: list[bool] = []
        thread = threading.Thread(target=lambda: seen.append(waiting.wait(cursor, WAIT)))
        thread.start()
        mortal.restart()
        writing.put(piece("b"), collection="c")
        thread.join(WAIT)
        assert seen == [True]


def test_closing_ends_the_waiting(lasting: MongoServer, name: str) -> None:
    warehouse = MongoWarehouse(lasting.url, name)
    caught: list[Exception] = []

    def wait() -> None:
        try:
            warehouse.wait(None, WAIT)
        except WarehouseError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    warehouse.close()
    thread.join(WAIT)
    assert [type(error) for error in caught] == [WarehouseError]


# Contents


def test_more_than_a_row_can_hold(lasting: MongoServer, name: str) -> None:
    text = "é" * (10 * 1024 * 1024) + "end"
    raw = os.urandom(PIECE) * 4 + b"end"
    with MongoWarehouse(lasting.url, name) as warehouse:
        put = warehouse.put(piece("big", text, raw=raw), collection="c")
        assert warehouse.get(put.document_id).document == piece("big", text, raw=raw)
        (versions,) = [versions for _, versions in warehouse.export()]
        assert versions[0].document.raw == raw
        assert warehouse.delete([put.document_id]) == 1
    assert rows(lasting, name, "contents") == []
    assert rows(lasting, name, "versions") == []


def test_metadata_that_no_row_can_hold_are_refused(lasting: MongoServer, name: str) -> None:
    with MongoWarehouse(lasting.url, name) as warehouse:
        with pytest.raises(WarehouseError, match="16 MB"):
            warehouse.put(piece("a", extra={"k": "x" * 17_000_000}), collection="c")
        assert warehouse.counts().documents == 0


def test_a_document_that_is_torn_is_no_document(lasting: MongoServer, name: str) -> None:
    with MongoWarehouse(lasting.url, name) as warehouse:
        put = warehouse.put(piece("a", "x" * (PIECE + 1)), collection="c")
        with MongoClient[dict[str, Any]](lasting.url) as client:
            client[name]["contents"].delete_one({"number": 1})
        with pytest.raises(WarehouseError, match="without all of its contents") as caught:
            warehouse.get(put.document_id)
        assert "export" in caught.value.hint


# Opening


def test_the_settings_name_the_server(
    lasting: MongoServer, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = WarehouseSettings(engine="mongo", url=lasting.url, database=name)
    with open_warehouse(settings, tmp_path) as warehouse:
        warehouse.put(piece("a"), collection="c")
    monkeypatch.setenv("TEST_MONGO", lasting.url)
    named = WarehouseSettings(engine="mongo", url_env="TEST_MONGO", database=name)
    with open_warehouse(named, tmp_path) as warehouse:
        assert warehouse.counts().documents == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.delenv("TEST_MONGO")
    with pytest.raises(ConfigurationError, match="TEST_MONGO"):
        open_warehouse(named, tmp_path)


def test_a_server_without_transactions_is_refused(lasting: MongoServer, name: str) -> None:
    standalone = {"errorCode": 20}
    with (
        failing(lasting, ["find"], standalone, times=1),
        pytest.raises(WarehouseError, match="no transactions") as caught,
    ):
        MongoWarehouse(lasting.url, name)
    assert "--replSet" in caught.value.hint
    with MongoClient[dict[str, Any]](lasting.url) as client:
        assert name not in client.list_database_names()


def test_a_server_that_is_not_there_is_named_without_its_password(name: str) -> None:
    port = free_port()
    with pytest.raises(WarehouseError) as caught:
        MongoWarehouse(f"mongodb://ada:s3cret@127.0.0.1:{port}", name)
    assert f"127.0.0.1:{port}" in caught.value.message
    assert "running" in caught.value.hint
    assert "s3cret" not in repr(caught.value) + caught.value.hint + str(caught.value.__cause__)


@pytest.mark.parametrize("url", ["mongodb://ada:s3cret/x@host", "http://ada:s3cret@host", "s3cret"])
def test_what_is_no_url_is_not_repeated(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match="no MongoDB URL") as caught:
        MongoWarehouse(url, name)
    assert "s3cret" not in repr(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None


def test_a_wrong_password_is_named_and_not_shown(tmp_path: Path, name: str) -> None:
    with mongo_server(tmp_path / "auth") as server:
        with MongoClient[dict[str, Any]](server.url) as client:
            client.admin.command("createUser", "ada", pwd="right", roles=["root"])
        server.kill()
        server.add_options("--auth")
        server.start()
        address = server.url.partition("://")[2]
        with MongoWarehouse(f"mongodb://ada:right@{address}", name) as warehouse:
            warehouse.put(piece("a"), collection="c")
        with pytest.raises(WarehouseError) as caught:
            MongoWarehouse(f"mongodb://ada:s3cret@{address}", name)
        assert "url_env" in caught.value.hint
        assert "s3cret" not in repr(caught.value) + caught.value.hint


def test_somebody_elses_database_is_refused_untouched(lasting: MongoServer, name: str) -> None:
    with MongoClient[dict[str, Any]](lasting.url) as client:
        client[name]["documents"].insert_one({"_id": 1, "theirs": True})
        with pytest.raises(WarehouseError, match="not a warehouse"):
            MongoWarehouse(lasting.url, name)
        assert client[name].list_collection_names() == ["documents"]
        assert client[name]["documents"].count_documents({}) == 1


def test_a_newer_format_is_refused(lasting: MongoServer, name: str) -> None:
    MongoWarehouse(lasting.url, name).close()
    with MongoClient[dict[str, Any]](lasting.url) as client:
        client[name]["state"].update_one({}, {"$set": {"format": 99}})
    with pytest.raises(WarehouseError, match="newer twin"):
        MongoWarehouse(lasting.url, name)


def test_an_opening_that_was_cut_short_is_completed(lasting: MongoServer, name: str) -> None:
    with MongoClient[dict[str, Any]](lasting.url) as client:
        client[name]["documents"].create_index("source", unique=True)
    opener = partial(MongoWarehouse, lasting.url, name)
    with opener() as warehouse:
        assert warehouse.put(piece("a"), collection="c").outcome is Outcome.NEW
    with MongoClient[dict[str, Any]](lasting.url) as client:
        assert len(client[name]["versions"].index_information()) == 6


# Copying


def test_a_home_moves_to_the_server_and_back(
    lasting: MongoServer,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from twin.cli import run as twin
    from twin.testing.warehouse_transfer import filled
    from twin.warehouse.sqlite import SQLiteWarehouse

    def run(*arguments: str) -> dict[str, Any]:
        command = ["--home", str(tmp_path), "warehouse", "copy", *arguments, "--json"]
        assert twin(command) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    monkeypatch.setenv("TWIN_WAREHOUSE__URL", lasting.url)
    monkeypatch.setenv("TWIN_WAREHOUSE__DATABASE", name)
    with SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as home:
        filled(home)
    there = run("sqlite", "mongo")
    again = run("sqlite", f"{lasting.url}/{name}")
    back = run("mongo", str(tmp_path / "back.sqlite3"))
    assert [(done["new"], done["unchanged"]) for done in (there, again, back)] == [
        (4, 0),
        (0, 4),
        (4, 0),
    ]
    assert there["equal"] is True
    assert {done["digest"] for done in (there, again, back)} == {there["digest"]}
    with (
        SQLiteWarehouse(tmp_path / "warehouse.sqlite3") as home,
        SQLiteWarehouse(tmp_path / "back.sqlite3") as returned,
    ):
        assert list(returned.export()) == list(home.export())
        assert returned.authors() == home.authors()
