"""The reader that all formats share: a path in, the documents of one format out.

In: what reads a format, and its options. Out: LlamaIndex documents as `twin.make_document` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.core.readers.base import BaseReader

from twin_archives.files import Files, opened

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin_archives.options import ArchiveOptions

Format = Callable[[Files, Any, "Report"], Iterator["LlamaDocument"]]
"""From the files of an archive and the format's options to documents."""


class ArchiveReader(BaseReader):
    """Reads archives of one format.

    Args:
        read: reads the format.
        options: of that format.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, read: Format, options: ArchiveOptions, report: Report) -> None:
        self._read = read
        self._options = options
        self._report = report

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of an archive: a folder, a ZIP or a file.

        Raises:
            ReadError: if there is no such archive at `source`, or it is not safe to open.
        """
        with opened(source, self._options.max_entries, self._options.max_bytes) as files:
            if files.export is not None:
                files.export.tell(self._report)
            yield from self._read(files, self._options, self._report)
