"""A command is ended by ``kill -9``, wherever it may be; then one `twin sync` makes all well."""

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.killing import chosen, described, played, quick_folder
from tests.crash.scenes import Stage
from tests.crash.write_points import MONGO, SQLITE, points
from tests.servers import mongo_server

LEAST = 40
"""Victims of each engine."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="twin-crash-", dir=quick_folder(tmp_path)) as found:
        yield Path(found)


@pytest.fixture(params=[SQLITE, MONGO])
def stage(request: pytest.FixtureRequest, folder: Path) -> Iterator[Stage]:
    if request.param == SQLITE:
        yield Stage(folder)
        return
    pytest.importorskip("pymongo", reason="pymongo is not installed (it is in the extra mongo)")
    from tests.crash.mongo import MongoEngine

    with mongo_server(folder / "server") as server:
        yield Stage(folder, MongoEngine(server.url))


def test_nothing_is_lost_and_nothing_left_over(stage: Stage) -> None:
    # The seed of a failure stands in its message; TEST_CRASH_SEED plays the same kills again.
    seed = int(os.environ.get("TEST_CRASH_SEED") or random.SystemRandom().randrange(10**6))
    outcomes = list(played(stage, chosen(stage, LEAST, seed)))
    wrong = [described(outcome) for outcome in outcomes if outcome.problems]
    assert not wrong, f"seed {seed}:\n" + "\n".join(wrong)
    alive = [described(outcome) for outcome in outcomes if not outcome.killed]
    assert not alive, f"seed {seed}: these did not die:\n" + "\n".join(alive)
    assert {outcome.kill.point for outcome in outcomes} >= set(points(stage.engine.name))
    assert len(outcomes) >= LEAST
