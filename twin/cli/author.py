"""`twin author`: list the authors, and join the names of one person.

In: names. Out: one author where there were several.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.cli.sync import synced
from twin.home import Home


@click.group("author", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def author_command(ctx: click.Context, *, as_json: bool) -> int:
    """List the authors, with every name they have."""
    if ctx.invoked_subcommand is not None:
        return 0
    with Home(ctx.obj) as home:
        authors = home.warehouse.authors()
    if as_json:
        output.emit_json(
            [
                {
                    "slug": a.slug,
                    "name": a.name,
                    "aliases": list(a.aliases),
                    "documents": a.documents,
                }
                for a in authors
            ]
        )
    elif authors:
        output.table(
            ["author", "name", "also", "documents"],
            [[a.slug, a.name, ", ".join(a.aliases), str(a.documents)] for a in authors],
        )
    else:
        click.echo("No document names an author yet.")
    return 0


@author_command.command("join")
@click.argument("author")
@click.argument("alias")
@click.pass_obj
def join_command(home_option: Path | None, author: str, alias: str) -> int:
    """Make ALIAS another name of AUTHOR (a slug, as `twin author` lists it)."""
    with Home(home_option) as home:
        joined = home.warehouse.add_alias(author, alias)
        synced(home)
    click.echo(f"{joined.name} is also {', '.join(joined.aliases)}: {joined.documents} documents")
    return 0
