"""A run from beginning to end: planned, carried out, resumed.

In: an `Order`. Out: a `Plan`, which says what would be done and what memory it takes; then a `Run`
whose folder holds everything. Nothing is written before all that can be checked was checked.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twin.errors import DiskFull, TrainingError, TwinError, UsageError
from twin.tables import TrainingSettings
from twin.training import curves, keys, metrics, origins, recipes, runs, trainset
from twin.training.composing import Beginning, Composed, Wishes, compose
from twin.training.devices import Device, device
from twin.training.environment import Axolotl
from twin.training.holding import held
from twin.training.launching import Ended, explain, launch
from twin.training.memory import Estimate, estimate, load_of
from twin.training.results import collect
from twin.training.runs import Manifest, Run, State
from twin.training.settling import settled
from twin.training.shapes import model_folder, shape_of
from twin.training.steps import Steps, steps_of, too_few
from twin.training.trainset import TrainSet

MARGIN: Final = 1.1
"""The estimate is within 10% of published figures, so so much must be there."""

ROOM: Final = 2**30
"""Bytes that must be free besides what is reckoned."""

Told = Callable[[metrics.Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be trained.

    Attributes:
        kind: ``sft`` or ``dpo``.
        dataset: name, folder or file.
        recipe: name of a shipped file, or a path; empty takes that of the settings.
        beginning: what it begins from.
        wishes: what was asked for by hand.
        online: whether Axolotl may ask the hub.
        launcher: ``python``, ``accelerate`` or ``torchrun``; empty takes what fits the machine.
        launcher_arguments: for the launcher.
        ignore_memory: start even if the memory will not do.
    """

    kind: str
    dataset: str
    recipe: str = ""
    beginning: Beginning = field(default_factory=Beginning)
    wishes: Wishes = field(default_factory=Wishes)
    online: bool = False
    launcher: str = ""
    launcher_arguments: tuple[str, ...] = ()
    ignore_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done.

    Attributes:
        order: what was asked for.
        recipe: the file.
        data: the set.
        composed: the configuration as it would be, in a folder that is not made yet.
        device: what it would run on.
        estimate: of its memory; None where the shape of the model is not known.
        steps: that it would take, about.
    """

    order: Order
    recipe: recipes.Recipe
    data: TrainSet
    composed: Composed
    device: Device
    estimate: Estimate | None
    steps: Steps

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be known before it starts."""
        few = too_few(self.steps, self.composed.config)
        return (*self.composed.remarks, *([few] if few else []))

    @property
    def base_model(self) -> str:
        """The model that it would begin from."""
        return str(self.composed.config.get("base_model") or "")


def plan(order: Order, home: Path, settings: TrainingSettings, axolotl: Axolotl) -> Plan:
    """Check everything that can be checked before a run, and say what would be done.

    Raises:
        UsageError: if a key, dataset or configuration is not what it must be.
        TrainingError: if the base model is not here, or there are too few rows.
    """
    recipe = recipes.load(order.recipe or getattr(settings, order.kind))
    if recipe.kind != order.kind:
        message = f"{recipe.path} is a configuration for {recipe.kind}, not for {order.kind}"
        raise UsageError(message, f"`twin train {recipe.kind}`, or name another with --config")
    data = trainset.open_set(order.dataset, home)
    trainset.need_rows(data, order.kind, settings.minimum_rows)
    names = keys.known(axolotl, home)
    keys.refuse_unknown(recipe.values, names, str(recipe.path))
    on = device()
    composed = _composed(order, recipe, data, home / runs.FOLDER / "planned", axolotl, on)
    keys.refuse_unknown(composed.config, names, "--set")
    base = str(composed.config.get("base_model") or "")
    if not base:
        message = f"{recipe.path} names no base_model"
        raise UsageError(message, "add it, or --set base_model=NAME")
    if not order.online and model_folder(base) is None:
        raise _no_base(base)
    return Plan(
        order=order,
        recipe=recipe,
        data=data,
        composed=composed,
        device=on,
        estimate=_estimate(base, composed.config, on),
        steps=steps_of(data, composed.config, on.count, base),
    )


def need_memory(plan: Plan) -> None:
    """Refuse a plan that does not fit the memory.

    Raises:
        TrainingError: with the estimate, and what would lower it.
    """
    told, there = plan.estimate, plan.device.free if plan.device.cpu else plan.device.memory
    if told is None or not there or plan.order.ignore_memory or told.total * MARGIN <= there:
        return
    message = (
        f"it takes about {told.total / 2**30:.1f} GiB, and {plan.device} has "
        f"{there / 2**30:.1f} GiB {'free' if plan.device.cpu else ''}".rstrip()
    )
    lower = "lower sequence_len or micro_batch_size with --set, or take a smaller model"
    raise TrainingError(
        message, f"{lower}; --dry-run shows the terms, --ignore-memory starts anyway"
    )


def begin(plan: Plan, home: Path, axolotl: Axolotl) -> Run:
    """Make the folder of a run, with its configuration and manifest.

    Raises:
        TrainingError: if the memory will not do.
        DiskFull: if too little room is left.
    """
    need_memory(plan)
    _need_room(plan, home)
    folder = runs.new_folder(home, plan.order.kind)
    composed = _composed(plan.order, plan.recipe, plan.data, folder, axolotl, plan.device)
    recipes.write(
        folder / runs.CONFIG, composed.config, f"run {folder.name}, from {plan.recipe.path.name}"
    )
    files = [plan.data.train, *([plan.data.validation] if plan.data.validation else [])]
    run = Run(
        folder,
        Manifest(
            id=folder.name,
            kind=plan.order.kind,
            state=State.RUNNING,
            created_at=runs.now(),
            recipe=str(plan.recipe.path),
            recipe_sha256=origins.sha256(plan.recipe.path),
            overrides=dict(plan.order.wishes.overrides),
            base_model=plan.base_model,
            base_run=plan.order.beginning.run,
            base_sha256=origins.base_hashes(plan.base_model, plan.order.beginning),
            dataset=plan.data.name,
            dataset_sha256={part.path.name: part.sha256 for part in files},
            dataset_manifest_sha256=plan.data.manifest,
            rows=plan.data.train.rows,
            audience=origins.audience_of(plan.data, composed.config, plan.order.beginning, home),
            seed=int(42 if (seed := composed.config.get("seed")) is None else seed),
            versions=dict(axolotl.versions),
            device=str(plan.device),
            memory=plan.estimate.terms() if plan.estimate else {},
            launcher=plan.order.launcher,
            launcher_arguments=plan.order.launcher_arguments,
            pid=os.getpid(),
        ),
    )
    runs.write_manifest(run)
    return run


def carry_out(run: Run, order: Order, axolotl: Axolotl, told: Told, *, resume: bool = False) -> Run:
    """Train, and set apart what came of it.

    Args:
        run: whose folder has its configuration.
        order: how it is launched.
        axolotl: what runs it.
        told: told how far it is.
        resume: go on from the last checkpoint.

    Raises:
        TrainingError: if Axolotl fails; the run's manifest says why, too.
        UsageError: if another process works on the run.
    """
    run = settled(run)
    on = device()
    launcher = order.launcher or ("python" if on.count <= 1 else "accelerate")
    command = [str(axolotl.python), "-m", "axolotl.cli.main", "train", str(run.config)]
    command += ["--launcher", launcher]
    if resume and run.checkpoint is not None:
        command += ["--resume-from-checkpoint", str(run.checkpoint)]
    if order.launcher_arguments:
        command += ["--", *order.launcher_arguments]
    with held(run.folder) as kept:
        run = run.changed(state=State.RUNNING, pid=os.getpid(), ended_at="", failure="")
        try:
            ended = launch(
                command,
                axolotl.environ(online=order.online),
                run.folder,
                told,
                alone=launcher == "python",
                keep=kept,
            )
        except BaseException as error:
            run.changed(state=State.FAILED, ended_at=runs.now(), failure=str(error))
            raise
        return _ended(run, ended)


def _ended(run: Run, ended: Ended) -> Run:
    progress = ended.progress
    _write_numbers(run, progress)
    told: dict[str, Any] = {
        "ended_at": runs.now(),
        "steps": (progress.step, progress.steps),
        "final": progress.final,
    }
    if ended.stopped:
        # Whoever finds that it has learned enough may use it as it is.
        with suppress(TrainingError):
            collect(run)
        return run.changed(state=State.STOPPED, **told)
    if ended.status:
        reason, hint = explain(run.folder / runs.LOG, ended.status, ended.said_from)
        run.changed(state=State.FAILED, failure=reason, **told)
        message = f"{run.id}: {reason}"
        raise TrainingError(message, hint)
    try:
        collect(run)
    except (TwinError, OSError) as error:
        run.changed(state=State.FAILED, failure=str(error), **told)
        raise
    return run.changed(state=State.DONE, **told)


def _write_numbers(run: Run, progress: metrics.Progress) -> None:
    # The numbers are in the events; what is made of them must not cost a run its result.
    with suppress(TrainingError, OSError):
        metrics.write_csv(run.folder, progress.rows)
        curves.draw({run.id: progress.rows}, run.folder / curves.NAME)


def _no_base(base: str) -> TrainingError:
    """Return what is wrong with the base model: a folder that holds none, or a name that is not here."""
    if Path(base).is_absolute() or base.startswith((".", "~")) or Path(base).is_dir():
        what = "holds no model" if Path(base).is_dir() else "is not there"
        return TrainingError(
            f"the folder of the base model, {base}, {what}", "it needs a config.json"
        )
    message = f"the base model {base} is not on this machine"
    return TrainingError(message, f"fetch it with `hf download {base}`, or run it with --online")


def _composed(
    order: Order, recipe: recipes.Recipe, data: TrainSet, folder: Path, axolotl: Axolotl, on: Device
) -> Composed:
    return compose(
        recipe,
        data,
        folder,
        order.beginning,
        order.wishes,
        device=on,
        flash_attention=bool(axolotl.versions.get("flash-attn")),
    )


def _estimate(base: str, config: Mapping[str, Any], on: Device) -> Estimate | None:
    shape = shape_of(base)
    return None if shape is None else estimate(shape, load_of(config, on.count), cpu=on.cpu)


def _need_room(plan: Plan, home: Path) -> None:
    """Refuse to start where the result and two checkpoints would not fit."""
    told = plan.estimate
    trained = (told.adapter or told.weights) + told.optimizer if told else 0
    needed = 3 * trained + ROOM
    home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(home).free
    if free < needed:
        message = (
            f"the disk of {home} has {free / 2**30:.1f} GB left; the run and its checkpoints take "
            f"up to {needed / 2**30:.1f}"
        )
        raise DiskFull(message, "make room, or --set saves_per_epoch=1 and remove old runs")
