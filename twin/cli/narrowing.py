"""The options that narrow a search to topics, languages and names.

In: a command. Out: the same with --topic, --language and --entity, and the filters that they make.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from twin.cli import output
from twin.retrieve.filters import Found


def narrowing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; each may be said several times, and then any of them fits."""
    for option, what in (
        ("entity", "Only what names it (`twin topics --entities`)."),
        ("language", "Only what is written in it, as in `de`."),
        ("topic", "Only what is about it (`twin topics` lists them)."),
    ):
        command = click.option(f"--{option}", multiple=True, help=what)(command)
    return command


def narrowed(said: dict[str, tuple[str, ...]]) -> Found:
    """Return the filters that the options make, by their names; they are never dropped."""
    return Found(
        topics=said["topic"],
        languages=tuple(language.strip().lower() for language in said["language"]),
        entities=said["entity"],
    )


def hint_at_names(said: dict[str, tuple[str, ...]]) -> None:
    """Say where the names stand, to whom nothing was found."""
    if any(said.values()):
        output.note("nothing has that topic, language or name; `twin topics` lists what there is")
