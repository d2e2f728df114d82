"""`twin train`: Axolotl's environment, and runs of SFT and DPO.

In: a dataset, and a file of Axolotl. Out: a run's folder, its id on standard output; progress on
standard error.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twin.cli import output
from twin.cli.watching import saying, watching
from twin.errors import TrainingError, UsageError
from twin.home import Home

if TYPE_CHECKING:
    from twin.training.composing import Beginning
    from twin.training.environment import Axolotl
    from twin.training.runs import Run
    from twin.training.training import Order, Plan


@click.group("train")
def train_command() -> None:
    """Learn from a dataset: SFT and DPO by Axolotl (docs/training.md)."""


@train_command.command("setup")
@click.option("-v", "--verbose", is_flag=True, help="Show pip's output.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def setup_command(home_option: Path | None, *, verbose: bool, as_json: bool) -> int:
    """Make the environment that Axolotl runs in, or check the one that twin.toml names.

    It takes some minutes and 4 to 8 GB: Axolotl pins some forty common packages exactly, so it
    cannot share the environment of twin.
    """
    from twin.training.environment import set_up  # noqa: PLC0415

    with Home(home_option) as home, saying(quiet=verbose) as told:
        axolotl = set_up(home.settings.training, home.folder, told, verbose=verbose)
    if as_json:
        output.emit_json({"folder": str(axolotl.folder), "versions": dict(axolotl.versions)})
    else:
        told_versions = ", ".join(
            f"{name} {version}" for name, version in axolotl.versions.items() if version
        )
        click.echo(f"{axolotl.folder}: {told_versions}")
    return 0


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what SFT and DPO have in common."""
    options: tuple[Callable[[Any], Any], ...] = (
        click.argument("dataset"),
        click.argument("launcher_arguments", nargs=-1, type=click.UNPROCESSED),
        click.option("--config", "-c", default="", help="A file of axolotl_configs by name, or a path."),
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Another value for a key."),
        click.option("--seed", type=int, help="Of all that is drawn by chance. [default: the file's]"),
        click.option("--track", "trackers", multiple=True, help="Send curves there, too."),
        click.option("--launcher", type=click.Choice(["python", "accelerate", "torchrun"]),
                     help="What starts the processes; arguments for it follow a --."),
        click.option("--online", is_flag=True, help="Let Axolotl ask the hub for models."),
        click.option("--ignore-memory", is_flag=True, help="Start even if the memory will not do."),
        click.option("--dry-run", is_flag=True, help="Check everything, print the memory, start nothing."),
        click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."),
        click.pass_obj,
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@train_command.command("sft")
@_options
def sft_command(home_option: Path | None, **given: Any) -> int:
    """Fine-tune a base model on instructions that the person's own text answers.

    DATASET is a set of `twin dataset sft` by name, its folder, or a file of JSON lines.
    """
    from twin.training.composing import Beginning  # noqa: PLC0415

    return _train(home_option, "sft", lambda _home, _axolotl: Beginning(), given)


@train_command.command("dpo")
@click.option(
    "--from",
    "base",
    default="",
    metavar="RUN",
    help="The run of SFT that it begins from, or `last`.",
)
@click.option(
    "--on",
    type=click.Choice(["merged", "adapter"]),
    default="merged",
    show_default=True,
    help="Begin from the merged model, or go on training the adapter itself.",
)
@_options
def dpo_command(home_option: Path | None, *, base: str, on: str, **given: Any) -> int:
    """Teach a model to prefer the person's own text, after SFT.

    On the merged model the reference that it is held to is the model after SFT, as it should be; on
    the adapter it is the base model without it.
    """
    return _train(
        home_option, "dpo", lambda home, axolotl: _beginning(home, axolotl, base, on), given
    )


@train_command.command("files")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def files_command(folder: Path) -> int:
    """Write the files of Axolotl and a sample set into FOLDER, for `axolotl train` without twin.

    They name each other by paths from that folder: call `axolotl train` in it.
    """
    from twin.training.recipes import hand_out  # noqa: PLC0415

    written = hand_out(folder)
    click.echo(f"{len(written)} files are in {folder.resolve()}. There, for example:")
    click.echo("axolotl train axolotl_configs/sft-small.yaml")
    return 0


@train_command.command("resume")
@click.argument("run", default="last")
@click.option("--online", is_flag=True, help="Let Axolotl ask the hub for models.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def resume_command(home_option: Path | None, run: str, *, online: bool, as_json: bool) -> int:
    """Go on with a run that was stopped or failed, from its last checkpoint."""
    from twin.training import environment, runs  # noqa: PLC0415
    from twin.training.training import Order  # noqa: PLC0415

    with Home(home_option) as home:
        found = runs.run_named(run, home.folder)
        if found.state in {runs.State.DONE, runs.State.RUNNING}:
            message = f"{found.id} is {found.state.value}"
            raise UsageError(message, "only a run that was stopped, failed or lost can go on")
        if after := [r.id for r in runs.runs(home.folder) if r.manifest.base_run == found.id]:
            message = f"{after[0]} began from {found.id}, which would be another model then"
            raise UsageError(message, f"`twin train {found.manifest.kind}` makes a run of its own")
        axolotl = environment.find(home.settings.training, home.folder)
        step = found.checkpoint.name if found.checkpoint else "the beginning: it has no checkpoint"
        output.note(f"{found.id} goes on from {step}")
        order = Order(
            kind=found.manifest.kind,
            dataset=found.manifest.dataset,
            online=online,
            launcher=found.manifest.launcher,
            launcher_arguments=found.manifest.launcher_arguments,
        )
        return _carried_out(found, order, axolotl, as_json=as_json, resume=True)


def _train(
    home_option: Path | None,
    kind: str,
    begin_from: "Callable[[Home, Axolotl], Beginning]",
    given: dict[str, Any],
) -> int:
    from twin.training import environment  # noqa: PLC0415
    from twin.training.composing import Wishes, overrides  # noqa: PLC0415
    from twin.training.training import Order, begin, plan  # noqa: PLC0415

    with Home(home_option) as home:
        settings = home.settings.training
        values = overrides(given["sets"])
        axolotl = environment.find(settings, home.folder)
        wishes = Wishes(
            seed=given["seed"],
            trackers=given["trackers"] or settings.trackers,
            overrides=values,
        )
        order = Order(
            kind=kind,
            dataset=given["dataset"],
            recipe=given["config"],
            beginning=begin_from(home, axolotl),
            wishes=wishes,
            online=given["online"],
            launcher=given["launcher"] or "",
            launcher_arguments=given["launcher_arguments"],
            ignore_memory=given["ignore_memory"],
        )
        with output.waiting("checking keys, rows, model and memory"):
            planned = plan(order, home.folder, settings, axolotl)
        if given["dry_run"]:
            return _tell_plan(planned, axolotl, as_json=given["as_json"])
        for remark in planned.remarks:
            output.note(remark)
        run = begin(planned, home.folder, axolotl)
        return _carried_out(run, order, axolotl, as_json=given["as_json"])


def _carried_out(
    run: "Run", order: "Order", axolotl: "Axolotl", *, as_json: bool, resume: bool = False
) -> int:
    from twin.training import parity  # noqa: PLC0415
    from twin.training.runs import State  # noqa: PLC0415
    from twin.training.training import carry_out  # noqa: PLC0415

    with watching(run) as told:
        run = carry_out(run, order, axolotl, told, resume=resume)
    if run.state is State.STOPPED:
        where = run.checkpoint.name if run.checkpoint else "no checkpoint"
        output.note(
            f"stopped at step {run.manifest.steps[0]} ({where}); `twin train resume {run.id}` goes on"
        )
        if as_json:
            output.emit_json(summary(run))
        return 130
    with output.waiting("comparing the tokens of training and serving"):
        try:
            found = parity.check(run, axolotl)
        except TrainingError as error:
            # What was trained is trained; only whether it fits its server is not known.
            output.note(f"token parity is not known: {error.message}")
        else:
            if not found.good:
                output.note(f"a server will not see the tokens of training: {found.first}")
    if as_json:
        output.emit_json(summary(run))
    else:
        click.echo(run.id)
        numbers = ", ".join(
            f"{name} {value:.4g}" for name, value in run.manifest.final.items() if name in _SHOWN
        )
        output.note(
            f"{run.manifest.steps[0]} steps{f', {numbers}' if numbers else ''}; {run.folder}"
        )
    return 0


_SHOWN = ("loss", "train_loss", "eval_loss", "rewards/accuracies", "rewards/margins")


def summary(run: "Run") -> dict[str, Any]:
    """Return a run as JSON has it."""
    from dataclasses import asdict  # noqa: PLC0415

    return asdict(run.manifest) | {
        "state": run.state.value,
        "folder": str(run.folder),
        "adapter": str(run.adapter) if run.adapter else None,
        "merged": str(run.merged) if run.merged else None,
    }


def _beginning(home: Home, axolotl: "Axolotl", name: str, on: str) -> "Beginning":
    """Return what a run of DPO begins from; merges the adapter of SFT where that was not done."""
    from twin.training import results, runs  # noqa: PLC0415
    from twin.training.composing import Beginning  # noqa: PLC0415

    if not name:
        return Beginning()
    if name == "last":
        done = [
            run
            for run in runs.runs(home.folder)
            if run.manifest.kind == "sft" and run.state is runs.State.DONE
        ]
        if not done:
            message = "there is no run of SFT that is done"
            raise UsageError(message, "`twin train sft` comes first, or leave out --from")
        run = done[-1]
    else:
        run = runs.run_named(name, home.folder)
    if run.adapter is None and run.merged is None:
        message = f"{run.id} is {run.state.value} and has no result to begin from"
        raise UsageError(message, f"`twin train resume {run.id}`")
    if on == "adapter" and run.adapter is not None:
        return Beginning(run.manifest.base_model, run.adapter, run.id)
    with output.waiting(f"merging {run.id}"):
        merged = run.merged or results.merge(run, axolotl)
    return Beginning(str(merged), None, run.id)


def _tell_plan(planned: "Plan", axolotl: "Axolotl", *, as_json: bool) -> int:
    import json  # noqa: PLC0415

    from twin.training.training import need_memory  # noqa: PLC0415

    config = planned.composed.config
    capability = planned.device.capability or "sm_80"
    asked = {"config": config, "capabilities": {"compute_capability": capability}}
    with output.waiting("asking Axolotl's own schema"):
        refused: Any = axolotl.module("twin_axolotl.schema", "check", told=json.dumps(asked))
    terms = planned.estimate.terms() if planned.estimate else {}
    if as_json:
        output.emit_json(
            {
                "config": config,
                "remarks": list(planned.remarks),
                "refused": refused[0],
                "memory": terms,
                "device": str(planned.device),
                "rows": planned.data.train.rows,
                "steps": planned.steps.total,
            }
        )
    else:
        rows = [[name, f"{size / 2**30:.2f} GiB"] for name, size in terms.items()]
        output.table(["memory", f"on {planned.device}"], rows)
        steps = planned.steps
        output.note(
            f"about {steps.total:,} steps of {steps.together}, of {steps.sequences:,} sequences"
        )
        if not terms:
            output.note(f"the shape of {planned.base_model} is not known here, nor its memory")
        for remark in planned.remarks:
            output.note(remark)
    if refused[0]:
        message = f"Axolotl refuses this configuration: {'; '.join(refused[0])}"
        raise UsageError(message, "mend the keys that it names")
    need_memory(planned)
    return 0
