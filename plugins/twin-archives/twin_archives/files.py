"""What an archive is made of, whether it is one file, a folder or a ZIP.

In: a path and bounds. Out: `Files`: names, and bytes on demand; JSON with a reason where it is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import twin
from twin.components import Report
from twin_files.decoding import read_bytes


@dataclass(frozen=True, slots=True)
class Files:
    """The files of an archive.

    Attributes:
        path: what was given.
        title: the name of the folder or file, without its suffix.
        names: relative paths, sorted.
        read: returns the bytes of one.
        export: the open export, None if one file was given.
    """

    path: Path
    title: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]
    export: twin.Export | None = None

    def matching(self, glob: str) -> list[str]:
        """Return the names that a glob names; of one file, that file."""
        return self.export.matching(glob) if self.export else list(self.names)

    def beneath(self, *globs: str) -> Files | None:
        """Return the files where each glob names one, None if that is nowhere."""
        if self.export is None:
            return self
        inner = self.export.beneath(*globs)
        if inner is None:
            return None
        return replace(self, names=inner.names, read=inner.read, export=inner)

    def rest(self, read: Sequence[str], report: Report, reason: str) -> None:
        """Tell a report of all files that are not among `read`."""
        for name in sorted(set(self.names) - set(read)):
            report.skipped(name, reason)


@contextmanager
def opened(source: str | Path, max_entries: int, max_bytes: int) -> Iterator[Files]:
    """Open a folder, a ZIP or a single file.

    Raises:
        ReadError: if there is none, or it is not safe to open.
    """
    path = Path(source).expanduser()
    if path.is_file() and path.suffix.lower() != ".zip":
        yield Files(path, path.stem, (path.name,), lambda _: read_bytes(path, max_bytes))
        return
    bounds = twin.Bounds(entries=max_entries, member_bytes=max_bytes)
    with twin.open_export(path, bounds) as export:
        title = path.stem if path.is_file() else path.resolve().name
        yield Files(path, title, export.names, export.read, export)


def json_of(raw: bytes, name: str) -> Any:
    """Return what a JSON file holds.

    Raises:
        ReadError: if it is no JSON in UTF-8.
    """
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = f"{name}: it is no whole JSON ({error})"
        raise twin.ReadError(message, "download the export again") from error


def told(report: Report, item: str, name: str, error: Exception) -> None:
    """Tell a report of an item that could not be read.

    Args:
        report: is told.
        item: the source of its document, ``.`` if that is not known, so that nothing counts as gone.
        name: what the item is called in the archive.
        error: what happened.
    """
    reason = error.message if isinstance(error, twin.ReadError) else ""
    reason = reason or f"{type(error).__name__}: {error}"
    report.failed(item, reason if reason.startswith(name) else f"{name}: {reason}")
