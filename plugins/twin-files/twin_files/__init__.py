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
    from pathlib import Path

    from twin_files.reader import FolderReader

__version__ = "0.1.0"


def build(options: FilesOptions, ctx: twin.BuildContext) -> FolderReader:
    """Return the reader, which opens nothing before it is given a source."""
    from twin_files.reader import FolderReader  # noqa: PLC0415 - heavy

    return FolderReader(options, ctx.report)


def example(folder: Path, edition: int) -> str:
    """Write a small folder of notes and return its path."""
    root = folder / "notes"
    (root / "code").mkdir(parents=True, exist_ok=True)
    heron = "---\ntitle: The heron\ndate: 2024-03-01\ntags: [birds]\n---\nIt stood in the *weir*.\n"
    ford = "# The ford\n\nOne wades it [in May](https://example.org/ford) only.\n"
    if edition > 1:
        ford += "\nIn June there is no water at all.\n"
    texts = {
        "heron.md": heron,
        "ford.md": ford,
        "code/depth.py": "def depth() -> int:\n    return 3\n",
    }
    if edition > 1:
        del texts["heron.md"]
        texts["bridge.txt"] = "There is a bridge now, so nobody wades.\n"
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    if edition > 1:
        (root / "heron.md").unlink(missing_ok=True)
    return str(root)


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
        example=example,
    )
