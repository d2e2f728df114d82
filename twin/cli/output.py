"""How commands speak: results on standard output, progress and remarks on standard error.

In: values. Out: lines, tables, progress bars or JSON. Bars are drawn only on a terminal.
"""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

import click

from twin.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """Return text without control characters, which could steer the terminal that shows it.

    Titles, quotations and file names come from documents, and documents from anywhere. `twin show`
    and ``--json`` give them as they are.
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def asked(question: str) -> str:
    """Return a question that asks something.

    Raises:
        UsageError: if it is empty.
    """
    if not question.strip():
        message = "the question is empty"
        raise UsageError(message, 'as in: twin ask "Why Djot?"')
    # An argument that is no UTF-8 comes with lone surrogates, which no tokenizer takes.
    return question.encode("utf-8", "replace").decode("utf-8")


def keyed(pairs: Iterable[str], example: str) -> dict[str, Any]:
    """Return what ``--option key=value`` says; a value is JSON where it can be read so.

    Args:
        pairs: as they were given.
        example: a sound one, for the hint.

    Raises:
        UsageError: if one is no such pair.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            message = f"--option {pair!r} is not key=value"
            raise UsageError(message, f"as in --option {example}")
        try:
            values[key] = json.loads(value)
        except json.JSONDecodeError:
            values[key] = value
    return values


_results: list[TextIO] = []
"""Where JSON goes while everything else that is printed goes to standard error."""


@contextmanager
def json_alone() -> Iterator[None]:
    """Keep standard output for `emit_json`: what plugins and their libraries print goes elsewhere."""
    _results.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _results.pop()


def emit_json(value: Any) -> None:
    """Print a value as JSON, for a script."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(text, file=_results[-1] if _results else None)


def note(text: str) -> None:
    """Print a remark on standard error."""
    click.echo(f"note: {plain(text)}", err=True)


def stderr_console() -> "Console":
    """Return a console on standard error."""
    from rich.console import Console  # noqa: PLC0415 - only where something is drawn

    return Console(stderr=True)


def stdout_console() -> "Console":
    """Return a console on standard output."""
    from rich.console import Console  # noqa: PLC0415

    return Console(soft_wrap=not sys.stdout.isatty())


def table(headers: list[str], rows: list[list[str]]) -> None:
    """Print a table; in a pipe, as lines with tabs between the columns."""
    if not sys.stdout.isatty():
        for row in [headers, *rows]:
            click.echo("\t".join(plain(cell) for cell in row))
        return
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    # Tight, and no header broken: nine columns fit a terminal of 80.
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for header in headers:
        drawn.add_column(header, overflow="fold", min_width=len(header))
    for row in rows:
        # As text, because a title may hold what rich would take for markup.
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    stdout_console().print(drawn)


@contextmanager
def progress(label: str, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function that is told how many are done, and of how many if that is known."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    with _bar(unit) as bar:
        task = bar.add_task(label, total=None)

        def told(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield told


def _bar(unit: str) -> "Progress":
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=stderr_console(),
        transient=True,
    )


@contextmanager
def steps() -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield a function that is told the step of a longer piece of work, how much is done, of how much."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _all: None
        return
    with _bar("") as bar:
        label, task = "", None

        def told(step: str, done: int, total: int | None) -> None:
            nonlocal label, task
            # What stands in brackets is how it goes, and no step of its own.
            name = step.partition(" (")[0]
            if name != label or task is None:
                if task is not None:
                    bar.remove_task(task)
                label, task = name, bar.add_task("", total=total)
            bar.update(task, completed=done, total=total, description=plain(step))

        yield told


@contextmanager
def stages() -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield a function that is told what goes on, how much of it is done, and of how much.

    In a pipe each stage is named once, on standard error.
    """
    if not sys.stderr.isatty():
        named: set[str] = set()

        def said(label: str, _done: int, _all: int | None) -> None:
            if label not in named:
                named.add(label)
                note(label)

        yield said
        return
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    known: dict[str, Any] = {}
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=stderr_console(),
        transient=True,
    ) as bar:

        def told(label: str, done: int, total: int | None) -> None:
            if label not in known:
                known[label] = bar.add_task(plain(label), total=total)
            bar.update(known[label], completed=done, total=total)

        yield told


@contextmanager
def tasks(unit: str) -> Iterator[Callable[[str, int], None]]:
    """Yield a function that is told how many of each of several things are done, from any thread."""
    if not sys.stderr.isatty():
        yield lambda _label, _done: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    lock, known = threading.Lock(), {}
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} " + unit),
        TimeElapsedColumn(),
        console=stderr_console(),
        transient=True,
    ) as bar:

        def told(label: str, done: int) -> None:
            with lock:
                if label not in known:
                    known[label] = bar.add_task(f"reading {plain(label)}", total=None)
                bar.update(known[label], completed=done)

        yield told


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show that something goes on, on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    with stderr_console().status(label):
        yield
