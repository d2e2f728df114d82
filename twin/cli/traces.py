"""`twin traces`: what was traced in Langfuse, and datasets made of it.

In: traces, by id or by what is known of them. Out: a list, a page in the browser, or a dataset.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twin.cli import output
from twin.errors import ConfigurationError, TraceError, UsageError
from twin.home import Home
from twin.observe.targets import Keys, langfuse

if TYPE_CHECKING:
    from twin.observe.api import Langfuse, Observation

SHOWN = 60
"""Characters of a question in the list."""

_SPAN = re.compile(r"(\d+)([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}


class _Since(click.ParamType[datetime]):
    """A moment: a date, or how long ago it was."""

    name = "since"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:
        if match := _SPAN.fullmatch(value):
            return datetime.now(UTC) - timedelta(hours=int(match[1]) * _HOURS[match[2]])
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date, nor as long ago as 12h, 7d or 2w", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_SINCE = click.option("--since", type=_Since(), metavar="WHEN", help="A date, or 12h, 7d, 2w.")
_USER = click.option("--user", default="", help="Only what this person asked.")
_SESSION = click.option("--session", default="", help="Only this conversation.")
_SCORE = click.option("--score", default="", metavar="NAME=VALUE", help="As in thumb=0.")
_LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)


@click.group("traces")
def traces_command() -> None:
    """List answers that were traced in Langfuse, open one, or make a dataset of some."""


@traces_command.command("list")
@_SINCE
@_USER
@_SESSION
@_SCORE
@_LIMIT
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_command(
    *, since: datetime | None, user: str, session: str, score: str, limit: int, as_json: bool
) -> int:
    """List the answers, the newest first."""
    with _client() as client:
        given = {"since": since, "user": user, "session": session, "score": score}
        turns = list(_turns(client, (), given, limit))
    if as_json:
        output.emit_json(
            [
                turn.model_dump(mode="json", exclude={"metadata"}, exclude_none=True)
                for turn in turns
            ]
        )
    elif turns:
        rows = [
            [turn.trace_id or "", f"{turn.started:%Y-%m-%d %H:%M}", turn.user or "", _short(turn)]
            for turn in turns
        ]
        output.table(["trace", "when", "who", "question"], rows)
    else:
        click.echo("No answer was traced that fits.")
    return 0


@traces_command.command("open")
@click.argument("trace_id")
@click.pass_obj
def open_command(home_option: Path | None, trace_id: str) -> int:
    """Open a trace in the browser."""
    from twin import observe  # noqa: PLC0415

    with Home(home_option) as home:
        link = home.settings.observe.link.rstrip("/")
    keys = _keys()
    where = observe.Observer(link or keys.base_url).trace_url(trace_id)
    click.echo(where)
    click.launch(str(where))
    return 0


@traces_command.command("to-dataset")
@click.argument("dataset")
@click.argument("trace_ids", nargs=-1)
@_SINCE
@_USER
@_SESSION
@_SCORE
@_LIMIT
@click.option("--description", default="Answers of twin.", help="Of a dataset that is made.")
@click.option("--json", "as_json", is_flag=True, help="Print the items as JSON.")
@click.pass_obj
def dataset_command(  # noqa: PLR0913 - one an option
    home_option: Path | None,
    dataset: str,
    trace_ids: tuple[str, ...],
    *,
    since: datetime | None,
    user: str,
    session: str,
    score: str,
    limit: int,
    description: str,
    as_json: bool,
) -> int:
    """Put answers into DATASET in Langfuse: TRACE_IDS, or all that fit the options.

    What a person would have written instead is expected, where they said so; else the answer.
    """
    from twin.observe.datasets import item_of  # noqa: PLC0415
    from twin.warehouse.feedback import FeedbackKind  # noqa: PLC0415

    given = {"since": since, "user": user, "session": session, "score": score}
    if not trace_ids and not any(given.values()):
        message = "no trace is named"
        raise UsageError(message, "name some, or say which: --since 7d, --score thumb=0, --user")
    with Home(home_option) as home:
        feedback = home.warehouse.feedback(kind=FeedbackKind.EDIT)
        edits = {one.trace_id: one.edited for one in feedback if one.trace_id}
    items, without = [], 0
    with _client() as client, output.progress("putting in", "answers") as told:
        client.make_dataset(dataset, description)
        for turn in _turns(client, trace_ids, given, limit):
            item = item_of(dataset, turn, edits)
            if item is None:
                without += 1
                continue
            client.add_item(dataset, item.id, item.body)
            items.append(item)
            told(len(items), None)
    if without:
        output.note(f"{without} were traced without their texts, and left out")
    if as_json:
        output.emit_json([{"id": item.id, **item.body} for item in items])
    else:
        edited = sum(item.edited for item in items)
        click.echo(
            f"{dataset} holds {len(items)} of these answers, {edited} as a person edited them"
        )
    return 0


def _turns(
    client: Langfuse, trace_ids: tuple[str, ...], given: dict[str, Any], limit: int
) -> Iterator[Observation]:
    """Yield the turns that are meant.

    Raises:
        TraceError: if a trace that was named is not there.
    """
    if given["score"]:
        name, equals, value = given["score"].partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not name or not equals or number != number:  # noqa: PLR0124 - no number
            message = f"--score {given['score']!r} is not NAME=NUMBER"
            raise UsageError(message, "as in --score thumb=0")
        found = dict.fromkeys(client.scored(name, number, limit))
        trace_ids = tuple(one for one in found if not trace_ids or one in trace_ids)
        for trace_id in trace_ids:
            yield from _one(client, trace_id, given, named=False)
    elif trace_ids:
        for trace_id in dict.fromkeys(trace_ids):
            yield from _one(client, trace_id, given, named=True)
    else:
        narrowed = {name: given[name] for name in ("since", "user", "session")}
        yield from client.turns(name="answer", most=limit, **narrowed)


def _one(
    client: Langfuse, trace_id: str, given: dict[str, Any], *, named: bool
) -> Iterator[Observation]:
    turns = [one for one in client.turns(trace_id=trace_id, most=10) if one.name == "answer"]
    if named and not turns:
        message = f"Langfuse knows no answer of the trace {trace_id}"
        raise TraceError(message, "it takes some seconds to appear there; `twin traces list`")
    since = given["since"]
    yield from (
        turn
        for turn in turns
        if (since is None or turn.started >= since)
        and given["user"] in {"", turn.user}
        and given["session"] in {"", turn.session}
    )


def _client() -> Langfuse:
    from twin.observe.api import Langfuse  # noqa: PLC0415

    return Langfuse(_keys())


def _keys() -> Keys:
    keys = langfuse(os.environ)
    if keys is None:
        message = "the keys of Langfuse are not set"
        raise ConfigurationError(message, "set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY")
    return keys


def _short(turn: Observation) -> str:
    text = " ".join(str(turn.input or "").split())
    return f"{text[:SHOWN]}…" if len(text) > SHOWN else text
