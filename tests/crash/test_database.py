"""The server of the warehouse is killed and started again while two processes are at work on it."""

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pymongo", reason="pymongo is not installed (it is in the extra mongo)")

from tests.crash.killing import quick_folder
from tests.crash.mongo import MongoEngine
from tests.crash.processes import ended, started
from tests.crash.scenes import NOTES_1, NOTES_2, SCENES, Stage, stop
from tests.crash.victim import Plan, run
from tests.servers import MongoServer, mongo_server

BACK = (*NOTES_1, "--prune")

ROUNDS = 3
"""How often the notes change to and fro while the server comes and goes."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MongoServer]:
    with (
        tempfile.TemporaryDirectory(prefix="twin-crash-", dir=quick_folder(tmp_path)) as folder,
        mongo_server(Path(folder) / "server") as server,
    ):
        yield server


def test_a_server_that_is_killed_under_load_loses_nothing(server: MongoServer) -> None:
    stage = Stage(server.folder.parent, MongoEngine(server.url))
    [scene] = [one for one in SCENES if one.name == "watch"]
    whole = stage.uninterrupted(scene)
    following = stage.begun(scene)
    watcher = started(run, following)
    source = random.Random()
    # Everything is acknowledged by the writers; what follows only reads the warehouse.
    written = following.notes / "writers"
    written.mkdir()
    kills = 0
    for number, command in enumerate([NOTES_2, BACK] * ROUNDS + [NOTES_2]):
        words = (*stage.command(command), "--no-index")
        notes = written / str(number)
        notes.mkdir()
        plan = Plan(following.home, notes, words, stage.plugins)
        writer = started(run, plan)
        time.sleep(source.uniform(0, whole.seconds / 4))
        server.restart()
        kills += 1
        ended(writer)
        assert writer.exitcode == 0, plan.output.read_text()
    assert kills == 2 * ROUNDS + 1
    stop(following, watcher)
    ended(watcher)
    assert watcher.exitcode == 0, following.output.read_text()
    with following.written.open("a") as file:
        for number in range(kills):
            file.write((written / str(number) / "written").read_text())
    assert stage.looked_at(scene, following, end=None) == []
