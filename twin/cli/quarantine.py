"""`twin quarantine`: documents that look like an order to a model, until a person decides.

In: nothing, or documents. Out: what is held and why, or documents let in or forgotten.
"""

from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.cli.sync import synced
from twin.errors import NotFoundError
from twin.guard.injection import Channel, attempts
from twin.home import Home
from twin.serving.uploads import delete_copies
from twin.warehouse.protocol import Warehouse
from twin.warehouse.quarantine import Held

QUOTE = 160
"""Characters of what was found that are shown around it."""


@click.group("quarantine")
def quarantine_command() -> None:
    """List, show and release documents that look like an order to a model."""


@quarantine_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def list_command(home_option: Path | None, *, as_json: bool) -> int:
    """List what is held, and why."""
    with Home(home_option) as home:
        found = list(home.warehouse.held())
    if as_json:
        output.emit_json([_as_json(one) for one in found])
    elif found:
        output.table(
            ["id", "held", "source", "why"],
            [[o.document.id, o.held_at[:16], o.document.source, o.reason] for o in found],
        )
    else:
        click.echo("Nothing is in quarantine.")
    return 0


@quarantine_command.command("show")
@click.argument("document", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, with its text.")
@click.pass_obj
def show_command(home_option: Path | None, document: str, *, as_json: bool) -> int:
    """Show what was found in a held document (its id, source or address)."""
    with Home(home_option) as home:
        [held] = _named(home.warehouse, (document,))
    found = attempts(held.document.text, Channel.DOCUMENT)
    if as_json:
        parts = [
            {"rule": one.rule, "says": one.says, "start": one.span.start, "end": one.span.end}
            for one in found
        ]
        output.emit_json({**_as_json(held), "found": parts, "text": held.document.text})
        return 0
    click.secho(output.plain(held.document.title or held.document.source), bold=True)
    click.secho(output.plain(f"  {held.document.source}, held {held.held_at[:16]}"), dim=True)
    click.echo(f"  {held.reason}")
    for one in found:
        text = held.document.text
        before = " ".join(text[max(0, one.span.start - QUOTE) : one.span.start].split())
        after = " ".join(text[one.span.end : one.span.end + QUOTE].split())
        click.echo()
        click.secho(f"  {one.says}, at {one.span.start}:", dim=True)
        click.echo(output.plain(f"  … {before} "), nl=False)
        click.secho(output.plain(" ".join(one.span.of(text).split())), bold=True, nl=False)
        click.echo(output.plain(f" {after} …"))
    return 0


@quarantine_command.command("release")
@click.argument("documents", nargs=-1, metavar="ID...")
@click.option("--all", "everything", is_flag=True, help="Release all that is held.")
@click.option(
    "--no-index", is_flag=True, help="Only into the warehouse; `twin sync` does the rest."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def release_command(
    home_option: Path | None,
    documents: tuple[str, ...],
    *,
    everything: bool,
    no_index: bool,
    as_json: bool,
) -> int:
    """Let documents in (ids, sources or addresses). They stay let in until their text changes.

    Sentences in them that try to instruct are still left out of prompts.
    """
    with Home(home_option) as home:
        held = list(home.warehouse.held()) if everything else _named(home.warehouse, documents)
        done = home.warehouse.release([one.document.id for one in held])
        if done and not no_index:
            synced(home)
    if as_json:
        output.emit_json([{"id": put.document_id, "version": put.version} for put in done])
    else:
        click.echo(f"{_counted(len(done))} let in")
    return 0


@quarantine_command.command("forget")
@click.argument("documents", nargs=-1, required=True, metavar="ID...")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def forget_command(home_option: Path | None, documents: tuple[str, ...], *, as_json: bool) -> int:
    """Delete held documents (ids, sources or addresses); an earlier version that was let in stays."""
    with Home(home_option) as home:
        held = _named(home.warehouse, documents)
        count = home.warehouse.discard([one.document.id for one in held])
        delete_copies(home, [(one.document.source, one.collection) for one in held])
    if as_json:
        output.emit_json({"forgotten": count})
    else:
        click.echo(f"{_counted(count)} forgotten")
    return 0


def _named(warehouse: Warehouse, names: tuple[str, ...]) -> list[Held]:
    """Return the held documents of some names.

    Raises:
        NotFoundError: if one of them names none.
    """
    found = []
    known = list(warehouse.held())
    for name in dict.fromkeys(names):
        fitting = [
            one for one in known if name in {one.document.id, one.document.source, one.document.url}
        ]
        if not fitting:
            message = f"{name} is not in quarantine"
            raise NotFoundError(message, "`twin quarantine list` names what is")
        found += fitting
    return found


def _as_json(held: Held) -> dict[str, Any]:
    return {
        "id": held.document.id,
        "source": held.document.source,
        "title": held.document.title,
        "collection": held.collection,
        "held_at": held.held_at,
        "reason": held.reason,
    }


def _counted(number: int) -> str:
    return "1 document is" if number == 1 else f"{number} documents are"
