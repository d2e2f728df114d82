"""The reader of LinkedIn's data archive.

In: the hook. Out: the reader component `linkedin`. What is heavy is imported by `build`. Nothing is
ever fetched from LinkedIn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_linkedin.options import LinkedInOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin_linkedin.reader import LinkedInReader

__version__ = "0.1.0"

MARKS = ("Shares.csv", "Comments.csv", "messages.csv", "Articles/*.html", "Profile.csv")
"""Files of which one at least is in every archive that has something to read."""


def build(options: LinkedInOptions, ctx: twin.BuildContext) -> LinkedInReader:
    """Return the reader, which opens nothing before it is given a source."""
    from twin_linkedin.reader import LinkedInReader  # noqa: PLC0415 - heavy

    return LinkedInReader(options, ctx.report)


def recognises(path: Path) -> bool:
    """Return whether `path` is LinkedIn's archive, as a folder or as a ZIP."""
    from twin_linkedin.tables import is_archive  # noqa: PLC0415 - only what may be one needs it

    with twin.open_export(path) as whole:
        return any((export := whole.beneath(m)) and is_archive(export) for m in MARKS)


def example(folder: Path, edition: int) -> str:
    """Write a small archive and return its path."""
    from twin_linkedin.sample import write_sample  # noqa: PLC0415 - only checks need it

    return str(write_sample(folder / "linkedin-archive", edition))


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[LinkedInOptions]]:
    """Yield the reader."""
    yield twin.ReaderComponent(
        name="linkedin",
        summary="LinkedIn: the data archive as ZIP or folder; posts, articles, comments, messages",
        options=LinkedInOptions,
        build=build,
        suffixes=(".zip",),
        directories=True,
        recognises=recognises,
        example=example,
    )
