"""Options that the commands of `twin evaluate` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

AUTHOR = click.option("--author", help="Whose style. [default: person.name of twin.toml]")
OTHERS = click.option(
    "--others",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A file or folder of other people's writing, besides what the warehouse has.",
)
PLOT = click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Where the PNG goes."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")


def of_style(words: int) -> Callable[[Command], Command]:
    """Return what gives a command the options of a scale of style.

    Args:
        words: of each window, where nothing is said.
    """
    size = click.option(
        "--words",
        type=click.IntRange(40, 1000),
        default=words,
        show_default=True,
        help="Of each window.",
    )

    def add(command: Command) -> Command:
        for option in (JSON, PLOT, size, OTHERS, AUTHOR):
            command = option(command)
        return command

    return add
