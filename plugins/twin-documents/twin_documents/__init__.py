"""The reader of documents: PDF, Word, PowerPoint, OpenDocument, EPUB and RTF.

In: the hook. Out: the reader component `documents`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import twin
from twin_documents.kinds import SUFFIXES, recognises
from twin_documents.options import DocumentsOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twin_documents.reader import DocumentsReader

__version__ = "0.1.0"


def build(options: DocumentsOptions, ctx: twin.BuildContext) -> DocumentsReader:
    """Return the reader, which opens nothing before it is given a source."""
    from twin_documents.reader import DocumentsReader  # noqa: PLC0415 - heavy

    return DocumentsReader(options, ctx.report)


def example(folder: Path, edition: int) -> str:
    """Write a small folder of documents and return its path."""
    from twin_documents.sample import write_sample  # noqa: PLC0415 - only checks need it

    return str(write_sample(folder / "papers", edition))


@twin.hookimpl
def twin_readers() -> Iterator[twin.ReaderComponent[DocumentsOptions]]:
    """Yield the reader. Of folders, it claims those in which nothing lies but documents."""
    yield twin.ReaderComponent(
        name="documents",
        summary="PDF, Word, PowerPoint, OpenDocument, EPUB and RTF, or a folder of them",
        options=DocumentsOptions,
        build=build,
        suffixes=SUFFIXES,
        directories=True,
        recognises=recognises,
        example=example,
    )
