"""`twin sync`: bring the index in step with the warehouse.

In: the change feed. Out: an index that holds what the warehouse holds.
"""

import signal
import threading
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.errors import IndexBusy, StoreInUse, UsageError
from twin.home import Home
from twin.ingest.checking import Checked
from twin.ingest.engines import engine_named
from twin.ingest.sync import Synced


@click.command("sync")
@click.option("--watch", "watching", is_flag=True, help="Go on following the warehouse.")
@click.option("--check", "checking", is_flag=True, help="Compare all of both, and mend the index.")
@click.option("--dry-run", is_flag=True, help="With --check: only compare; exit 1 if they differ.")
@click.option("--engine", help="What parses and embeds. [default: ingest.engine of twin.toml]")
@click.option("--rebuild", is_flag=True, help="Drop the index first; the vector cache helps.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def sync_command(
    home_option: Path | None,
    engine: str | None,
    *,
    watching: bool,
    checking: bool,
    dry_run: bool,
    rebuild: bool,
    as_json: bool,
) -> int:
    """Bring the index in step with the warehouse: additions, changes and deletions.

    What did not change is not embedded again. It can be stopped at any point and run again.
    """
    if dry_run and not checking:
        message = "--dry-run says that --check is to mend nothing"
        raise UsageError(message, "twin sync --check --dry-run")
    with Home(home_option) as home:
        if rebuild:
            engine_named(
                engine or home.settings.ingest.engine, home.folder
            )  # or nothing is dropped
            home.start_anew()
        done = synced(home, engine, needed=True)
        report: dict[str, Any] = report_sync(done) if done else {"left_to_another_process": True}
        if done is not None and not as_json:
            report_sync(done, printed=True)
        failed = done is not None and bool(done.applied.failures)
        if checking:
            with output.progress("comparing", "documents") as told:
                checked = home.check(told, mend=not dry_run)
            report["check"] = _report_check(checked, mended=not dry_run, printed=not as_json)
            unmended = dry_run and bool(checked.differences)
            failed = failed or unmended or bool(checked.applied.failures)
        if as_json:
            output.emit_json(report)
        if watching:
            _follow(home, as_json=as_json)
    return 1 if failed else 0


def _report_check(checked: Checked, *, mended: bool, printed: bool) -> dict[str, Any]:
    differences = checked.differences
    if printed:
        for difference in differences:
            click.echo(output.plain(str(difference)), err=True)
        what = "mended" if mended else "not mended"
        click.echo(
            f"check: {checked.documents} documents and {checked.points} passages compared, "
            + (f"{len(differences)} differ, {what}" if differences else "all as they should be")
        )
    return {
        "documents": checked.documents,
        "points": checked.points,
        "mended": mended,
        "differences": [
            {
                "document_id": one.document_id,
                "source": one.source,
                "missing": one.missing,
                "wrong": one.wrong,
                "left_over": one.left,
                "unconfirmed": one.unconfirmed,
            }
            for one in differences
        ],
    }


def synced(home: Home, engine: str | None = None, *, needed: bool = False) -> Synced | None:
    """Sync with a progress bar; None if another process has the index, which a note says.

    Args:
        home: whose index.
        engine: what parses and embeds; None takes the one of twin.toml.
        needed: whether it is an error where that process is not known to do the work, as one that
            is stopped.

    Raises:
        StoreInUse: if so.
    """
    with output.progress("indexing", "documents") as told:
        try:
            return home.sync(told, engine)
        except IndexBusy as error:
            output.note(f"{error.message}: the work is left to it")
        except StoreInUse as error:
            if needed:
                raise
            output.note(f"{error.message}: {error.hint}; then `twin sync`")
        return None


def report_sync(done: Synced, *, printed: bool = False) -> dict[str, Any]:
    """Return what a sync did, for ``--json``; or print it for a person."""
    applied = done.applied
    report = {
        "indexed": applied.indexed,
        "unchanged": applied.unchanged,
        "removed": applied.removed,
        "points": {"stored": applied.stored, "moved": applied.moved, "deleted": applied.deleted},
        "embedded": done.embedded,
        "seconds": round(done.seconds, 3),
        "failed": [
            {"document_id": failure.document_id, "reason": failure.reason}
            for failure in applied.failures
        ],
    }
    if printed:
        click.echo(
            f"index: {applied.indexed} documents indexed, {applied.removed} removed, "
            f"{applied.stored} passages stored, {applied.deleted} deleted, "
            f"{done.embedded} embedded, in {done.seconds:.1f} s"
        )
        for failure in applied.failures:
            click.echo(output.plain(f"failed: {failure.reason}"), err=True)
    return report


def _follow(home: Home, *, as_json: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    output.note("watching the warehouse; Ctrl-C stops")

    def told(done: Synced) -> None:
        if done.applied != type(done.applied)():
            report = report_sync(done, printed=not as_json)
            if as_json:
                output.emit_json(report)

    home.follow(stop.wait, told)
