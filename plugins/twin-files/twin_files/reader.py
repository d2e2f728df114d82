"""The reader: a folder or a file in, one document a file out.

In: a path. Out: LlamaIndex documents as `twin.make_document` makes them, in sorted order. A file
that cannot be read is told to the report and never stops the rest.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import twin
from twin_files.contents import said
from twin_files.dates import path_date
from twin_files.decoding import decode, read_bytes
from twin_files.each import EachFileReader, NothingToRead
from twin_files.facts import Facts
from twin_files.formats import Format, Markup, format_of
from twin_files.options import FilesOptions
from twin_files.walk import Found, printable, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report


class FolderReader(EachFileReader):
    """Reads what is writing or source code below a folder, or in one file.

    Args:
        options: see `FilesOptions`.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: FilesOptions, report: Report) -> None:
        super().__init__(options, report)
        self._options = options

    def _below(self, root: Path) -> Sequence[Found]:
        return walk(root, self._options, self._report)

    def check(self, file: Found) -> None:
        """Refuse what is no writing by its suffix."""
        self._form(file)

    def read_file(self, file: Found, source: str) -> LlamaDocument:
        """Return what a file says, by its front matter, its markup and its path."""
        form = self._form(file)
        raw = read_bytes(file.path, self._options.max_bytes)
        decoded = decode(raw, form.markup)
        if not decoded.strip():
            message = "it is empty"
            raise NothingToRead(message)
        found = said(decoded, form, file.relative, _collection_of(source), self._options.max_lines)
        if not found.text.strip():
            message = "it has no text"
            raise NothingToRead(message)
        facts = found.facts
        if facts.published is None:
            facts = replace(facts, published=path_date(file.relative))
        for doubt in found.doubts:
            self._report.skipped(f"{printable(file.relative)} (front matter)", doubt)
        return self._document(source, form, raw, found.text, facts)

    def _document(
        self, source: str, form: Format, raw: bytes, text: str, facts: Facts
    ) -> LlamaDocument:
        options = self._options
        code = form.markup is Markup.CODE
        extra = {
            "updated_at": facts.updated.isoformat() if facts.updated else "",
            "authors": ", ".join(facts.authors),
            "description": facts.description,
        }
        return twin.make_document(
            source=source,
            text=text,
            title=facts.title,
            author=facts.author or options.author,
            kind=options.kind or facts.kind or (twin.Kind.CODE if code else twin.Kind.ARTICLE),
            platform=facts.platform
            or ("code" if code and options.platform == "file" else options.platform),
            audience=facts.audience or options.audience or twin.Audience.PUBLIC,
            published_at=facts.published.isoformat() if facts.published else None,
            url=facts.url,
            language=facts.language,
            tags=facts.tags,
            media_type=form.media_type,
            raw=raw,
            **{key: value for key, value in extra.items() if value},
        )

    def _form(self, file: Found) -> Format:
        form = format_of(file.relative)
        if form is None:
            suffix = Path(file.relative).suffix.lower()
            message = f"not a kind of file that is read ({printable(suffix) or 'no suffix'})"
            raise NothingToRead(message)
        if form.markup is Markup.CODE and not self._options.code:
            message = "source code, which is left out"
            raise NothingToRead(message)
        return form


def _collection_of(source: str) -> str:
    return source.removeprefix("file:").partition("/")[0]
