"""`twin forget`: delete what a source brought, from warehouse and index.

In: a document or a collection. Out: tombstones in the warehouse, and nothing in the index, in the
page's conversations and among its uploads.
"""

from pathlib import Path

import click

from twin.cli import output
from twin.cli.sync import synced
from twin.errors import NotFoundError
from twin.home import Home
from twin.serving.forgotten import empty_conversations
from twin.serving.uploads import delete_copies

SHOWN = 10


@click.command("forget")
@click.argument("source")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget_command(home_option: Path | None, source: str, *, yes: bool) -> int:
    """Forget SOURCE: a document (id, source or address) or a whole collection (files:notes).

    The texts are deleted, all versions of them, and cannot be brought back by twin.
    """
    with Home(home_option) as home:
        warehouse = home.warehouse
        found = list(warehouse.summaries(source=source)) or list(
            warehouse.summaries(collection=source)
        )
        held = [
            one
            for one in warehouse.held()
            if source in {one.collection, one.document.id, one.document.source, one.document.url}
        ]
        waiting = [one.document for one in held]
        if not found and not waiting:
            message = f"nothing here came from {source}"
            raise NotFoundError(message, "`twin status` lists the collections")
        if not yes:
            for summary in found[:SHOWN]:
                click.echo(output.plain(f"  {summary.title or summary.source}  ({summary.source})"))
            if len(found) > SHOWN:
                click.echo(f"  and {len(found) - SHOWN} more")
            for document in waiting[:SHOWN]:
                click.echo(output.plain(f"  in quarantine: {document.title or document.source}"))
            asked = f"Forget {len(found)} documents, with all their versions"
            asked += f", and {len(waiting)} in quarantine" if waiting else ""
            click.confirm(f"{asked}?", abort=True)
        # What waits goes by the same ids; both in one transaction.
        waiting_ids = [document.id for document in waiting]
        count = warehouse.delete([*(summary.id for summary in found), *waiting_ids])
        gone = [(one.source, one.collection) for one in found]
        gone += [(one.document.source, one.collection) for one in held]
        delete_copies(home, gone)
        answers, waits = empty_conversations(home)
        done = synced(home)
    points = f", {done.applied.deleted} passages left the index" if done else ""
    also = f", and {len(waiting)} in quarantine" if waiting else ""
    said = f", {answers} answer{'' if answers == 1 else 's'} emptied on the page" if answers else ""
    what = "document is" if count == 1 else "documents are"
    click.echo(f"{count} {what} forgotten{also}{points}{said}")
    if waits:
        output.note(f"{waits}: the page's conversations forget it when the page is next opened")
    if done is None:
        output.note("search no longer shows them, though the index still holds their vectors")
    return 0
