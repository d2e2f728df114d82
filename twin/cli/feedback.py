"""`twin feedback`: what people said of answers.

In: nothing, or ids. Out: a table, JSON lines, or feedback forgotten.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.errors import NotFoundError, UsageError, WarehouseError
from twin.home import Home
from twin.warehouse.feedback import Feedback, FeedbackKind, feedback_line, moment_of
from twin.warehouse.jsonl import replacing

SHOWN = 60
"""Characters of a question in the table; ``--json`` has all of it."""


@click.group("feedback")
def feedback_command() -> None:
    """List, export and forget thumbs, edits and choices."""


def _chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that choose feedback."""
    kinds = click.Choice([kind.value for kind in FeedbackKind])
    since = click.option("--since", help="Only from this day or time on, as in 2026-03-14.")
    return click.option("--kind", type=kinds, help="Only of this kind.")(since(command))


@feedback_command.command("list")
@_chosen
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_obj
def list_command(
    home_option: Path | None, kind: str | None, since: str | None, *, as_json: bool
) -> int:
    """List feedback, oldest first."""
    with Home(home_option) as home:
        found = list(home.warehouse.feedback(kind=_kind(kind), since=_since(since)))
    if as_json:
        output.emit_json([one.as_json() for one in found])
    elif found:
        output.table(
            ["id", "at", "kind", "what", "question", "model"],
            [[one.id, one.at[:16], one.kind.value, *_row(one)] for one in found],
        )
    else:
        click.echo("Nobody has said anything of an answer yet.")
    return 0


@feedback_command.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@_chosen
@click.option("--json", "as_json", is_flag=True, help="Print the count as JSON; needs FILE.")
@click.pass_obj
def export_command(
    home_option: Path | None,
    file: Path | None,
    kind: str | None,
    since: str | None,
    *,
    as_json: bool,
) -> int:
    """Write feedback as JSON lines, oldest first: to FILE, or to standard output.

    A line has the question, the prompt as it was sent, the answer, and what the person did.
    """
    if as_json and file is None:
        message = "--json prints a count, and the lines themselves go to standard output"
        raise UsageError(message, "name a FILE, or leave --json out: every line is JSON already")
    count = 0
    with Home(home_option) as home:
        found = home.warehouse.feedback(kind=_kind(kind), since=_since(since))
        with _lines(file) as write:
            for one in found:
                write(f"{feedback_line(one)}\n".encode())
                count += 1
    if as_json:
        output.emit_json({"feedback": count, "file": str(file)})
    elif file is not None:
        click.echo(
            f"{count} of feedback {'is' if count == 1 else 'are'} in {output.plain(str(file))}"
        )
    return 0


@feedback_command.command("forget")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def forget_command(home_option: Path | None, ids: tuple[str, ...], *, as_json: bool) -> int:
    """Forget feedback by its ids, which `twin feedback list` names."""
    with Home(home_option) as home:
        gone = [one for one in dict.fromkeys(ids) if home.warehouse.delete_feedback(one)]
    missing = [one for one in dict.fromkeys(ids) if one not in gone]
    if as_json:
        output.emit_json({"forgotten": gone, "missing": missing})
    elif gone:
        click.echo(f"{len(gone)} of feedback {'is' if len(gone) == 1 else 'are'} forgotten")
    if missing and not as_json:
        message = f"there is no feedback {', '.join(map(repr, missing))}"
        raise NotFoundError(message, "`twin feedback list` names the ids")
    return 1 if missing else 0


@contextmanager
def _lines(file: Path | None) -> Iterator[Callable[[bytes], Any]]:
    if file is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
    else:
        with replacing(file) as opened:
            yield opened.write


def _row(one: Feedback) -> list[str]:
    what = {
        FeedbackKind.EDIT: "rewritten",
        FeedbackKind.CHOICE: f"preferred to {one.rejected_adapter or one.rejected_model or 'another'}",
    }.get(one.kind, "up" if one.value else "down")
    question = " ".join(one.question.split())
    return [
        f"{what}: {one.comment}" if one.comment else what,
        f"{question[:SHOWN]}…" if len(question) > SHOWN else question,
        one.adapter or one.model,
    ]


def _kind(said: str | None) -> FeedbackKind | None:
    return None if said is None else FeedbackKind(said)


def _since(said: str | None) -> str | None:
    if said is None:
        return None
    try:
        return moment_of(said, "--since")
    except WarehouseError as error:
        raise UsageError(error.message, error.hint) from error
