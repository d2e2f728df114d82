"""`twin dataset check`: the audit of anyone's set.

In: a file or folder, and a warehouse to look for the answers in. Out: every finding with its count.
"""

from contextlib import ExitStack
from pathlib import Path

import click

from twin.cli import output
from twin.datasets.auditing import Audit, audit
from twin.datasets.foreign import read_foreign
from twin.home import Home
from twin.warehouse import FILE_NAME, open_place


def check(home: Home, path: Path, against: str | None, *, as_json: bool) -> int:
    """Audit a set and print what was found; 1 if something is wrong.

    Raises:
        DatasetError: if it cannot be read.
        UsageError: if there is no such warehouse.
    """
    with ExitStack() as closing:
        told = closing.enter_context(output.steps())
        told("reading", 0, None)
        rows = read_foreign(path)
        warehouse = None
        if against is not None:
            place = _place(against)
            warehouse = closing.enter_context(
                open_place(place, home.settings.warehouse, home.folder, must_exist=True)
            )
        done = audit(rows, warehouse, told)
    if as_json:
        output.emit_json({"path": str(path), "against": against} | done.as_json())
    else:
        _print(done)
    return 1 if done.faults else 0


def _place(against: str) -> str:
    """Return the place of a warehouse; a home's folder stands for the file in it."""
    folder = Path(against).expanduser()
    # HOME/warehouse is what one says who does not know the file's name.
    for candidate in (folder, folder.parent):
        if not folder.is_file() and (candidate / FILE_NAME).is_file():
            return str(candidate / FILE_NAME)
    return against


def _print(done: Audit) -> None:
    splits = ", ".join(f"{count:,} {name}" for name, count in done.splits.items())
    kind = f"{done.pairs:,} of them pairs" if done.pairs else "no pairs"
    click.echo(f"{done.rows:,} rows ({splits}), {kind}")
    for finding in done.findings:
        if not finding.count:
            continue
        mark = "wrong" if finding.fault else "note"
        click.echo(f"{mark}: {finding.count:,} of {finding.of:,} {finding.what}")
        for example in finding.examples:
            click.echo(output.plain(f"    {example}"))
    clean = [finding.name for finding in done.findings if not finding.count]
    if clean:
        click.echo(f"none: {', '.join(clean)}")
    for text in done.notes:
        output.note(text)
    if not done.faults:
        click.echo("Nothing is wrong with it.")
