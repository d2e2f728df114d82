"""The commands that are broken off, and how each is begun, killed and looked at afterwards.

In: a warehouse engine and an empty folder. Out: victims that died, each with what was wrong
afterwards. Every case begins with a copy of a home that was made once.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash import aftermath, corpus
from tests.crash.aftermath import Case, State, files, read_state
from tests.crash.embedders import FIRST, SECOND, installed
from tests.crash.processes import PATIENCE, Started, ended, started
from tests.crash.victim import Plan, run

QUIET = 2.0
"""Seconds after which one that follows has nothing more to tell; it looks once a second."""

SETTINGS = f"""
[person]
name = "Ada"
[index]
embedding = "{FIRST}"
store = {{ use = "qdrant-edge", collection = "COLLECTION" }}
[retrieve]
rerankers = []
"""


class Engine:
    """A warehouse engine, and how a home with all of its documents is copied."""

    name = "sqlite"

    def settings(self, home: Path) -> str:
        """Return what twin.toml of a home has to say about the warehouse."""
        del home
        return ""

    def copy(self, source: Path, target: Path) -> None:
        """Copy what of the warehouse lies outside of the home."""

    def bury(self, session: Path) -> None:
        """Do for a victim that died what else would take long; the file names its session."""

    def remove(self, home: Path) -> None:
        """Remove what of the warehouse lies outside of the home."""


@dataclass(frozen=True)
class Scene:
    """A command, and the home that it finds.

    Attributes:
        name: of the scene.
        start: the home that it begins with.
        command: of `twin`; one of `FOLDERS` stands for its path.
        answers: whether the index must answer all the while.
        again: whether to run it once more afterwards completes it.
        environment: of the victim.
        writer: a command that another process runs as soon as the victim follows the warehouse.
    """

    name: str
    start: str
    command: tuple[str, ...]
    answers: bool = True
    again: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    writer: tuple[str, ...] = ()


FOLDERS = STATE_1, STATE_2, OTHERS = "FIRST-STATE", "SECOND-STATE", "OTHERS"
"""Of the notes in two states, and of what is forgotten as a whole; in a command for their path."""

NOTES_1 = ("ingest", STATE_1, "--name", "notes")
NOTES_2 = ("ingest", STATE_2, "--name", "notes", "--prune")
LETTERS = ("ingest", OTHERS, "--name", "letters")
BEHIND = (*NOTES_2, "--no-index")
ANEW = ("index", "rebuild", "--embedding", SECOND)

STARTS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "empty": (),
    "in step": (NOTES_1, LETTERS),
    "behind": (NOTES_1, LETTERS, BEHIND),
    "changed over": (NOTES_1, LETTERS, ANEW, BEHIND),
}

SCENES = (
    Scene("first ingest", "empty", NOTES_1, answers=False),
    Scene("ingest", "in step", NOTES_2),
    Scene("ingest without --prune", "in step", NOTES_2[:-1]),
    Scene("sync", "behind", ("sync",)),
    Scene("failing sync", "behind", ("sync",), environment={"TEST_REFUSES": "added"}),
    Scene("sync --rebuild", "behind", ("sync", "--rebuild"), answers=False),
    Scene("watch", "in step", ("sync", "--watch"), again=False, writer=BEHIND),
    Scene("rebuild", "behind", ANEW),
    Scene("second rebuild", "changed over", ("index", "rebuild", "--embedding", FIRST)),
    Scene("forget", "changed over", ("forget", "files:letters", "--yes"), again=False),
    Scene("rollback", "changed over", ("index", "rollback"), again=False),
    Scene("drop", "changed over", ("index", "drop"), again=False),
)


@dataclass(frozen=True)
class Uninterrupted:
    """A scene that was played to its end: the measure of what one may find after a crash."""

    hits: Counter[str]
    seconds: float
    end: State
    kept: Sequence[str]


@dataclass(frozen=True)
class Kill:
    """Where a victim is to die: at the n-th hit of a point, or so many seconds after its start."""

    scene: Scene
    point: str = ""
    nth: int = 1
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in a line."""
        where = f"{self.point} ({self.nth})" if self.point else f"after {self.seconds:.3f} s"
        return f"{self.scene.name}: {where}"


@dataclass(frozen=True)
class Outcome:
    """What became of a victim.

    Attributes:
        killed: whether it died of the kill; it may have been done before.
        problems: what was wrong afterwards.
    """

    kill: Kill
    killed: bool
    problems: Sequence[str]


class Stage:
    """Where the scenes are played.

    Args:
        folder: an empty one.
        engine: of the warehouse.
    """

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        self._folder = folder
        self.engine = engine or Engine()
        self.cases = folder
        """Where the homes of the victims lie."""
        self.plugins = installed(folder / "plugins")
        corpus.write(folder / STATE_1, 1)
        corpus.write(folder / STATE_2, 2)
        (folder / OTHERS).mkdir()
        for name, text in corpus.letters().items():
            (folder / OTHERS / name).write_text(text, encoding="utf-8")
        self._numbers = itertools.count(1)
        self._ends: dict[str, Uninterrupted] = {}
        self.starts: dict[str, Path] = {}
        for name, commands in STARTS.items():
            home = self._home(f"start-{name.replace(' ', '-')}")
            whole = tuple(map(self.command, commands))
            process = started(aftermath.obey, home, self.plugins, whole)
            if ended(process) != 0:
                message = f"the home {name!r} could not be made"
                raise RuntimeError(message)
            self.starts[name] = home

    def command(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return a command with the folders filled in."""
        return tuple(str(self._folder / word) if word in FOLDERS else word for word in words)

    def uninterrupted(self, scene: Scene) -> Uninterrupted:
        """Play a scene to its end, once."""
        if scene.name not in self._ends:
            plan = self.begun(scene)
            begun = time.perf_counter()
            self._play(scene, plan, None)
            seconds = time.perf_counter() - begun
            before = self._state(self._copied(scene.start))
            end = self._state(plan.home)
            kept = _untouched(before, end)
            hits = Counter(json.loads(plan.hits.read_text(encoding="utf-8")))
            self._ends[scene.name] = Uninterrupted(hits, seconds, end, kept)
        return self._ends[scene.name]

    def play(self, kill: Kill) -> Outcome:
        """Play a scene, kill the process, and look at what is left."""
        scene, whole = kill.scene, self.uninterrupted(kill.scene)
        plan = self.begun(scene, kill)
        code = self._play(scene, plan, kill)
        killed = code == -signal.SIGKILL
        if killed:
            self.engine.bury(plan.sessions)
        if kill.point and killed and plan.died_at.read_text(encoding="utf-8") != kill.point:
            return Outcome(kill, killed, [f"it died at {plan.died_at.read_text()}"])
        if not killed and code not in {0, 1 if scene.environment else 0}:
            return Outcome(kill, killed, [f"it ended with {code}: {plan.output.read_text()}"])
        end = None if scene.environment else whole.end
        return Outcome(kill, killed, self.looked_at(scene, plan, end))

    def looked_at(self, scene: Scene, plan: Plan, end: State | None) -> list[str]:
        """Repair a home, and return what was wrong with it; one that is sound is removed.

        Args:
            scene: what was played in it.
            plan: of the victim.
            end: the state that it must come to; None is not compared.
        """
        whole = self.uninterrupted(scene)
        report = plan.notes / "report.json"
        case = Case(
            home=plan.home,
            fresh=plan.notes / "fresh",
            plugins=self.plugins,
            settings=self._settings(plan.home, "fresh"),
            written=plan.written,
            kept=whole.kept,
            answers=scene.answers,
            again=plan.command if scene.again else (),
            end=end,
            known=[*files(self.starts[scene.start]), *whole.end.files],
            report=report,
        )
        process = started(aftermath.look, case)
        if code := ended(process):
            return [f"the look at it broke off ({code})"]
        problems: list[str] = json.loads(report.read_text(encoding="utf-8"))
        if not problems:
            shutil.rmtree(plan.home)
            shutil.rmtree(plan.notes)
            self.engine.remove(plan.home)
        return problems

    def begun(self, scene: Scene, kill: Kill | None = None) -> Plan:
        """Return what a victim is to do, in a home of its own."""
        home = self._copied(scene.start)
        notes = self._folder / f"{home.name}-notes"
        notes.mkdir()
        (notes / "written").touch()
        command = self.command(scene.command)
        point, nth = (kill.point, kill.nth) if kill else ("", 1)
        return Plan(home, notes, command, self.plugins, point, nth, scene.environment)

    def _play(self, scene: Scene, plan: Plan, kill: Kill | None) -> int:
        """Run a victim to its end, which may be its death; return its exit code."""
        process = started(run, plan)
        until = None if kill is None or kill.point else time.monotonic() + kill.seconds
        if scene.writer:
            self._written(scene, plan, process, until)
        elif until is not None:
            process.join(max(until - time.monotonic(), 0))
            process.kill()
        return ended(process)

    def _written(self, scene: Scene, plan: Plan, process: Started, until: float | None) -> None:
        """Let another process write while the victim follows, and then end the victim."""
        _wait(lambda: "watching" in _text(plan.output) or process.exitcode is not None)
        writer = started(aftermath.obey, plan.home, self.plugins, [self.command(scene.writer)])
        if until is not None:
            process.join(max(until - time.monotonic(), 0))
            process.kill()
        ended(writer)
        stop(plan, process)

    def _state(self, home: Path) -> State:
        report = self._folder / f"{home.name}-state.json"
        process = started(aftermath.record, home, self.plugins, report)
        ended(process)
        return read_state(report)

    def _home(self, name: str) -> Path:
        home = self._folder / name
        home.mkdir()
        (home / "twin.toml").write_text(self._settings(home, "notes"), encoding="utf-8")
        return home

    def _settings(self, home: Path, collection: str) -> str:
        return SETTINGS.replace("COLLECTION", collection) + self.engine.settings(home)

    def _copied(self, start: str) -> Path:
        source = self.starts[start]
        home = self.cases / f"case-{next(self._numbers)}"
        # The engine's files are mostly holes, 200 MB of them, which are not to be filled.
        subprocess.run(["cp", "-a", "--sparse=always", source, home], check=True)
        self.engine.copy(source, home)
        (home / "twin.toml").write_text(self._settings(home, "notes"), encoding="utf-8")
        return home


def _untouched(before: State, after: State) -> list[str]:
    """Return the documents of which nothing changed, neither at rest nor in the index."""
    return [
        identity
        for identity, told in before.documents.items()
        if after.documents.get(identity) == told and corpus.KEPT in told
    ]


def stop(plan: Plan, process: Started) -> None:
    """End a process that follows the warehouse, once it has nothing more to tell."""
    seen, since = "", time.monotonic()
    while process.exitcode is None and time.monotonic() - since < QUIET:
        if (text := _text(plan.output)) != seen:
            seen, since = text, time.monotonic()
        time.sleep(0.02)
    if process.exitcode is None and process.pid:
        os.kill(process.pid, signal.SIGTERM)


def _wait(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > until:
            message = f"nothing happened for {PATIENCE:.0f} s"
            raise RuntimeError(message)
        time.sleep(0.01)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
