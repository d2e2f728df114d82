"""Which files lie below a root, in sorted order.

In: the root and the options. Out: `Found` files; what is left out is told to the report. No link
leads out of the root or round in a circle.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twin_files.patterns import matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twin.components import Report
    from twin_files.options import FilesOptions

HIDDEN = frozenset({"__pycache__", "node_modules", "CVS"})
"""Folders of machinery, passed over without a word as those with a dot in front are."""

BUILT = frozenset({"build", "dist", "target"})
"""Folders of what was made from the sources. Each is named in the report: it may hold writing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A regular file: where it is, and its path relative to the root with forward slashes.

    A folder may hold a million of them, and a `Path` takes five times the memory of a string.
    """

    where: str
    relative: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return Path(self.where)


def printable(relative: str) -> str:
    """Return a path as it can be shown, whatever bytes its name has."""
    return relative.encode("utf-8", "backslashreplace").decode("utf-8")


def walk(root: Path, options: FilesOptions, report: Report) -> list[Found]:
    """Return the files below `root` that the globs allow, sorted by the parts of their paths."""
    real = root.resolve()
    steps = _Steps(real, options, report)
    found = [*steps.below(real, "")]
    if options.follow_symlinks:
        while steps.links:
            steps.links.sort(key=lambda link: link.relative, reverse=True)
            found += steps.behind(steps.links.pop())
    else:
        for link in steps.links:
            report.skipped(printable(link.relative), "a symbolic link, which is not followed")
    return sorted(found, key=lambda file: file.relative.split("/"))


class _Steps:
    """One walk: the places that were seen, and the links that are left for later.

    Links come last, so that what a link leads to is read under its own path where it has one.
    """

    def __init__(self, root: Path, options: FilesOptions, report: Report) -> None:
        self._root = root
        self._options = options
        self._report = report
        self._seen: set[str] = set()
        self.links: list[Found] = []

    def below(self, folder: Path, prefix: str) -> Iterator[Found]:
        """Yield the files below a folder that is no link, and keep the links for later."""
        self._seen.add(str(folder))
        pending = [(str(folder), prefix)]
        while pending:
            here, at = pending.pop()
            for entry in self._entries(here, at):
                relative = f"{at}{entry.name}"
                path = entry.path
                if path in self._seen or self._left_out(entry, relative):
                    continue
                if entry.is_symlink():
                    self.links.append(Found(path, relative))
                elif entry.is_dir(follow_symlinks=False):
                    self._seen.add(path)
                    pending.append((path, f"{relative}/"))
                elif entry.is_file(follow_symlinks=False):
                    self._seen.add(path)
                    yield from self._included(Found(path, relative))
                else:
                    self._report.skipped(printable(relative), "not a regular file")

    def behind(self, link: Found) -> Iterator[Found]:
        """Yield the files that a link leads to, where they are inside the root and not yet read."""
        shown = printable(link.relative)
        try:
            target = link.path.resolve(strict=True)
        except (OSError, RuntimeError):
            self._report.failed(shown, "a symbolic link that leads nowhere")
            return
        if not target.is_relative_to(self._root):
            self._report.skipped(shown, "a symbolic link that leads out of the folder")
        elif str(target) in self._seen:
            self._report.skipped(shown, "a symbolic link to what is read under its own path")
        elif target.is_dir():
            yield from self.below(target, f"{link.relative}/")
        elif target.is_file():
            self._seen.add(str(target))
            yield from self._included(Found(str(target), link.relative))
        else:
            self._report.skipped(shown, "not a regular file")

    def _entries(self, folder: str, at: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError as error:
            self._report.failed(printable(at) or ".", f"cannot be listed: {error.strerror}")
            return []

    def _left_out(self, entry: os.DirEntry[str], relative: str) -> bool:
        folder = entry.is_dir(follow_symlinks=False)
        if entry.name.startswith(".") or (folder and entry.name in HIDDEN):
            return True
        shown = printable(relative) + ("/" if folder else "")
        if matches(relative, self._options.exclude):
            self._report.skipped(shown, "left out by exclude")
            return True
        if folder and entry.name in BUILT:
            self._report.skipped(shown, "a folder of built files")
            return True
        return folder and (Path(entry.path) / "pyvenv.cfg").is_file()

    def _included(self, file: Found) -> Iterator[Found]:
        if self._options.include and not matches(file.relative, self._options.include):
            self._report.skipped(printable(file.relative), "not named by include")
        else:
            yield file
