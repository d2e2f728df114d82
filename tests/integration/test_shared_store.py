"""Several processes and one embedded store: whoever comes first serves the others."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path

import pytest

from twin.documents import Audience, Kind
from twin.errors import IndexMismatch, StoreInUse, TwinError
from twin.index import shared_store
from twin.index.links import connect, limit, socket_paths
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.index.shared_store import SharedEdgeStore
from twin.points import CollectionInfo, Filters, Payload, Point, SparseVector

INFO = CollectionInfo(embedder="test", dimension=4, sparse="none")
EVERYTHING = Filters(audience=Audience.PRIVATE)

OWNER = """
import sys, time
from pathlib import Path
from twin.index.shared_store import SharedEdgeStore
from twin.points import CollectionInfo
store = SharedEdgeStore(Path(sys.argv[1]))
store.ensure(CollectionInfo(embedder="test", dimension=4, sparse="none"))
print("owned" if store.owned else "asking", flush=True)
sys.stdin.readline()
store.close()
"""


def point(number: int) -> Point:
    payload = Payload(
        document_id=f"d{number % 3}",
        version=1,
        start=0,
        end=1,
        passage_start=0,
        passage_end=1,
        author="a",
        kind=Kind.ARTICLE,
        platform="file",
        audience=Audience.PUBLIC,
        source="s",
        embedded_hash=str(number),
    )
    identity = f"00000000-0000-0000-0000-{number:012}"
    return Point(identity, [1.0, number, 0.0, 0.0], SparseVector([number], [1.0]), payload)


def start_owner(folder: Path) -> "subprocess.Popen[str]":
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owned\n"
    return owner


@pytest.fixture
def owner(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = start_owner(tmp_path / "store")
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_works_through_the_first(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert owner.poll() is None
    store = SharedEdgeStore(tmp_path / "store")
    store.ensure(INFO)
    assert not store.owned
    store.upsert([point(n) for n in range(30)])
    assert store.count() == 30
    [hits] = store.search([[1.0, 29.0, 0.0, 0.0]], EVERYTHING, 3)
    assert hits[0].payload == point(29).payload
    assert len(list(store.scroll())) == 30
    assert set(store.points_of(["d1"])["d1"]) == {point(n).id for n in range(1, 30, 3)}
    store.delete([point(0).id])
    assert store.count() == 29
    store.close()


def test_errors_of_the_owner_reach_the_caller_with_their_hint(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert owner.poll() is None
    store = SharedEdgeStore(tmp_path / "store")
    with pytest.raises(IndexMismatch) as told:
        store.ensure(CollectionInfo(embedder="other", dimension=4, sparse="none"))
    assert "twin sync --rebuild" in told.value.hint
    store.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_next_takes_over_when_the_owner_is_killed(
    owner: "subprocess.Popen[str]", tmp_path: Path, how: signal.Signals
) -> None:
    store = SharedEdgeStore(tmp_path / "store")
    store.ensure(INFO)
    store.upsert([point(n) for n in range(10)])
    assert not store.owned
    owner.send_signal(how)
    owner.wait()
    assert store.count() == 10
    assert store.owned
    store.close()


def test_an_owner_that_ends_in_order_gives_the_folder_up(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    store = SharedEdgeStore(tmp_path / "store")
    store.ensure(INFO)
    owner.communicate("\n")
    store.upsert([point(1)])
    assert store.owned
    assert store.count() == 1
    store.close()


def test_nothing_is_lost_when_owners_are_killed_one_after_the_other(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = SharedEdgeStore(folder)
    stop = threading.Event()
    killed = 0

    def kill() -> None:
        nonlocal killed
        while not stop.is_set():
            process = subprocess.Popen(
                [sys.executable, "-c", OWNER, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
            time.sleep(0.3)
            process.kill()
            process.communicate()
            killed += 1

    first = start_owner(folder)
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for number in range(150):
            store.ensure(INFO)
            store.upsert([point(number)])
            if number == 20:
                first.kill()
            if number % 40 == 39:
                store.close()
            time.sleep(0.01)
    finally:
        stop.set()
        killer.join()
        first.kill()
        first.communicate()
    assert killed > 0
    assert store.count() == 150
    store.close()


def test_only_the_same_person_can_reach_the_store(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert owner.poll() is None
    folder = tmp_path / "store"
    assert (folder / "served.json").stat().st_mode & 0o077 == 0
    assert Path(next(socket_paths(folder))).stat().st_mode & 0o077 == 0


def test_a_caller_with_a_wrong_key_is_turned_away_and_the_others_are_served(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert owner.poll() is None
    from multiprocessing import AuthenticationError
    from multiprocessing.connection import Client

    with pytest.raises(AuthenticationError):
        Client(next(socket_paths(tmp_path / "store")), "AF_UNIX", authkey=b"guess")
    store = SharedEdgeStore(tmp_path / "store")
    store.ensure(INFO)
    assert store.count() == 0
    store.close()


def test_a_private_folder_that_others_may_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    shared = tmp_path / f"twin-{os.getuid()}"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(TwinError, match="can be used by others"):
        next(socket_paths(tmp_path / ("x" * 120)))


def test_where_the_folder_takes_no_socket_the_private_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    # The path of a socket may have 107 bytes, and that of a test may have as many.
    private = Path(tempfile.mkdtemp())
    request.addfinalizer(lambda: shutil.rmtree(private))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(private))
    first, second = SharedEdgeStore(tmp_path / "store"), SharedEdgeStore(tmp_path / "store")
    # As good as a file system that has none: what lies there cannot be replaced by one.
    (tmp_path / "store" / "store.sock").mkdir(parents=True)
    first.ensure(INFO)
    assert list((private / f"twin-{os.getuid()}").iterdir())
    second.ensure(INFO)
    assert (first.owned, second.owned, second.count()) == (True, False, 0)
    second.close()
    first.close()


def test_who_cannot_serve_the_others_works_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "nowhere"))
    monkeypatch.setattr(shared_store, "PATIENCE", 0.1)
    first, second = SharedEdgeStore(tmp_path / "store"), SharedEdgeStore(tmp_path / "store")
    (tmp_path / "store" / "store.sock").mkdir(parents=True)
    first.ensure(INFO)
    assert first.count() == 0
    assert "no other process can use" in caplog.text
    with pytest.raises(StoreInUse, match="in use by"):
        second.count()
    first.close()
    assert second.info() == INFO


def test_two_that_find_no_store_at_the_same_moment_share_the_one_that_is_made(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "store"
    made = [
        subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        said = [process.stdout.readline() for process in made if process.stdout is not None]
        assert sorted(said) == ["asking\n"] * 3 + ["owned\n"]
    finally:
        errors = [process.communicate("\n")[1] for process in made]
    assert errors == [""] * 4


def stop(process: "subprocess.Popen[str]") -> None:
    """Stop a process, and wait until each of its threads stands still."""
    process.send_signal(signal.SIGSTOP)
    threads = Path(f"/proc/{process.pid}/task")
    ends = time.monotonic() + 60
    while threads.is_dir() and time.monotonic() < ends:
        stats = [(thread / "stat").read_text("ascii") for thread in threads.iterdir()]
        # The state stands behind the name, which is in brackets.
        if all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats):
            return
        time.sleep(0.01)


@pytest.fixture
def stopped(owner: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    stop(owner)
    yield owner
    owner.send_signal(signal.SIGCONT)


def test_an_owner_that_is_stopped_is_named_and_waited_for_no_longer(
    stopped: "subprocess.Popen[str]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_store, "GREETING", 0.2)
    monkeypatch.setattr(shared_store, "PATIENCE", 0.5)
    store = SharedEdgeStore(tmp_path / "store")
    with pytest.raises(StoreInUse, match=f"process {stopped.pid}"):
        store.count()
    stopped.send_signal(signal.SIGCONT)
    store.ensure(INFO)
    assert store.count() == 0
    assert not store.owned
    store.close()


def test_an_owner_that_stops_between_two_calls_is_named(
    owner: "subprocess.Popen[str]", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for an owner that works, however busy the machine is.
    monkeypatch.setattr(shared_store, "GREETING", 2.0)
    monkeypatch.setattr(shared_store, "SILENCE", 2.0)
    monkeypatch.setattr(shared_store, "PATIENCE", 2.5)
    store = SharedEdgeStore(tmp_path / "store")
    store.upsert([point(1)])
    stop(owner)
    try:
        with pytest.raises(StoreInUse, match=f"process {owner.pid}"):
            store.count()
        # More than a socket holds: it is the writing that nobody takes.
        with pytest.raises(StoreInUse, match=f"process {owner.pid}"):
            store.upsert([point(number) for number in range(5000)])
    finally:
        owner.send_signal(signal.SIGCONT)
    # The answers to what was given up are not taken for the answers to other calls.
    assert store.count() in {1, 5000}
    assert store.points_of(["d1"])["d1"]
    store.close()


def test_more_callers_than_a_stopped_owner_has_room_for_are_not_kept_waiting(
    stopped: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert stopped.poll() is None
    refused = 0
    for _ in range(100):
        with pytest.raises(TimeoutError):
            connect(next(socket_paths(tmp_path / "store")), b"key", 0.01)
        refused += 1
    assert refused == 100


def test_a_caller_that_stops_at_the_door_is_in_nobodys_way(
    owner: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert owner.poll() is None
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(next(socket_paths(tmp_path / "store")))
        store = SharedEdgeStore(tmp_path / "store")
        store.ensure(INFO)
        assert store.count() == 0
        store.close()


def test_a_limit_is_of_the_socket_and_can_be_taken_away() -> None:
    one, other = Pipe()
    with one, other:
        limit(one, 0.05)
        with pytest.raises(BlockingIOError):
            one.recv()
        limit(one, 0)
        threading.Timer(0.1, other.send, ["late"]).start()
        assert one.recv() == "late"


ASKER = """
import sys
from pathlib import Path
from twin.errors import StoreInUse
from twin.index.qdrant_edge import QdrantEdgeStore
from twin.points import CollectionInfo
INFO = CollectionInfo(embedder="test", dimension=4, sparse="none")
refused = 0
while refused < 300:
    try:
        QdrantEdgeStore(Path(sys.argv[1])).ensure(INFO)
    except StoreInUse:
        refused += 1
print(refused)
"""


def test_who_asks_in_vain_for_the_folder_does_its_owner_no_harm(tmp_path: Path) -> None:
    """The engine itself touches the owner's journals before it refuses a second process."""
    folder = tmp_path / "store"
    with contextlib.closing(QdrantEdgeStore(folder)) as store:
        store.ensure(INFO)
        asker = subprocess.Popen(
            [sys.executable, "-c", ASKER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        number = 0
        while asker.poll() is None or number < 20:
            store.upsert([point(number)])
            number += 1
        assert asker.communicate()[0].strip() == "300"
        assert store.count() == number
