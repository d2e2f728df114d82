"""Which victims die where, and what was found after each.

In: a stage, how many are to die, and a seed. Out: outcomes: every named point at least once, and
the rest at random hits and random moments of the commands that a person runs.
"""

import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.crash.scenes import SCENES, Kill, Outcome, Scene, Stage
from tests.crash.write_points import points

AT_RANDOM = ("ingest", "sync", "watch", "rebuild", "forget")
"""The scenes that are also killed at random moments."""

MOMENTS = 2
"""Random moments of each, at the least."""

HALF = 0.5

AT_ONCE = 2

RETRIES = 5
"""A moment that came too late is chosen anew, earlier, so many times."""


def chosen(stage: Stage, number: int, seed: int) -> list[Kill]:
    """Return where the victims are to die.

    Raises:
        LookupError: if a point lies on the way of no command.
    """
    source = random.Random(seed)
    hits = [(scene, stage.uninterrupted(scene).hits) for scene in SCENES]
    kills: list[Kill] = []
    for point in points(stage.engine.name):
        fitting = [scene for scene, counted in hits if counted[point]]
        if not fitting:
            message = f"no command comes past {point!r}"
            raise LookupError(message)
        kills.append(_at(stage, source.choice(fitting), point, source))
    timed = [scene for scene in SCENES if scene.name in AT_RANDOM]
    kills += [_moment(stage, scene, source) for scene in timed for _ in range(MOMENTS)]
    while len(kills) < number:
        if source.random() < HALF:
            kills.append(_moment(stage, source.choice(timed), source))
            continue
        scene, counted = source.choice(hits)
        passed = [point for point in points(stage.engine.name) if counted[point]]
        kills.append(_at(stage, scene, source.choice(passed), source))
    source.shuffle(kills)
    return kills


def played(stage: Stage, kills: Sequence[Kill]) -> Iterator[Outcome]:
    """Play them all, a few at once, and yield what became of each."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda kill: _killed(stage, kill), kills)


def described(outcome: Outcome) -> str:
    """Say what was wrong after a kill."""
    state = "" if outcome.killed else " (not killed)"
    return "\n    ".join([f"{outcome.kill}{state}", *outcome.problems])


def quick_folder(otherwise: Path) -> Path:
    """Return where the homes lie: in memory if it can be, for every write there is made durable.

    A process that is killed leaves what it wrote to the system, so no disk is needed for the test.
    """
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else otherwise


def _at(stage: Stage, scene: Scene, point: str, source: random.Random) -> Kill:
    # Two threads of a command come past some points, not always equally often.
    most = max(1, stage.uninterrupted(scene).hits[point] * 2 // 3)
    return Kill(scene, point, source.randint(1, most))


def _moment(stage: Stage, scene: Scene, source: random.Random) -> Kill:
    return Kill(scene, seconds=source.uniform(0.02, stage.uninterrupted(scene).seconds))


def _killed(stage: Stage, kill: Kill) -> Outcome:
    """Play one; again if the victim was done before it could die, and nothing was wrong."""
    outcome = stage.play(kill)
    for _ in range(RETRIES):
        if outcome.killed or outcome.problems:
            break
        kill = replace(kill, nth=1, seconds=kill.seconds / 2)
        outcome = stage.play(kill)
    return outcome
