"""Runs at rest: ``runs/<id>/`` in the home.

In: a home. Out: `Run`s, each with its manifest, newest last. A run's folder holds ``config.yaml``
(all that Axolotl was told), ``manifest.json``, ``log``, ``events.jsonl``, ``metrics.csv``,
``curves.png``, ``output/`` (checkpoints), and what came of it: ``adapter/`` or ``model/``, and
``merged/`` where it was merged.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from twin.documents import Audience
from twin.errors import TrainingError, UsageError
from twin.spelling import did_you_mean
from twin.training.holding import is_held

FOLDER: Final = "runs"
MANIFEST: Final = "manifest.json"
CONFIG: Final = "config.yaml"
LOG: Final = "log"


class State(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"
    """It says that it is running, but nobody works on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run was made from, and what came of it.

    Attributes:
        id: of the run.
        kind: ``sft`` or ``dpo``.
        state: how far it is.
        created_at: ISO 8601, UTC.
        ended_at: likewise; empty while it runs.
        recipe: the file of Axolotl that it was made from.
        recipe_sha256: of that file.
        overrides: what was set with ``--set``.
        base_model: as Axolotl was told.
        base_run: the run whose result it begins from; empty if none.
        base_sha256: of the base model's config.json and adapter, where they lie here.
        dataset: name of the set.
        dataset_sha256: file name to hash.
        dataset_manifest_sha256: of the manifest that the set came with.
        rows: that were trained on.
        audience: the highest of what is in the set; who may be served by what came of it.
        seed: of everything that is drawn by chance.
        versions: of Python and the packages that decide a run.
        device: what it ran on.
        memory: the estimate, in bytes, by term; empty where the shape of the model is not known.
        pid: of the process that runs it.
        steps: done, and in all.
        final: the last value of each metric.
        launcher: that was asked for; empty takes what fits the machine.
        launcher_arguments: for it; a resumed run is launched as it was begun.
        failure: why it failed; empty if it did not.
    """

    id: str
    kind: str
    state: State
    created_at: str
    ended_at: str = ""
    recipe: str
    recipe_sha256: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    base_model: str
    base_run: str = ""
    base_sha256: Mapping[str, str] = field(default_factory=dict)
    dataset: str
    dataset_sha256: Mapping[str, str]
    dataset_manifest_sha256: str = ""
    rows: int
    audience: Audience
    seed: int
    versions: Mapping[str, str]
    device: str = ""
    memory: Mapping[str, int] = field(default_factory=dict)
    pid: int = 0
    steps: tuple[int, int] = (0, 0)
    final: Mapping[str, float] = field(default_factory=dict)
    launcher: str = ""
    launcher_arguments: tuple[str, ...] = ()
    failure: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return a manifest from what its file says.

        Raises:
            KeyError, TypeError, ValueError: if it does not say it.
        """
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        known |= {
            "state": State(values["state"]),
            "audience": Audience(values["audience"]),
            "steps": tuple(values.get("steps") or (0, 0)),
            "launcher_arguments": tuple(values.get("launcher_arguments") or ()),
        }
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Run:
    """A run and its folder."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """Its name."""
        return self.manifest.id

    @property
    def config(self) -> Path:
        """All that Axolotl was told."""
        return self.folder / CONFIG

    @property
    def output(self) -> Path:
        """Where Axolotl writes: checkpoints, and its result."""
        return self.folder / "output"

    @property
    def adapter(self) -> Path | None:
        """The folder of the adapter, None if none came of it."""
        folder = self.folder / "adapter"
        return folder if (folder / "adapter_config.json").is_file() else None

    @property
    def merged(self) -> Path | None:
        """The folder of the whole model: merged, or of a full fine-tuning; None if there is none."""
        for name in ("merged", "model"):
            folder = self.folder / name
            if (folder / "config.json").is_file():
                return folder
        return None

    @property
    def checkpoint(self) -> Path | None:
        """The last whole checkpoint, None if there is none."""
        found = [
            (int(path.name.removeprefix("checkpoint-")), path)
            for path in self.output.glob("checkpoint-*")
            if path.name.removeprefix("checkpoint-").isdigit()
            and (path / "trainer_state.json").is_file()
        ]
        return max(found)[1] if found else None

    @property
    def state(self) -> State:
        """How far it is, seen from outside."""
        told = self.manifest.state
        if told is not State.RUNNING:
            return told
        held = is_held(self.folder)
        alive = _alive(self.manifest.pid) if held is None else held
        return State.RUNNING if alive else State.LOST

    def changed(self, **values: Any) -> "Run":
        """Write a manifest with other values, and return the run with it."""
        run = Run(self.folder, replace(self.manifest, **values))
        write_manifest(run)
        return run


def write_manifest(run: Run) -> None:
    """Write a run's manifest, whole or not at all."""
    path = run.folder / MANIFEST
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(run.manifest), indent=1, ensure_ascii=False), "utf-8")
    unfinished.replace(path)


def new_folder(home: Path, kind: str, now: datetime | None = None) -> Path:
    """Make the folder of a new run; its name is the run's id."""
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    root = home / FOLDER
    root.mkdir(parents=True, exist_ok=True)
    for number in range(1, 1000):
        folder = root / (f"{kind}-{stamp}" if number == 1 else f"{kind}-{stamp}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    message = f"{root} has a thousand runs of this second"
    raise TrainingError(message)


def runs(home: Path) -> list[Run]:
    """Return all runs, the oldest first; a folder whose manifest cannot be read is left out."""
    found = [_read(path.parent) for path in sorted((home / FOLDER).glob(f"*/{MANIFEST}"))]
    return sorted(
        (run for run in found if run is not None), key=lambda run: (run.manifest.created_at, run.id)
    )


def run_named(name: str, home: Path) -> Run:
    """Return a run by its id, or the newest one for ``last``.

    Raises:
        UsageError: if there is none.
    """
    known = runs(home)
    if name == "last" and known:
        return known[-1]
    for run in known:
        if run.id == name:
            return run
    message = f"there is no run {name!r}"
    known_ids = (run.id for run in known)
    raise UsageError(message, did_you_mean(name, known_ids, "`twin runs list` shows them"))


def audience_of(named: str, home: Path) -> Audience | None:
    """Return who may be answered by what came of a run; None where no run is known.

    Args:
        named: a run's id, its folder, or a folder in it.
        home: the home.
    """
    if not named:
        return None
    folder = home / FOLDER / named
    if not folder.is_dir():
        folder = Path(named).expanduser()
    found = next((run for run in map(_read, (folder, folder.parent)) if run is not None), None)
    return None if found is None else found.manifest.audience


def now() -> str:
    """Return the time as manifests have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(folder: Path) -> Run | None:
    try:
        values = json.loads((folder / MANIFEST).read_text("utf-8"))
        return Run(folder, Manifest.of(values))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
