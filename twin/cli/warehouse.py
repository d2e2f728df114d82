"""`twin warehouse`: export, import and copy the raw documents.

In: a file, or two warehouses. Out: every version of every document as JSON lines, back from them,
or in the second warehouse.
"""

from dataclasses import asdict
from pathlib import Path

import click

from twin.cli import output
from twin.cli.sync import synced
from twin.errors import UsageError
from twin.home import Home


@click.group("warehouse")
def warehouse_command() -> None:
    """Export, import and copy the raw documents, every version of them."""


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
        output.emit_json(
            {
                "documents": done.documents,
                "versions": done.versions,
                "held": done.held,
                "feedback": done.feedback,
            }
        )
    else:
        feedback = f", and {done.feedback} of feedback" if done.feedback else ""
        click.echo(
            f"{done.documents} documents with {done.versions} versions{feedback} are in {file}"
        )
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
                "held": done.held,
                "feedback": done.feedback,
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


@warehouse_command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def copy_command(home_option: Path | None, source: str, target: str, *, as_json: bool) -> int:
    """Copy all documents with all versions, the authors and feedback FROM one warehouse TO another.

    Each is sqlite or mongo (as twin.toml says where), the path of a SQLite warehouse, or
    mongodb://HOST:PORT/DATABASE without a password. Then both are read and compared. What is there
    already stays, so a copy that was interrupted is finished by doing it again.

    The places of followers are not copied: after changing warehouse.engine, `twin sync` goes
    through the feed once and finds what the index has.
    """
    from twin.warehouse import open_place  # noqa: PLC0415
    from twin.warehouse.copying import copy_warehouse  # noqa: PLC0415

    with Home(home_option) as home:
        settings, folder = home.settings.warehouse, home.folder
        if source == target:
            message = f"{output.plain(source)} cannot be copied to itself"
            raise UsageError(message, "as in: twin warehouse copy sqlite mongo")
        with (
            open_place(source, settings, folder, must_exist=True) as first,
            open_place(target, settings, folder, must_exist=False) as second,
            output.progress("copying and comparing", "documents") as told,
        ):
            done = copy_warehouse(first, second, told=lambda _, count, total: told(count, total))
    if as_json:
        output.emit_json({**asdict(done), "equal": not done.differences})
    else:
        click.echo(
            f"{done.new} documents are new, {done.changed} changed, {done.unchanged} were there, "
            f"{done.forgotten} forgotten"
        )
        click.echo(
            f"the same in both: {done.documents} documents with {done.versions} versions "
            f"({done.characters} characters), {done.authors} authors, {done.feedback} of feedback, "
            f"SHA-256 {done.digest[:16]}"
        )
        for difference in done.named:
            click.echo(f"differs: {output.plain(difference)}", err=True)
        if done.differences:
            click.echo(f"{done.differences} differences", err=True)
    return 1 if done.differences else 0
