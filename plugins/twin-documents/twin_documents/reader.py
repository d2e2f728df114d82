"""The reader: a document or a folder of documents in, one document a file out.

In: a path. Out: LlamaIndex documents as `twin.make_document` makes them, in sorted order. A file
that cannot be read is told to the report and never stops the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import twin
from twin_documents.converted import Converted
from twin_documents.kinds import MEDIA, OLD, suffix_of
from twin_files.dates import path_date
from twin_files.decoding import read_bytes
from twin_files.each import EachFileReader, NothingToRead
from twin_files.formats import Markup
from twin_files.titles import heading, name_title
from twin_files.walk import Found, printable

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin_documents.options import DocumentsOptions

_UNREADABLE: Final = "its letters have no meaning: the fonts do not say which they are"
_ODD: Final = 0.3
"""Part of the words of a PDF that may be without a letter's meaning, ``(cid:12)``."""


class DocumentsReader(EachFileReader):
    """Reads documents below a folder, or one file.

    Args:
        options: see `DocumentsOptions`.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: DocumentsOptions, report: Report) -> None:
        super().__init__(options, report)
        self._options = options

    def check(self, file: Found) -> None:
        """Refuse what is no document by its suffix, and what Office no longer writes."""
        suffix = suffix_of(file.relative)
        if suffix in OLD:
            message = f"{suffix} is what Office wrote before 2007"
            raise twin.ReadError(message, f"save it as {OLD[suffix]}")
        if suffix not in MEDIA:
            message = f"no document ({suffix or 'no suffix'})"
            raise NothingToRead(message)

    def read_file(self, file: Found, source: str) -> LlamaDocument:
        """Return what a document says, by the converter of its suffix."""
        raw = read_bytes(file.path, self._options.max_bytes)
        if not raw:
            message = "it is empty"
            raise NothingToRead(message)
        found = self._converted(raw, suffix_of(file.relative)).sensible()
        if not found.text.strip():
            message = "it has no text"
            raise NothingToRead(message)
        _refuse_nonsense(found.text)
        for part, reason in found.remarks.items():
            self._report.skipped(f"{printable(file.relative)} ({part})", reason)
        return self._document(source, file, raw, found)

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

    def _document(self, source: str, file: Found, raw: bytes, found: Converted) -> LlamaDocument:
        title = found.title or heading(found.text, Markup.MARKDOWN)
        when = found.created or path_date(file.relative)
        extra = {
            "updated_at": found.modified.isoformat() if found.modified else "",
            "description": found.description,
        }
        return twin.make_document(
            source=source,
            text=found.text,
            title=title
            or name_title(file.relative, source.removeprefix("file:").partition("/")[0]),
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
