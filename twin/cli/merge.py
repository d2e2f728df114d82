"""`twin merge`: a run's adapter, made one with its base model.

In: a run. Out: the folder of the whole model.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.home import Home


@click.command("merge")
@click.argument("run", default="last")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def merge_command(home_option: Path | None, run: str, *, as_json: bool) -> int:
    """Merge a run's adapter with its base model, for servers that take no adapters."""
    from twin.training import environment, results  # noqa: PLC0415
    from twin.training.runs import run_named  # noqa: PLC0415

    with Home(home_option) as home:
        found = run_named(run, home.folder)
        axolotl = environment.find(home.settings.training, home.folder)
        with output.waiting(f"merging {found.id}"):
            merged = results.merge(found, axolotl)
    if as_json:
        output.emit_json({"run": found.id, "merged": str(merged)})
    else:
        click.echo(merged)
    return 0
