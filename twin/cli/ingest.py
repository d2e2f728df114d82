"""`twin ingest`: take in a folder, file or address.

In: sources. Out: documents in the warehouse and points in the index, and a table that accounts for
every item.
"""

from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.cli.sync import report_sync, synced
from twin.collecting import Wanted, collect, wanted_by
from twin.documents import Audience
from twin.errors import UsageError
from twin.home import Home
from twin.ingest.engines import engine_named
from twin.ingest.intake import Intake
from twin.serving.forgotten import empty_conversations
from twin.warehouse.protocol import Counts

SHOWN = 20
"""Remarks that are printed; all of them are in ``--json``."""


@click.command("ingest")
@click.argument("sources", nargs=-1)
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

    Without SOURCES, those of twin.toml are taken in. A second run takes in only what is new or
    changed. What a source no longer has is kept for some days (ingest.grace_days) and then
    forgotten, or at once with --prune.
    """
    if name and len(sources) > 1:
        message = "--name needs a single source"
        raise UsageError(message, "run the command once a source")
    said: dict[str, Any] = {
        "reader": reader,
        "name": name,
        "options": output.keyed(options, "follow_symlinks=true"),
        "author": author,
        "audience": Audience(audience) if audience else None,
    }
    with Home(home_option) as home:
        engine_named(engine or home.settings.ingest.engine, home.folder)
        wanted = [Wanted(source=one, **said) for one in sources] or _of_settings(home, said)
        with output.tasks("documents") as told:
            found = collect(
                home,
                wanted,
                pruning=pruning,
                told=lambda one, done: told(one.name or one.shown, done),
            )
        if any(intake.pruned for intake in found):
            _, waits = empty_conversations(home)
            if waits:
                output.note(
                    f"{waits}: the page's conversations forget what was pruned when it opens"
                )
        intakes = [(one.shown, intake) for one, intake in zip(wanted, found, strict=True)]
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


def _of_settings(home: Home, said: dict[str, Any]) -> list[Wanted]:
    """Return the sources of twin.toml.

    Raises:
        UsageError: if there are none, or something was said that belongs to a source.
    """
    if given := [key for key, value in said.items() if value]:
        message = f"--{given[0].removesuffix('s')} belongs to a source, and none is named"
        raise UsageError(message, "set it in the [[sources]] of twin.toml")
    wanted = wanted_by(home)
    if not wanted:
        message = "there is nothing to take in"
        raise UsageError(message, f"name a source, or set [[sources]] in {home.settings_path}")
    return wanted


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
        "held": [{"item": r.item, "reason": r.reason} for r in intake.held],
        "skipped": [{"item": r.item, "reason": r.reason} for r in intake.skips],
        "failed": [{"item": r.item, "reason": r.reason} for r in intake.failures],
        "broken": intake.broken,
    }


def _print(intakes: list[tuple[str, Intake]], counts: Counts) -> None:
    output.table(
        ["source", "found", "new", "changed", "unchanged", "gone", "held", "skipped", "failed"],
        [
            [
                intake.collection,
                str(intake.found),
                str(intake.new),
                str(intake.changed),
                str(intake.unchanged),
                f"{intake.pruned or len(intake.missing)}",
                str(len(intake.held)),
                str(len(intake.skips)),
                str(len(intake.failures) + bool(intake.broken)),
            ]
            for _, intake in intakes
        ],
    )
    for source, intake in intakes:
        for title, remarks in (
            ("held", intake.held),
            ("skipped", intake.skips),
            ("failed", intake.failures),
        ):
            for remark in remarks[:SHOWN]:
                click.echo(output.plain(f"{title}: {remark.item}: {remark.reason}"), err=True)
            if len(remarks) > SHOWN:
                more = len(remarks) - SHOWN
                click.echo(f"{title}: and {more} more (--json has them all)", err=True)
        if intake.broken:
            click.echo(output.plain(f"failed: {source}: {intake.broken}"), err=True)
        if intake.held:
            output.note(
                f"{len(intake.held)} of {intake.collection} wait in quarantine, in no index and no "
                "answer: `twin quarantine show ID` shows why, `twin quarantine release ID` lets one in"
            )
        if intake.missing:
            output.note(_kept(intake))
    plural = "" if counts.authors == 1 else "s"
    output.note(
        f"the warehouse holds {counts.documents:,} documents by {counts.authors} author{plural}"
    )


def _kept(intake: Intake) -> str:
    if not intake.found:
        return (
            f"{intake.collection} gave nothing at all, so nothing was pruned: "
            "an empty source is more likely unplugged than deleted"
        )
    kept = (
        f"{len(intake.missing)} documents of {intake.collection} are kept though the source no "
        "longer has them; --prune forgets them"
    )
    if intake.doubtful:
        return f"{kept} (so many are missing that it looks like a mistake)"
    return f"{kept} now, ingest.grace_days later"
