"""The reader: LinkedIn's data archive in, documents out.

In: a path. Out: LlamaIndex documents as `twin.make_document` makes them. Every row and every file of
the archive gives a document, or is told to the report with the reason; one that is damaged never
stops the rest.
"""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from llama_index.core.readers.base import BaseReader

import twin
from twin_files.decoding import decode
from twin_files.formats import Markup
from twin_linkedin.addresses import post_address
from twin_linkedin.conversations import Conversation, conversation
from twin_linkedin.tables import Line, articles, is_archive, read_table
from twin_linkedin.writing import Nothing, article, comment, comment_source, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin_linkedin.options import LinkedInOptions

_MARKS: Final = ("Shares.csv", "Comments.csv", "messages.csv", "Articles/*.html", "Profile.csv")


ARTICLE: Final = 5_000_000
"""Bytes of an article, whose pictures lie elsewhere."""


class LinkedInReader(BaseReader):
    """Reads LinkedIn's data archive.

    Args:
        options: see `LinkedInOptions`.
        report: where it says what it skipped and what failed.
    """

    def __init__(self, options: LinkedInOptions, report: Report) -> None:
        self._options = options
        self._report = report

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of an archive.

        Raises:
            ReadError: if there is no archive of LinkedIn at `source`, or it is not safe to open.
        """
        with twin.open_export(source, twin.Bounds(entries=self._options.max_entries)) as whole:
            views = (whole.beneath(mark) for mark in _MARKS)
            export = next((view for view in views if view is not None and is_archive(view)), None)
            if export is None:
                message = (
                    f"{source}: it is no archive of LinkedIn: it has no Shares.csv or the like"
                )
                raise twin.ReadError(
                    message, "linkedin.com/mypreferences/d/download-my-data has it"
                )
            export.tell(self._report)
            yield from self._archive(export)

    def _archive(self, export: twin.Export) -> Iterator[LlamaDocument]:
        me = self._options.author or self._name(export)
        read = {"Shares.csv", *articles(export)}
        yield from self._shares(export, me)
        yield from self._articles(export, me)
        if self._options.comments:
            read.add("Comments.csv")
            yield from self._comments(export, me)
        if self._options.messages:
            read.add("messages.csv")
            yield from self._messages(export, me)
        for name in export.names:
            if name not in read:
                self._report.skipped(name, _reason(name))

    def _shares(self, export: twin.Export, me: str) -> Iterator[LlamaDocument]:
        for line, values in self._rows(export, "Shares.csv", "ShareLink"):
            source = post_address(values.get("sharelink", ""))
            found = self._attempt(f"Shares.csv:{line}", source, lambda v=values: share(v, me))  # type: ignore[misc]
            if found is not None:
                yield found

    def _comments(self, export: twin.Export, me: str) -> Iterator[LlamaDocument]:
        seen: Counter[str] = Counter()
        texts: set[tuple[str, str]] = set()
        for line, values in self._rows(export, "Comments.csv", "Message"):
            source = comment_source(values)
            written = (source, values.get("message", "").strip())
            if written in texts:
                self._report.skipped(f"Comments.csv:{line}", "the archive has it twice")
                continue
            texts.add(written)
            seen[source] += 1
            found = self._attempt(
                f"Comments.csv:{line}",
                source,
                lambda v=values, n=seen[source]: comment(v, me, n),  # type: ignore[misc]
            )
            if found is not None:
                yield found

    def _articles(self, export: twin.Export, me: str) -> Iterator[LlamaDocument]:
        for name in articles(export):
            stem = PurePosixPath(name).stem

            def made(name: str = name, stem: str = stem) -> LlamaDocument:
                raw = export.read(name, ARTICLE)
                html = decode(raw, Markup.HTML)
                return article(html, raw, me, f"article:{stem}", drafts=self._options.drafts)

            # Its address is inside, so without it any document may be the one.
            if (found := self._attempt(name, "", made)) is not None:
                yield found

    def _messages(self, export: twin.Export, me: str) -> Iterator[LlamaDocument]:
        talks: dict[str, Conversation] = {}
        for line, values in self._rows(export, "messages.csv", "CONVERSATION ID"):
            number = values.get("conversation id", "").strip()
            if not number:
                self._report.failed(".", f"messages.csv:{line}: it says no conversation")
            elif values.get("is message draft", "").strip().lower() in {"yes", "true"}:
                self._report.skipped(f"messages.csv:{line}", "a draft that was never sent")
            else:
                talks.setdefault(number, Conversation(number)).rows.append(values)
        if talks and not me:
            message = "who you are is not stated; give your name as LinkedIn has it with author"
            self._report.failed(".", f"messages.csv: {message}")
            return
        for number, talk in talks.items():
            source = f"linkedin:conversation:{number}"
            found = self._attempt(source, source, lambda t=talk: conversation(t, me))  # type: ignore[misc]
            if found is not None:
                yield found

    def _rows(
        self, export: twin.Export, name: str, column: str
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the whole rows of a table; the others are told."""
        if name not in export:
            return
        lines: list[Line] = []
        try:
            lines = list(read_table(decode(export.read(name), Markup.PLAIN), column))
        except twin.ReadError as error:
            self._report.failed(".", f"{name}: {error.message.removeprefix(f'{name}: ')}")
        for line in lines:
            if line.values is None:
                # Whichever item it is must not count as gone.
                reason = "it has not the columns that the table has"
                self._report.failed(".", f"{name}:{line.number}: {reason}")
            else:
                yield line.number, line.values

    def _attempt(
        self, item: str, source: str, made: Callable[[], LlamaDocument]
    ) -> LlamaDocument | None:
        try:
            return made()
        except Nothing as nothing:
            self._report.skipped(item, str(nothing))
            return None
        except twin.ReadError as error:
            reason = error.message.removeprefix(f"{item}: ")
        except RecursionError:
            reason = "its markup is nested too deeply"
        except Exception as error:  # noqa: BLE001 - the boundary: one item never stops the rest
            reason = f"{type(error).__name__}: {error}"
        # Under its document's own source, so that it does not count as gone.
        self._report.failed(source or ".", f"{item}: {reason}")
        return None

    def _name(self, export: twin.Export) -> str:
        for _, values in self._rows(export, "Profile.csv", "First Name"):
            names = (values.get("first name", ""), values.get("last name", ""))
            return " ".join(" ".join(names).split())
        return ""


def _reason(name: str) -> str:
    lower = name.lower()
    if lower == "comments.csv":
        return "comments, which are left out"
    if lower == "messages.csv":
        return "messages; the option messages=true reads them"
    if lower == "profile.csv":
        return "the account, of which only the name is used"
    return "no posts, articles, comments or messages"
