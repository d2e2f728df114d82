"""The reader: a folder or a file in, one document a file out.

In: a path. Out: LlamaIndex documents as `twin.make_document` makes them, in sorted order. A file
that cannot be read is told to the report and never stops the rest.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from llama_index.core.readers.base import BaseReader

import twin
from twin_files.dates import path_date
from twin_files.decoding import decode, read_bytes
from twin_files.facts import Facts, stated_facts
from twin_files.formats import Format, Markup, format_of
from twin_files.front_matter import FrontMatter, front_matter, org_keywords
from twin_files.options import FilesOptions, collection_name
from twin_files.titles import heading, name_title
from twin_files.walk import Found, printable, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report


class _NothingToRead(Exception):
    """A file that is no writing, and the reason."""


class FolderReader(BaseReader):
    """Reads what is writing or source code below a folder, or in one file.

    Args:
        options: see `FilesOptions`.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: FilesOptions, report: Report) -> None:
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
        folder = root.is_dir()
        collection = self._collection(root if folder else root.parent)
        files = walk(root, self._options, self._report) if folder else list(self._single(root))
        taken: set[str] = set()
        for file in files:
            found = self._attempt(file, collection, taken)
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

    def _single(self, path: Path) -> Iterator[Found]:
        if path.is_file():
            yield Found(path, path.name)
        else:
            self._report.skipped(printable(path.name), "not a regular file")

    def _attempt(self, file: Found, collection: str, taken: set[str]) -> LlamaDocument | None:
        shown = printable(file.relative)
        try:
            return self._read(file, collection, taken)
        except _NothingToRead as reason:
            self._report.skipped(shown, str(reason))
        except twin.ReadError as error:
            self._report.failed(shown, error.message)
        except RecursionError:
            self._report.failed(shown, "its markup is nested too deeply")
        except Exception as error:  # noqa: BLE001 - the boundary: one file never stops the rest
            self._report.failed(shown, f"{type(error).__name__}: {error}")
        return None

    def _read(self, file: Found, collection: str, taken: set[str]) -> LlamaDocument:
        form = self._form(file)
        source = _source(file.relative, collection)
        if source in taken:
            message = "another file has the same name once its letters are composed"
            raise twin.ReadError(message, "rename one of them")
        raw = read_bytes(file.path, self._options.max_bytes)
        decoded = decode(raw, form.markup)
        self._count(decoded, form)
        if not decoded.strip():
            message = "it is empty"
            raise _NothingToRead(message)
        front = _front(decoded, form)
        facts = stated_facts(front.values)
        text = decoded[front.body :]
        of_page = Facts()
        if form.markup is Markup.HTML:
            from twin_files.pages import read_page  # noqa: PLC0415 - only pages need it

            page = read_page(text)
            text, of_page = page.text, page.facts
        if not text.strip():
            message = "it has no text"
            raise _NothingToRead(message)
        title = facts.title or _title(text, form, file.relative, of_page, collection)
        facts = facts.over(of_page)
        if facts.published is None:
            facts = replace(facts, published=path_date(file.relative))
        self._doubts(file, front, facts)
        taken.add(source)
        return self._document(source, form, raw, text, replace(facts, title=title))

    def _count(self, text: str, form: Format) -> None:
        """Refuse a file whose parsing would take more memory and time than any writing is worth."""
        most = self._options.max_lines
        lines = max(text.count("\n"), text.count("\r")) + 1
        tags = text.count("<") if form.markup is Markup.HTML else 0
        for count, what in ((lines, "lines"), (tags, "tags")):
            if count > most:
                message = f"its {count:,} {what} are more than max_lines, {most:,}"
                raise twin.ReadError(message, "raise max_lines, or split it")

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
            raise _NothingToRead(message)
        if form.markup is Markup.CODE and not self._options.code:
            message = "source code, which is left out"
            raise _NothingToRead(message)
        return form

    def _doubts(self, file: Found, front: FrontMatter, facts: Facts) -> None:
        for doubt in (front.problem, *facts.doubts):
            if doubt:
                self._report.skipped(f"{printable(file.relative)} (front matter)", doubt)


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


def _front(text: str, form: Format) -> FrontMatter:
    if form.markup is Markup.CODE:
        return FrontMatter()
    if form.markup is Markup.ORG:
        return org_keywords(text)
    return front_matter(text)


def _title(text: str, form: Format, relative: str, of_page: Facts, collection: str) -> str:
    if form.markup is Markup.CODE:
        return unicodedata.normalize("NFC", relative)
    first = heading(text, form.markup)
    # A page's title often ends in the name of its site, and its first heading may be that name.
    if of_page.title and not (first and of_page.title.casefold().startswith(first.casefold())):
        return of_page.title
    return first or name_title(relative, collection)
