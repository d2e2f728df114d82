"""The reader: an export or the address of a newsletter in, documents out.

In: a path or a URL. Out: LlamaIndex documents as `twin.make_document` makes them. Every post and
every other file of an export gives a document, or is told to the report with the reason; one that
is damaged never stops the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from llama_index.core.readers.base import BaseReader

import twin
from twin_files.decoding import decode
from twin_files.formats import Markup
from twin_substack.markup import post_markdown
from twin_substack.posts import Row, newsletter_address, read_rows
from twin_substack.web import web_posts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llama_index.core.schema import Document as LlamaDocument

    from twin_substack.options import SubstackOptions

POST: Final = 5_000_000
"""Bytes of a post, whose pictures lie elsewhere."""


class SubstackReader(BaseReader):
    """Reads a newsletter's export, or its public archive.

    Args:
        options: see `SubstackOptions`.
        ctx: has the report, and for addresses the HTTP client.
    """

    def __init__(self, options: SubstackOptions, ctx: twin.BuildContext) -> None:
        self._options = options
        self._ctx = ctx
        self._report = ctx.report

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of an export or an address.

        Raises:
            FetchError: if the address cannot be fetched.
            ReadError: if there is nothing of Substack at `source`, or it is not safe to open.
        """
        if str(source).lower().startswith(("http://", "https://")):
            yield from web_posts(str(source), self._options, self._ctx)
            return
        with twin.open_export(source, twin.Bounds(entries=self._options.max_entries)) as whole:
            export = whole.beneath("posts.csv")
            if export is None:
                message = f"{source}: it is no export of Substack: it has no posts.csv"
                raise twin.ReadError(message, "Settings → Exports has the download")
            export.tell(self._report)
            yield from self._posts(export)

    def _posts(self, export: twin.Export) -> Iterator[LlamaDocument]:
        rows: list[Row] = []
        for row in read_rows(decode(export.read("posts.csv"), Markup.PLAIN)):
            if isinstance(row, str):
                # Whichever post it is must not count as gone.
                self._report.failed(".", f"posts.csv: {row}")
            else:
                rows.append(row)
        readable: set[str] = set()
        address = self._options.url or newsletter_address(
            self._pages(export, rows, readable), (row.slug for row in rows), export.names
        )
        if not address:
            remark = "the newsletter's address is not clear from its posts; the option url says it"
            if any(row.is_published and row.name not in readable for row in rows):
                # It may have been clear before, so that every document had another source.
                self._report.failed(".", remark)
            else:
                self._report.skipped("posts.csv (address)", remark)
        self._tell_others(export, rows)
        for row in rows:
            found = self._attempt(export, row, address)
            if found is not None:
                yield found

    def _pages(self, export: twin.Export, rows: Sequence[Row], readable: set[str]) -> Iterator[str]:
        """Yield the HTML of the posts that can be read; the others are told in their turn."""
        for row in rows:
            try:
                page = export.read(row.name, POST)
            except twin.ReadError:
                continue
            readable.add(row.name)
            yield page.decode("utf-8", "replace")

    def _tell_others(self, export: twin.Export, rows: Sequence[Row]) -> None:
        listed = {row.name for row in rows}
        for name in export.names:
            if name in listed or name == "posts.csv":
                continue
            if name.endswith(".csv"):
                self._report.skipped(name, "about subscribers, which is no writing")
            elif name.startswith("posts/") and name.endswith(".html"):
                self._report.failed(".", f"{name}: posts.csv does not list it")
            else:
                self._report.skipped(name, "no post")

    def _attempt(self, export: twin.Export, row: Row, address: str) -> LlamaDocument | None:
        if not row.is_published and not self._options.drafts:
            self._report.skipped(row.name, "a draft; the option drafts=true reads it")
            return None
        try:
            return self._document(export, row, address)
        except twin.ReadError as error:
            reason = error.message.removeprefix(f"{row.name}: ")
        except RecursionError:
            reason = "its markup is nested too deeply"
        except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
            reason = f"{type(error).__name__}: {error}"
        self._report.failed(_source(row, address), f"{row.name}: {reason}")
        return None

    def _document(self, export: twin.Export, row: Row, address: str) -> LlamaDocument | None:
        if row.name not in export:
            if row.is_published:
                message = "the export lists it, and has no file of it"
                raise twin.ReadError(message)
            self._report.skipped(row.name, "a draft without a text")
            return None
        raw = export.read(row.name, POST)
        text, others = post_markdown(decode(raw, Markup.HTML), row.title)
        if not text.strip():
            self._report.skipped(row.name, "it has no text")
            return None
        if row.doubt:
            self._report.skipped(f"{row.name} (date)", row.doubt)
        extra = {
            "substack_id": row.number,
            "substack_what": row.what if row.is_published else "draft",
            "description": row.subtitle,
            "podcast_url": row.podcast,
            **others,
        }
        source = _source(row, address)
        return twin.make_document(
            source=source,
            text=text,
            title=row.title,
            author=self._options.author,
            kind=twin.Kind.POST if row.what == "thread" else twin.Kind.ARTICLE,
            platform="substack",
            audience=self._audience(row),
            published_at=row.published if row.is_published else None,
            url=source if source.startswith("https://") else None,
            tags=(),
            media_type="text/html",
            raw=raw,
            **{key: value for key, value in extra.items() if value},
        )

    def _audience(self, row: Row) -> twin.Audience:
        if not row.is_published:
            return twin.Audience.PRIVATE
        if row.audience == "everyone":
            return twin.Audience.PUBLIC
        if row.audience in {"only_paid", "only_free", "founding"}:
            return self._options.paid
        return twin.Audience.PRIVATE


def _source(row: Row, address: str) -> str:
    if address and row.slug and row.is_published:
        return twin.canonical_url(f"{address}/p/{row.slug}")
    return f"substack:{row.number}"
