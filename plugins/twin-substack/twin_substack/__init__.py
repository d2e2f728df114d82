"""The reader of Substack: a newsletter's export, or the public archive of one.

In: the hook. Out: the reader component `substack`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_substack.options import SubstackOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin_substack.reader import SubstackReader

__version__ = "0.1.0"


def build(options: SubstackOptions, ctx: twin.BuildContext) -> SubstackReader:
    """Return the reader, which opens and fetches nothing before it is given a source."""
    from twin_substack.reader import SubstackReader  # noqa: PLC0415 - heavy

    return SubstackReader(options, ctx)


def recognises(path: Path) -> bool:
    """Return whether `path` is an export of Substack, as a folder or as a ZIP."""
    with twin.open_export(path) as whole:
        export = whole.beneath("posts.csv")
        if export is None:
            return False
        return export.read("posts.csv")[:200].removeprefix(b"\xef\xbb\xbf").startswith(b"post_id,")


def example(folder: Path, edition: int) -> str:
    """Write a small export and return its path."""
    from twin_substack.sample import write_sample  # noqa: PLC0415 - only checks need it

    return str(write_sample(folder / "substack-export", edition))


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[SubstackOptions]]:
    """Yield the reader."""
    yield twin.ReaderComponent(
        name="substack",
        summary="Substack: a newsletter's export as ZIP or folder, or its public archive",
        options=SubstackOptions,
        build=build,
        hosts=("substack.com",),
        suffixes=(".zip",),
        directories=True,
        recognises=recognises,
        example=example,
    )
