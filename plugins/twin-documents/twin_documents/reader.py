"""The reader: a document or a folder of documents in, one document a file out.

In: a path. Out: LlamaIndex documents as `twin.make_document` makes them, in sorted order. A file
that cannot be read is told to the report and never stops the rest.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llama_index.core.readers.base import BaseReader

import twin
from twin_documents.converted import Converted
from twin_documents.kinds import MEDIA, OLD, suffix_of
from twin_files.dates import path_date
from twin_files.decoding import read_bytes
from twin_files.formats import Markup
from twin_files.options import FilesOptions, collection_name
from twin_files.titles import heading, name_title
from twin_files.walk import Found, printable, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin_documents.options import DocumentsOptions

_UNREADABLE: Final = "its letters have no meaning: the fonts do not say which they are"
_ODD: Final = 0.3
"""Part of the words of a PDF that may be without a letter's meaning, ``(cid:12)``."""


class DocumentsReader(BaseReader):
    """Reads documents below a folder, or one file.

    Args:
        options: see `DocumentsOptions`.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: DocumentsOptions, report: Report) -> None:
        self._options = options
        self._report = report

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
            try:
                found = self._read(file, collection, taken)
            except twin.ReadError as error:
                reason = f"{error.message} ({error.hint})" if error.hint else error.message
                self._report.failed(printable(file.relative), reason)
            except RecursionError:
                self._report.failed(printable(file.relative), "its markup is nested too deeply")
            except Exception as error:  # noqa: BLE001 - the boundary: one file never stops the rest
                reason = f"{type(error).__name__}: {error}"
                self._report.failed(printable(file.relative), reason)
            else:
                if found is not None:
                    yield found

    def _collection(self, folder: Path) -> str:
        if self._options.name is not None:
            return self._options.name
        try:
            return collection_name(folder.name)
        except ValueError as error:
            message = f"the folder {printable(str(folder))!r} cannot name a collection: {error}"
            raise twin.ConfigurationError(message, "name it with --name") from error

    def _files(self, root: Path) -> list[Found]:
        if not root.is_dir():
            return [Found(root, root.name)]
        options = FilesOptions(include=self._options.include, exclude=self._options.exclude)
        return walk(root, options, self._report)

    def _read(self, file: Found, collection: str, taken: set[str]) -> LlamaDocument | None:
        shown, suffix = printable(file.relative), suffix_of(file.relative)
        if suffix in OLD:
            message = f"{suffix} is what Office wrote before 2007"
            raise twin.ReadError(message, f"save it as {OLD[suffix]}")
        if suffix not in MEDIA:
            self._report.skipped(shown, f"no document ({suffix or 'no suffix'})")
            return None
        source = _source(file.relative, collection)
        if source in taken:
            message = "another file has the same name once its letters are composed"
            raise twin.ReadError(message, "rename one of them")
        raw = read_bytes(file.path, self._options.max_bytes)
        if not raw:
            self._report.skipped(shown, "it is empty")
            return None
        found = self._converted(raw, suffix).sensible()
        if not found.text.strip():
            self._report.skipped(shown, "it has no text")
            return None
        _refuse_nonsense(found.text)
        taken.add(source)
        for part, reason in found.remarks.items():
            self._report.skipped(f"{shown} ({part})", reason)
        return self._document(source, file, raw, found, collection)

    def _converted(self, raw: bytes, suffix: str) -> Converted:
        """Return what the converter of a suffix makes of some bytes; each is imported when needed."""
        limit = self._options.max_unpacked_bytes
        if suffix == ".pdf":
            from twin_documents.pages import read_pages  # noqa: PLC0415 - heavy

            return read_pages(raw, self._options)
        if suffix == ".pptx":
            from twin_documents.slides import read_slides  # noqa: PLC0415 - heavy

            return read_slides(raw, limit)
        if suffix == ".odt":
            from twin_documents.open_text import read_open_text  # noqa: PLC0415 - heavy

            return read_open_text(raw, limit)
        if suffix == ".epub":
            from twin_documents.books import read_book  # noqa: PLC0415 - heavy

            return read_book(raw, limit)
        if suffix == ".rtf":
            from twin_documents.rich_text import read_rich_text  # noqa: PLC0415 - heavy

            return read_rich_text(raw, limit)
        from twin_documents.word import read_word  # noqa: PLC0415 - heavy

        return read_word(raw, limit)

    def _document(
        self, source: str, file: Found, raw: bytes, found: Converted, collection: str
    ) -> LlamaDocument:
        title = found.title or heading(found.text, Markup.MARKDOWN)
        when = found.created or path_date(file.relative)
        extra = {
            "updated_at": found.modified.isoformat() if found.modified else "",
            "description": found.description,
        }
        return twin.make_document(
            source=source,
            text=found.text,
            title=title or name_title(file.relative, collection),
            author=found.author or self._options.author,
            published_at=when.isoformat() if when else None,
            language=found.language,
            tags=found.tags,
            media_type=MEDIA[suffix_of(file.relative)],
            raw=raw,
            **{key: value for key, value in extra.items() if value},
        )


def _refuse_nonsense(text: str) -> None:
    marks = text.count("(cid:")
    if marks and marks > len(text.split()) * _ODD:
        raise twin.ReadError(_UNREADABLE, "print it to a PDF anew, or run `ocrmypdf --force-ocr`")


def _source(relative: str, collection: str) -> str:
    """Return the canonical source, the same on every machine.

    Raises:
        ReadError: if the file's name is not Unicode, so that no source can spell it.
    """
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError as error:
        message = "its name is not in UTF-8"
        raise twin.ReadError(message, "rename it") from error
    return f"file:{collection}/{unicodedata.normalize('NFC', relative)}"
