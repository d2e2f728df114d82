"""File by file: what reading a folder has in common, whatever its files are made of.

In: a folder or a file. Out: what a subclass makes of each file, in sorted order. One that cannot be
read is told to the report and never stops the rest.
"""

from __future__ import annotations

import unicodedata
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from llama_index.core.readers.base import BaseReader

import twin
from twin_files.listed import collection_name
from twin_files.options import FilesOptions
from twin_files.walk import Found, printable, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report


class NothingToRead(Exception):
    """A file that is no writing, and the reason."""


class Choosing(Protocol):
    """Options that say which files are read, and how their collection is called."""

    @property
    def name(self) -> str | None:
        """Name of the collection; None takes the folder's."""

    @property
    def include(self) -> tuple[str, ...]:
        """Patterns of what is read."""

    @property
    def exclude(self) -> tuple[str, ...]:
        """Patterns of what is not."""


class EachFileReader(BaseReader):
    """Reads a folder file by file; a subclass reads one.

    Args:
        choosing: which files, and the name of their collection.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, choosing: Choosing, report: Report) -> None:
        self._choosing = choosing
        self._report = report

    @abstractmethod
    def check(self, file: Found) -> None:
        """Look at a file's name.

        Raises:
            NothingToRead: if it is no writing by its name.
            ReadError: if it is of a kind that cannot be read any more.
        """

    @abstractmethod
    def read_file(self, file: Found, source: str) -> LlamaDocument:
        """Return what a file says.

        Args:
            file: the file.
            source: its canonical source.

        Raises:
            NothingToRead: if it is no writing.
            ReadError: if it should be and cannot be read.
        """

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of a folder or a file, each file opened when its turn comes.

        Raises:
            ReadError: if there is nothing at `source`.
            ConfigurationError: if the collection has no usable name.
        """
        given = Path(source).expanduser()
        try:
            root = given.resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            message = f"there is no file or folder {str(source)!r}"
            raise twin.ReadError(message, "check the path") from error
        collection = self._collection(root if root.is_dir() else root.parent)
        taken: set[str] = set()
        for file in self._files(root):
            found = self._attempt(file, collection, taken)
            if found is not None:
                yield found

    def _collection(self, folder: Path) -> str:
        if self._choosing.name is not None:
            return self._choosing.name
        try:
            return collection_name(folder.name)
        except ValueError as error:
            message = f"the folder {printable(str(folder))!r} cannot name a collection: {error}"
            raise twin.ConfigurationError(message, "name it with --name") from error

    def _files(self, root: Path) -> Sequence[Found]:
        if root.is_dir():
            return self._below(root)
        if root.is_file():
            return [Found(str(root), root.name)]
        self._report.skipped(printable(root.name), "not a regular file")
        return []

    def _below(self, root: Path) -> Sequence[Found]:
        options = FilesOptions(include=self._choosing.include, exclude=self._choosing.exclude)
        return walk(root, options, self._report)

    def _attempt(self, file: Found, collection: str, taken: set[str]) -> LlamaDocument | None:
        shown = printable(file.relative)
        try:
            return self._read(file, collection, taken)
        except NothingToRead as nothing:
            self._report.skipped(shown, str(nothing))
        except twin.ReadError as error:
            reason = f"{error.message} ({error.hint})" if error.hint else error.message
            self._report.failed(shown, reason)
        except RecursionError:
            self._report.failed(shown, "its markup is nested too deeply")
        except Exception as error:  # noqa: BLE001 - the boundary: one file never stops the rest
            self._report.failed(shown, f"{type(error).__name__}: {error}")
        return None

    def _read(self, file: Found, collection: str, taken: set[str]) -> LlamaDocument:
        self.check(file)
        source = file_source(file.relative, collection)
        if source in taken:
            message = "another file has the same name once its letters are composed"
            raise twin.ReadError(message, "rename one of them")
        found = self.read_file(file, source)
        taken.add(source)
        return found


def file_source(relative: str, collection: str) -> str:
    """Return the canonical source of a file, the same on every machine.

    Raises:
        ReadError: if the file's name is not Unicode, so that no source can spell it.
    """
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError as error:
        message = "its name is not in UTF-8"
        raise twin.ReadError(message, "rename it") from error
    return f"file:{collection}/{unicodedata.normalize('NFC', relative)}"
