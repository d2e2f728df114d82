"""`twin forget`: delete what a source brought, from warehouse and index.

In: a document or a collection. Out: tombstones in the warehouse, and nothing in the index.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.cli.sync import synced
from twin.errors import NotFoundError
from twin.home import Home

SHOWN = 10


@click.command("forget")
@click.argument("source")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget_command(home_option: Path | None, source: str, *, yes: bool) -> int:
    """Forget SOURCE: a document (id, source or address) or a whole collection (files:notes).

    The texts are deleted, all versions of them, and cannot be brought back by twin.
    """
    with Home(home_option) as home:
        warehouse = home.warehouse
        found = list(warehouse.summaries(source=source)) or list(
            warehouse.summaries(collection=source)
        )
        if not found:
            message = f"nothing here came from {source}"
            raise NotFoundError(message, "`twin status` lists the collections")
        if not yes:
            for summary in found[:SHOWN]:
                click.echo(output.plain(f"  {summary.title or summary.source}  ({summary.source})"))
            if len(found) > SHOWN:
                click.echo(f"  and {len(found) - SHOWN} more")
            click.confirm(f"Forget {len(found)} documents, with all their versions?", abort=True)
        count = warehouse.delete([summary.id for summary in found])
        done = synced(home)
    points = f", {done.applied.deleted} passages left the index" if done else ""
    click.echo(f"{count} documents are forgotten{points}")
    if done is None:
        output.note("search no longer shows them, though the index still holds their vectors")
    return 0
