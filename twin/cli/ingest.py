"""`twin ingest`: take in a folder, file or address.

In: sources. Out: documents in the warehouse and points in the index, and a table that accounts for
every item.
"""

import json
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.cli.sync import report_sync, synced
from twin.documents import Audience, canonical_url
from twin.errors import UsageError
from twin.home import Home
from twin.ingest.intake import Intake, prune, take_in
from twin.warehouse.protocol import Counts

SHOWN = 20
"""Remarks that are printed; all of them are in ``--json``."""


@click.command("ingest")
@click.argument("sources", nargs=-1, required=True)
@click.option("--reader", help="The reader to use. [default: the one that claims the source]")
@click.option("--name", help="Name of the collection. [default: the folder's name]")
@click.option("--author", default="", help="Author of whatever states none.")
@click.option("--audience", type=click.Choice([a.value for a in Audience]), help="Who may see it.")
@click.option(
    "--option", "-o", "options", multiple=True, help="An option of the reader: key=value."
)
@click.option("--prune", "pruning", is_flag=True, help="Forget what the source no longer has.")
@click.option(
    "--no-index", is_flag=True, help="Only into the warehouse; `twin sync` does the rest."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def ingest_command(  # noqa: PLR0913 - the options of one command
    home_option: Path | None,
    sources: tuple[str, ...],
    *,
    reader: str | None,
    name: str | None,
    author: str,
    audience: str | None,
    options: tuple[str, ...],
    pruning: bool,
    no_index: bool,
    as_json: bool,
) -> int:
    """Take in SOURCES: read them, keep them, and bring them into the index.

    A second run takes in only what is new or changed. What a source no longer has is kept, and
    named, unless --prune is given.
    """
    if name and len(sources) > 1:
        message = "--name needs a single source"
        raise UsageError(message, "run the command once a source")
    values = _options(options)
    with Home(home_option) as home:
        person = author or home.settings.person.name
        chosen = Audience(audience) if audience else None
        intakes = []
        for source in sources:
            intake = _take_in(home, source, reader, name, values, person, chosen)
            if pruning:
                _prune(home, intake)
            intakes.append((source, intake))
        done = None if no_index else synced(home)
        failed = any(i.broken or i.failures for _, i in intakes) or bool(
            done and done.applied.failures
        )
        if as_json:
            output.emit_json(
                {
                    "sources": [_as_json(source, intake) for source, intake in intakes],
                    "index": report_sync(done) if done else None,
                }
            )
        else:
            _print(intakes, home.warehouse.counts())
            if done:
                report_sync(done, printed=True)
    return 1 if failed else 0


def _take_in(  # noqa: PLR0917 - what the command was given
    home: Home,
    source: str,
    reader_name: str | None,
    name: str | None,
    options: dict[str, Any],
    author: str,
    audience: Audience | None,
) -> Intake:
    if not source.strip():
        message = "an empty source"
        raise UsageError(message, "is a variable in the command unset? `.` is the current folder")
    web = source.lower().startswith(("http://", "https://"))
    path = Path(source).expanduser()
    source = source if web else str(path)
    if not web and reader_name is None and not path.exists():
        message = f"there is no file or folder {source}"
        raise UsageError(message, "is the path right? An address begins with https://")
    # A single file belongs to the collection of its folder, as it would if that were read whole.
    alone = not web and path.is_file()
    where = path.resolve().parent if alone else path.resolve()
    root = canonical_url(source) if web else str(where)
    place = root.removeprefix("https://") if web else where.name or "root"
    intake = Intake("")
    provided, reader = home.registry.reader(
        source,
        reader_name,
        _with_name(home, source, reader_name, options, name or place),
        intake,
    )
    intake.collection = f"{provided.component.name}:{name or place}"
    home.root_of(intake.collection, root, sure=name is not None)
    with output.progress(f"reading {place}", "documents") as told:
        take_in(
            home.warehouse,
            reader,
            source if web else str(path),
            intake,
            author=author,
            audience=audience,
            progress=lambda done: told(done, None),
        )
    if alone:
        # The other files of the folder were not looked at, so none of them is gone.
        intake.missing = []
    return intake


def _with_name(
    home: Home, source: str, reader_name: str | None, options: dict[str, Any], name: str
) -> dict[str, Any]:
    """Return the options with the collection's name, for a reader that has an option for it."""
    found = [
        p for p in home.plugins.provided("twin_readers") if p.component.name == reader_name
    ] or ([home.registry.reader_for(source)] if reader_name is None else [])
    named = found and "name" in found[0].component.options.model_fields
    return {"name": name, **options} if named else options


def _prune(home: Home, intake: Intake) -> None:
    if intake.missing and not intake.found:
        output.note(
            f"{intake.collection} gave nothing at all, so nothing was pruned: "
            "an empty source is more likely unplugged than deleted"
        )
        return
    prune(home.warehouse, intake)


def _options(pairs: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            message = f"--option {pair!r} is not key=value"
            raise UsageError(message, "as in --option follow_symlinks=true")
        try:
            values[key] = json.loads(value)
        except json.JSONDecodeError:
            values[key] = value
    return values


def _as_json(source: str, intake: Intake) -> dict[str, Any]:
    return {
        "source": source,
        "collection": intake.collection,
        "found": intake.found,
        "new": intake.new,
        "changed": intake.changed,
        "unchanged": intake.unchanged,
        "pruned": intake.pruned,
        "missing": len(intake.missing),
        "skipped": [{"item": r.item, "reason": r.reason} for r in intake.skips],
        "failed": [{"item": r.item, "reason": r.reason} for r in intake.failures],
        "broken": intake.broken,
    }


def _print(intakes: list[tuple[str, Intake]], counts: Counts) -> None:
    output.table(
        ["source", "found", "new", "changed", "unchanged", "gone", "skipped", "failed"],
        [
            [
                intake.collection,
                str(intake.found),
                str(intake.new),
                str(intake.changed),
                str(intake.unchanged),
                f"{intake.pruned or len(intake.missing)}",
                str(len(intake.skips)),
                str(len(intake.failures)),
            ]
            for _, intake in intakes
        ],
    )
    for source, intake in intakes:
        for title, remarks in (("skipped", intake.skips), ("failed", intake.failures)):
            for remark in remarks[:SHOWN]:
                click.echo(output.plain(f"{title}: {remark.item}: {remark.reason}"), err=True)
            if len(remarks) > SHOWN:
                more = len(remarks) - SHOWN
                click.echo(f"{title}: and {more} more (--json has them all)", err=True)
        if intake.broken:
            click.echo(output.plain(f"failed: {source}: {intake.broken}"), err=True)
        if intake.missing:
            output.note(
                f"{len(intake.missing)} documents of {intake.collection} are kept though the "
                "source no longer has them; --prune forgets them"
            )
    output.note(f"the warehouse holds {counts.documents:,} documents by {counts.authors} authors")
