"""`twin sync`: bring the index in step with the warehouse.

In: the change feed. Out: an index that holds what the warehouse holds.
"""

import signal
import threading
from pathlib import Path
from typing import Any

import click

from twin.cli import output
from twin.errors import StoreInUse
from twin.home import Home
from twin.ingest.sync import Synced, watch


@click.command("sync")
@click.option("--watch", "watching", is_flag=True, help="Go on following the warehouse.")
@click.option("--rebuild", is_flag=True, help="Make the index anew; the vector cache helps.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def sync_command(home_option: Path | None, *, watching: bool, rebuild: bool, as_json: bool) -> int:
    """Bring the index in step with the warehouse: additions, changes and deletions.

    What did not change is not embedded again. It can be stopped at any point and run again.
    """
    with Home(home_option) as home:
        if rebuild:
            home.index.rebuild()
        done = synced(home)
        if as_json:
            output.emit_json(report_sync(done) if done else {"left_to_another_process": True})
        elif done is not None:
            report_sync(done, printed=True)
        if watching:
            _follow(home)
    return 1 if done is not None and done.applied.failures else 0


def synced(home: Home) -> Synced | None:
    """Sync with a progress bar; None if another process is at it, to which the work is left."""
    with output.progress("indexing", "documents") as told:
        try:
            return home.sync(told)
        except StoreInUse as error:
            output.note(f"{error.message}: the work is left to it")
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


def _follow(home: Home) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    output.note("watching the warehouse; Ctrl-C stops")

    def told(done: Synced) -> None:
        if done.applied != type(done.applied)():
            report_sync(done, printed=True)

    watch(home.warehouse, home.index, home.consumer, stopped=stop.wait, told=told)
