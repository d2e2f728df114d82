"""The reader of Medium: an account's export, pages saved from the browser, and feeds.

In: the hook. Out: the reader component `medium`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_medium.options import MediumOptions
from twin_medium.recognising import recognises

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin_medium.reader import MediumReader

__version__ = "0.1.0"


def build(options: MediumOptions, ctx: twin.BuildContext) -> MediumReader:
    """Return the reader, which opens nothing before it is given a source."""
    from twin_medium.reader import MediumReader  # noqa: PLC0415 - heavy

    return MediumReader(options, ctx)


def example(folder: Path, edition: int) -> str:
    """Write a small export and return its path."""
    from twin_medium.sample import write_sample  # noqa: PLC0415 - only checks need it

    return str(write_sample(folder / "medium-export", edition))


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[MediumOptions]]:
    """Yield the reader."""
    yield twin.ReaderComponent(
        name="medium",
        summary="Medium: an account's export as ZIP or folder, a saved page, or a feed",
        options=MediumOptions,
        build=build,
        hosts=("medium.com/feed",),
        suffixes=(".zip", ".html", ".htm"),
        directories=True,
        recognises=recognises,
        example=example,
    )
