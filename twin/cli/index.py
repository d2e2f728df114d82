"""`twin index`: the collections of the index, and changing over from one to another.

In: an embedder. Out: an index made with it, while the old one goes on answering.
"""

import json
from pathlib import Path
from typing import Any

import click

from twin.changeover import Changed, drop, rebuild, roll_back
from twin.cli import output
from twin.cli.sync import report_sync
from twin.errors import UsageError
from twin.home import Home
from twin.index.generations import Generation
from twin.tables import Choice


@click.group("index")
def index_command() -> None:
    """Change the index over to another embedder, and back."""


@index_command.command("rebuild")
@click.option("--embedding", help="The embedder to use. [default: that of twin.toml]")
@click.option(
    "--option", "-o", "options", multiple=True, help="An option of the embedder: key=value."
)
@click.option("--engine", help="What parses and embeds. [default: ingest.engine of twin.toml]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def rebuild_command(
    home_option: Path | None,
    embedding: str | None,
    options: tuple[str, ...],
    engine: str | None,
    *,
    as_json: bool,
) -> int:
    """Fill a new index beside the old one, and turn to it when it is whole.

    The old one goes on answering and is kept in step; afterwards it stands by for `twin index
    rollback`. If this is interrupted, running it again goes on where it was.
    """
    if options and not embedding:
        message = "--option sets an option of the embedder that --embedding names"
        raise UsageError(message, "add --embedding NAME")
    with Home(home_option) as home:
        from twin.ingest.engines import engine_named  # noqa: PLC0415 - heavy

        choice = _choice(embedding, options) if embedding else None
        chosen = engine_named(engine, home.folder) if engine else None
        with output.progress("indexing", "documents") as told:
            changed = rebuild(home, choice, chosen, told)
        return _told(home, changed, as_json=as_json)


@index_command.command("rollback")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def rollback_command(home_option: Path | None, *, as_json: bool) -> int:
    """Turn back to the index that answered before, once it has caught up."""
    with Home(home_option) as home:
        with output.progress("catching up", "documents") as told:
            changed = roll_back(home, told)
        return _told(home, changed, as_json=as_json)


@index_command.command("drop")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def drop_command(home_option: Path | None, *, as_json: bool) -> int:
    """Delete what does not answer: the index before, and one that was only begun."""
    with Home(home_option) as home:
        gone = drop(home)
    if as_json:
        output.emit_json({"dropped": [_of(one) for one in gone]})
    else:
        names = ", ".join(f"{one.label} ({one.fingerprint})" for one in gone)
        click.echo(f"dropped: {names}" if gone else "there is nothing besides what answers")
    return 0


@index_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def list_command(home_option: Path | None, *, as_json: bool) -> int:
    """List the collections of the index: which answers, and which stand by."""
    with Home(home_option) as home:
        known = home.indexes.generations.read()
        rows = [
            (role, generation)
            for role, generation in (
                ("answers", known.active),
                ("before", known.previous),
                ("being filled", known.building),
            )
            if generation is not None
        ]
        report = []
        for role, generation in rows:
            opened = home.indexes.opened(generation, home.settings)
            documents, points = opened.ledger.counts()
            backlog = home.warehouse.backlog(home.warehouse.cursor(opened.consumer))
            counts = {"documents": documents, "points": points, "backlog": backlog}
            report.append({"role": role, **_of(generation), **counts})
    if as_json:
        output.emit_json({"generations": report})
        return 0
    if not report:
        click.echo("there is no index yet; `twin sync` makes it")
    for one in report:
        click.echo(
            f"{one['role']:<13} {one['generation']:<3} {one['documents']:>8,} documents "
            f"{one['points']:>9,} passages {one['backlog']:>7,} behind  {one['embedder']}"
        )
    return 0


def _choice(embedding: str, options: tuple[str, ...]) -> Choice:
    return Choice(use=embedding, **output.keyed(options, "batch_size=8"))


def _told(home: Home, changed: Changed, *, as_json: bool) -> int:
    unlike = home.indexes.wanted.generation.fingerprint != changed.active.fingerprint
    report = {
        "active": _of(changed.active),
        "previous": _of(changed.previous),
        "resumed": changed.resumed,
        "sync": report_sync(changed.synced),
    }
    if as_json:
        output.emit_json(report)
    else:
        report_sync(changed.synced, printed=True)
        click.echo(f"{changed.active.label} answers now: {changed.active.fingerprint}")
        click.echo("the one before stands by: `twin index rollback`, or `twin index drop`")
    if unlike:
        # Otherwise the next rebuild would silently go back.
        wanted = json.dumps(dict(changed.active.embedding))
        output.note(f"twin.toml names another embedder; set index.embedding to {wanted}")
    return 0


def _of(generation: Generation) -> dict[str, Any]:
    return {
        "generation": generation.name or "1",
        "embedder": generation.fingerprint,
        "begun_at": generation.begun_at,
    }
