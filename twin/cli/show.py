"""`twin show`: print the text of a document, exactly.

In: a document's id, source or address. Out: its text and nothing else, so that ``start:end`` of a
citation can be cut out of it.
"""

import sys
from pathlib import Path

import click

from twin.errors import NotFoundError
from twin.home import Home


@click.command("show")
@click.argument("document")
@click.option("--version", "version", type=click.IntRange(1, 2**31), help="[default: the newest]")
@click.pass_obj
def show_command(home_option: Path | None, document: str, version: int | None) -> int:
    """Print the text of DOCUMENT (its id, source or address), and nothing else."""
    with Home(home_option) as home:
        found = next(iter(home.warehouse.summaries(source=document)), None)
        if found is None:
            message = f"there is no document {document}"
            raise NotFoundError(message, "`twin search --json` gives the ids")
        text = home.warehouse.get(found.id, version).document.text
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
    return 0
