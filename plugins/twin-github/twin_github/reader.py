"""The reader: a repository in, one document a file out.

In: an address or the path of a clone. Out: LlamaIndex documents as `twin.make_document` makes them,
in sorted order. Every file of the commit gives a document, or is told to the report with the reason.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from llama_index.core.readers.base import BaseReader

import twin
from twin_files.formats import Format, Markup
from twin_files.patterns import matches
from twin_github.address import file_source, place_of
from twin_github.history import Life, lives
from twin_github.kinds import (
    SCRIPT,
    form_of,
    is_pointer,
    made_by_program,
    others_work,
    why_not_read,
)
from twin_github.opening import Opened, identities, open_repository
from twin_github.texts import text_of
from twin_github.tree import LINK, MODULE, RUNS, Entry, attributes, contents, entries, sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin_github.options import GithubOptions


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file that is to be read, and what is known of it before."""

    entry: Entry
    form: Format
    said: dict[str, str]
    life: Life | None


class RepositoryReader(BaseReader):
    """Reads a commit of a repository.

    Args:
        options: see `GithubOptions`.
        cache: where a repository is fetched to, for as long as it is read.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: GithubOptions, cache: Path, report: Report) -> None:
        self._options = options
        self._cache = cache
        self._report = report

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of a repository, each file opened when its turn comes.

        Raises:
            ReadError: if there is no repository, or it cannot be had within the limits.
            ConfigurationError: if the person's own commits are asked for, and nobody says whose.
        """
        place = place_of(source)
        self._cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="repository-", dir=self._cache) as work:
            opened = open_repository(place, self._options, Path(work).resolve())
            wanted = self._wanted(opened, place.below)
            taken: set[str] = set()
            with contents(opened.git) as read:
                for one in wanted:
                    try:
                        found = self._document(one, opened, read(one.entry), taken)
                    except twin.ReadError as error:
                        self._fail(one.entry, opened, error.message)
                    except RecursionError:
                        self._fail(one.entry, opened, "its markup is nested too deeply")
                    except Exception as error:  # noqa: BLE001 - the boundary of one file
                        self._fail(one.entry, opened, f"{type(error).__name__}: {error}")
                    else:
                        if found is not None:
                            yield found

    def _wanted(self, opened: Opened, below: str) -> list[_Wanted]:
        """Return the files that are to be read; the others are told to the report."""
        named = [
            (entry, form)
            for entry in entries(opened.git, opened.head)
            if (form := self._form(entry, below)) is not None
        ]
        if len(named) > self._options.max_files:
            message = f"{len(named):,} files are more than max_files, {self._options.max_files:,}"
            raise twin.ReadError(message, "raise max_files, or name what is meant with include")
        said = attributes(opened.git, opened.head, (entry for entry, _ in named))
        known = self._lives(opened)
        large = sizes(opened.git, [entry for entry, _ in named])
        wanted = []
        for entry, form in named:
            one = _Wanted(entry, form, said.get(entry.path, {}), known.get(entry.path))
            size = large.get(entry.blob)
            if reason := self._unwanted(one):
                self._report.skipped(entry.shown, reason)
            elif size is None:
                self._fail(entry, opened, f"it was not fetched; it is {self._most}")
            elif size > self._options.max_bytes:
                self._fail(entry, opened, f"its {size:,} bytes are {self._most}")
            else:
                wanted.append(one)
        return wanted

    def _fail(self, entry: Entry, opened: Opened, reason: str) -> None:
        """Tell of a file that should have been read, so that its document does not count as gone."""
        quoted = quote(entry.path)
        item = entry.shown
        if opened.hosted is not None and quoted != item:
            item = opened.hosted.source_of(opened.ref, entry.path)
        self._report.failed(item, reason)

    @property
    def _most(self) -> str:
        return f"more than max_bytes, {self._options.max_bytes:,}"

    def _form(self, entry: Entry, below: str) -> Format | None:
        """Return the format of a file by its name alone, or say why it is not read."""
        path, options = entry.shown, self._options
        form = form_of(path, runs=entry.mode == RUNS)
        reason = ""
        if below and path != below and not path.startswith(f"{below}/"):
            return None  # it is no part of what was asked for
        if entry.mode == LINK:
            reason = "a symbolic link"
        elif entry.mode == MODULE:
            reason = "a submodule, which is a repository of its own"
        elif matches(path, options.exclude):
            reason = "left out by exclude"
        elif options.include and not matches(path, options.include):
            reason = "not named by include"
        elif form is None:
            reason = why_not_read(path)
        elif form.markup is Markup.CODE and not options.code:
            reason = "source code, which is left out"
        if reason:
            self._report.skipped(path, reason)
            return None
        return form

    def _lives(self, opened: Opened) -> dict[bytes, Life]:
        options = self._options
        me = (options.me or identities(opened.git)) if options.own else ()
        if options.own and not me:
            message = "own=true, and nobody says which commits are your own"
            raise twin.ConfigurationError(message, "set me=you@example.org, or git's user.email")
        # Of a clone of this machine all commits are there, so none is left out unless asked for.
        most = options.depth if "depth" in options.model_fields_set else 0
        return lives(opened.git, opened.head, most=most, me=me)

    def _unwanted(self, one: _Wanted) -> str:
        if self._options.own and (one.life is None or not one.life.own):
            return "none of your own commits touched it"
        return "" if self._options.vendored else others_work(one.entry.shown, one.said)

    def _no_work(self, one: _Wanted, raw: bytes) -> str:
        """Return why the bytes of a file are nobody's writing; empty if they may be."""
        if is_pointer(raw):
            return "its content is kept elsewhere (Git LFS)"
        if one.form is SCRIPT and not raw.startswith(b"#!"):
            return "a program without a suffix, and no script"
        if not self._options.vendored and made_by_program(raw, one.said):
            return "written by a program, says its top (vendored=true reads it)"
        return ""

    def _document(
        self, one: _Wanted, opened: Opened, raw: bytes, taken: set[str]
    ) -> LlamaDocument | None:
        path, options = one.entry.shown, self._options
        if reason := self._no_work(one, raw):
            self._report.skipped(path, reason)
            return None
        text = text_of(raw, path, one.form, opened.collection, options.max_lines)
        if not text.text.strip():
            self._report.skipped(path, "it is empty")
            return None
        hosted = opened.hosted
        source = (
            hosted.source_of(opened.ref, one.entry.path)
            if hosted
            else file_source(opened.collection, one.entry.path)
        )
        if source in taken:
            message = "another file has the same name once its letters are composed"
            raise twin.ReadError(message, "rename one of them")
        taken.add(source)
        for doubt in text.doubts:
            self._report.skipped(f"{path} (front matter)", doubt)
        code = one.form.markup is Markup.CODE
        facts, life = text.facts, one.life
        when = facts.published or (life.last.when if life else None)
        extra = {
            "repository": hosted.page if hosted else opened.collection,
            "path": path,
            "branch": opened.branch,
            "head": opened.head,
            "blob": one.entry.blob,
            "commit": life.last.name if life else "",
            "authors": ", ".join(life.authors) if life and len(life.authors) > 1 else "",
            "description": facts.description,
        }
        return twin.make_document(
            source=source,
            text=text.text,
            title=facts.title,
            author=facts.author or (life.author if life else "") or options.author,
            kind=facts.kind or (twin.Kind.CODE if code else twin.Kind.ARTICLE),
            platform=hosted.platform if hosted else "git",
            audience=facts.audience or twin.Audience.PUBLIC,
            published_at=when.isoformat() if when else None,
            url=hosted.page_of(opened.branch, one.entry.path) if hosted else None,
            language=facts.language,
            tags=facts.tags,
            media_type=one.form.media_type,
            raw=raw,
            **{key: value for key, value in extra.items() if value},
        )
