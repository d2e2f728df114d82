"""`twin runs`: what was trained, from what, and how it went.

In: a home. Out: tables, or JSON.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.cli.train import summary
from twin.home import Home


@click.group("runs")
def runs_command() -> None:
    """List, show, compare and push what was trained."""


@runs_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def list_command(home_option: Path | None, *, as_json: bool) -> int:
    """List the runs, the oldest first."""
    from twin.training.runs import runs  # noqa: PLC0415

    with Home(home_option) as home:
        found = runs(home.folder)
    if as_json:
        output.emit_json([summary(run) for run in found])
        return 0
    if not found:
        click.echo("there is no run yet; `twin train sft` makes the first")
        return 0
    rows = []
    for run in found:
        told = run.manifest
        loss = told.final.get("loss", told.final.get("train_loss"))
        rows.append(
            [
                run.id,
                run.state.value,
                f"{told.steps[0]}/{told.steps[1]}",
                "" if loss is None else f"{loss:.4f}",
                f"{told.dataset} ({told.rows:,})",
                told.base_run or told.base_model,
            ]
        )
    output.table(["run", "state", "steps", "loss", "dataset", "from"], rows)
    return 0


@runs_command.command("show")
@click.argument("run", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def show_command(home_option: Path | None, run: str, *, as_json: bool) -> int:
    """Show a run: what it was made from, its last numbers, and where its curves are."""
    from twin.training import curves, metrics, parity  # noqa: PLC0415
    from twin.training.runs import run_named  # noqa: PLC0415

    with Home(home_option) as home:
        found = run_named(run, home.folder)
    progress = metrics.read(found.folder)
    if progress.rows:
        # A run that was killed could not draw them itself.
        metrics.write_csv(found.folder, progress.rows)
        curves.draw({found.id: progress.rows}, found.folder / curves.NAME)
    compared = parity.kept(found)
    if as_json:
        told = summary(found) | {"final": progress.final}
        told["token_parity"] = None if compared is None else compared.good
        output.emit_json(told)
        return 0
    manifest = found.manifest
    facts = [
        ("state", found.state.value + (f": {manifest.failure}" if manifest.failure else "")),
        ("recipe", manifest.recipe),
        ("set by hand", ", ".join(f"{k}={v}" for k, v in manifest.overrides.items())),
        ("base model", manifest.base_model + (f" (of {manifest.base_run})" if manifest.base_run else "")),
        ("dataset", f"{manifest.dataset}, {manifest.rows:,} rows, for {manifest.audience.value} readers"),
        ("seed", str(manifest.seed)),
        ("device", manifest.device),
        ("trained", f"{progress.trainable:,} of {progress.parameters:,} parameters" if progress.parameters else ""),
        ("steps", f"{progress.step} of {progress.steps}"),
        ("begun, ended", f"{manifest.created_at}, {manifest.ended_at or '-'}"),
        ("versions", ", ".join(f"{k} {v}" for k, v in manifest.versions.items() if v)),
        ("tokens", "" if compared is None else "as served" if compared.good else compared.first),
        ("adapter", str(found.adapter or "")),
        ("model", str(found.merged or "")),
        ("curves", str(found.folder / curves.NAME) if (found.folder / curves.NAME).is_file() else ""),
    ]  # fmt: skip
    output.table(["run", found.id], [[name, value] for name, value in facts if value])
    output.table(["metric", "last"], [[k, f"{v:.6g}"] for k, v in progress.final.items()])
    return 0


@runs_command.command("compare")
@click.argument("names", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw their curves there, as PNG.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def compare_command(
    home_option: Path | None, names: tuple[str, ...], plot: Path | None, *, as_json: bool
) -> int:
    """Set runs beside one another: what differs in their configuration, and where each ended."""
    from twin.training.comparing import compare, draw  # noqa: PLC0415
    from twin.training.runs import run_named  # noqa: PLC0415

    with Home(home_option) as home:
        chosen = [run_named(name, home.folder) for name in names]
    compared = compare(chosen)
    if plot is not None:
        draw(chosen, plot)
    if as_json:
        output.emit_json(
            {
                "runs": list(compared.runs),
                "facts": compared.facts,
                "differing": compared.differing,
                "final": compared.final,
            }
        )
        return 0
    rows = [[name, *values] for name, values in compared.facts.items()]
    rows += [[name, *map(str, values)] for name, values in compared.differing.items()]
    rows += [
        [name, *("-" if value is None else f"{value:.5g}" for value in values)]
        for name, values in compared.final.items()
    ]
    output.table(["", *compared.runs], rows)
    if plot is not None:
        click.echo(f"curves: {plot}")
    return 0


@runs_command.command("push")
@click.argument("run")
@click.argument("repository")
@click.option(
    "--public", is_flag=True, help="Let everybody see it; refused unless all of its set is public."
)
@click.option("--merged", is_flag=True, help="The merged model in place of the adapter.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def push_command(
    home_option: Path | None,
    run: str,
    repository: str,
    *,
    public: bool,
    merged: bool,
    as_json: bool,
) -> int:
    """Upload a run's adapter to the Hugging Face Hub, private unless told otherwise."""
    from twin.training.pushing import push  # noqa: PLC0415
    from twin.training.runs import run_named  # noqa: PLC0415

    with Home(home_option) as home, output.waiting(f"uploading to {repository}"):
        address, private = push(
            run_named(run, home.folder), repository, public=public, merged=merged
        )
    if as_json:
        output.emit_json({"address": address, "private": private})
    else:
        click.echo(f"{address} ({'private' if private else 'public'})")
    return 0
