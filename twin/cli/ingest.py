"""`twin ingest`: take in a folder, file or address.

In: sources. Out: documents in the warehouse and points in the index, and a table that accounts for
every item.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.cli.sync import report_sync, synced
from twin.documents import Audience, canonical_url
from twin.errors import TwinError, UsageError, WarehouseError
from twin.home import Home
from twin.ingest.collections import Origin, remember
from twin.ingest.engines import engine_named
from twin.ingest.intake import Intake, prune, take_in
from twin.ingest.limits import TimedOut, within
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
@click.option("--engine", help="What parses and embeds. [default: ingest.engine of twin.toml]")
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
    engine: str | None,
    as_json: bool,
) -> int:
    """Take in SOURCES: read them, keep them, and bring them into the index.

    A second run takes in only what is new or changed. What a source no longer has is kept, and
    named, unless --prune is given.
    """
    if name and len(sources) > 1:
        message = "--name needs a single source"
        raise UsageError(message, "run the command once a source")
    asked = _Asked(
        reader=reader,
        name=name,
        options=output.keyed(options, "follow_symlinks=true"),
        author=author,
        audience=Audience(audience) if audience else None,
    )
    with Home(home_option) as home:
        # What is wrong with the settings or the home is no fault of a source.
        engine_named(engine or home.settings.ingest.engine, home.folder)
        _ = home.registry, home.warehouse
        intakes = []
        for source in sources:
            try:
                intake = _take_in(home, source, asked)
                if pruning:
                    _prune(home, intake)
            except TwinError as error:
                if len(sources) == 1 or isinstance(error, WarehouseError):
                    raise
                intake = _refused(source, error)
            intakes.append((source, intake))
        done = None if no_index else synced(home, engine)
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the person asked for with every source."""

    reader: str | None
    name: str | None
    options: dict[str, Any]
    author: str
    audience: Audience | None


def _refused(source: str, error: TwinError) -> Intake:
    """Return the account of a source of several that could not be begun."""
    reason = f"{error.message} ({error.hint})" if error.hint else error.message
    return Intake(source, broken=reason, closed=True)


def _take_in(home: Home, source: str, asked: _Asked) -> Intake:
    if not source.strip():
        message = "an empty source"
        raise UsageError(message, "is a variable in the command unset? `.` is the current folder")
    web = source.lower().startswith(("http://", "https://"))
    path = Path(source).expanduser()
    source = source if web else str(path)
    if not web and asked.reader is None and not path.exists():
        message = f"there is no file or folder {source}"
        raise UsageError(message, "is the path right? An address begins with https://")
    # A single file belongs to the collection of its folder, as it would if that were read whole.
    alone = not web and path.is_file()
    where = path.resolve().parent if alone else path.resolve()
    root = canonical_url(source) if web else str(where)
    place = root.removeprefix("https://") if web else where.name or "root"
    intake = Intake("")
    limit = home.settings.ingest.reader_timeout
    options = _with_name(home, source, asked, asked.name or place)
    try:
        provided, reader = within(
            lambda: home.registry.reader(source, asked.reader, options, intake), limit
        )
    except TimedOut as error:
        message = f"the reader of {source} {error.message} while it was built"
        raise TimedOut(message, error.hint) from error
    intake.collection = f"{provided.component.name}:{asked.name or place}"
    file = path.resolve().name if alone else ""
    origin = remember(
        home.folder,
        intake.collection,
        root,
        sure=asked.name is not None,
        audience=asked.audience,
        file=file,
    )
    audience, exceptions = _decided(origin, intake.collection, file)
    with output.progress(f"reading {place}", "documents") as told:
        take_in(
            home.warehouse,
            reader,
            source,
            intake,
            author=asked.author or home.settings.person.name,
            audience=audience,
            exceptions=exceptions,
            timeout=limit,
            progress=lambda done: told(done, None),
        )
    if alone:
        # The other files of the folder were not looked at, so none of them is gone.
        intake.missing = []
    return intake


def _decided(
    origin: Origin, collection: str, file: str
) -> tuple[Audience | None, dict[str, Audience]]:
    """Return who may see what is taken in now, and the files for which something else holds."""
    if file:
        return origin.files.get(file, origin.audience), {}
    name = collection.partition(":")[2]
    return origin.audience, {
        unicodedata.normalize("NFC", f"file:{name}/{one}"): audience
        for one, audience in origin.files.items()
    }


def _with_name(home: Home, source: str, asked: _Asked, name: str) -> dict[str, Any]:
    """Return the options with the collection's name, for a reader that has an option for it."""
    found = [
        p for p in home.plugins.provided("twin_readers") if p.component.name == asked.reader
    ] or ([home.registry.reader_for(source)] if asked.reader is None else [])
    named = found and "name" in found[0].component.options.model_fields
    return {"name": name, **asked.options} if named else asked.options


def _prune(home: Home, intake: Intake) -> None:
    if intake.missing and not intake.found:
        output.note(
            f"{intake.collection} gave nothing at all, so nothing was pruned: "
            "an empty source is more likely unplugged than deleted"
        )
        return
    prune(home.warehouse, intake)


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
                str(len(intake.failures) + bool(intake.broken)),
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
