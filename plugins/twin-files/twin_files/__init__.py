"""The folder reader of twin: everything below a folder that is writing or source code.

In: the hook. Out: the reader component `files`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_files.formats import FORMATS
from twin_files.options import FilesOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twin_files.reader import FolderReader

__version__ = "0.1.0"


def build(options: FilesOptions, ctx: twin.BuildContext) -> FolderReader:
    """Return the reader, which opens nothing before it is given a source."""
    from twin_files.reader import FolderReader  # noqa: PLC0415 - heavy

    return FolderReader(options, ctx.report)


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[FilesOptions]]:
    """Yield the folder reader."""
    yield twin.ReaderComponent(
        name="files",
        summary="Folders of Markdown, Djot, HTML, plain text and source code",
        options=FilesOptions,
        build=build,
        suffixes=tuple(FORMATS),
        directories=True,
    )
