"""`twin warehouse`: export and import the raw documents.

In: a file. Out: every version of every document as JSON lines, or back from them.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.cli.sync import synced
from twin.home import Home


@click.group("warehouse")
def warehouse_command() -> None:
    """Export and import the raw documents, every version of them."""


@warehouse_command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def export_command(home_option: Path | None, file: Path, *, as_json: bool) -> int:
    """Write every document with all its versions to FILE, as JSON lines."""
    from twin.warehouse.jsonl import export_jsonl  # noqa: PLC0415

    with Home(home_option) as home, output.waiting(f"writing {file}"):
        done = export_jsonl(home.warehouse, file)
    if as_json:
        output.emit_json({"documents": done.documents, "versions": done.versions})
    else:
        click.echo(f"{done.documents} documents with {done.versions} versions are in {file}")
    return 0


@warehouse_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--no-index", is_flag=True, help="Only into the warehouse.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def import_command(home_option: Path | None, file: Path, *, no_index: bool, as_json: bool) -> int:
    """Bring in what `twin warehouse export` wrote. What is there already stays as it is."""
    from twin.warehouse.jsonl import import_jsonl  # noqa: PLC0415

    with Home(home_option) as home:
        with output.waiting(f"reading {file}"):
            done = import_jsonl(home.warehouse, file)
        if not no_index:
            synced(home)
    if as_json:
        output.emit_json(
            {
                "new": done.new,
                "changed": done.changed,
                "unchanged": done.unchanged,
                "failed": [
                    {"line": bad.line, "item": bad.item, "reason": bad.reason}
                    for bad in done.failed
                ],
            }
        )
    else:
        click.echo(
            f"{done.new} documents are new, {done.changed} changed, {done.unchanged} were there"
        )
        for bad in done.failed:
            click.echo(f"failed: line {bad.line}: {bad.item}: {bad.reason}", err=True)
    return 1 if done.failed else 0
