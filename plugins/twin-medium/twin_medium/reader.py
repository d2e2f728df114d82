"""The reader: an export, a saved page or a feed in, documents out.

In: a path or a URL. Out: LlamaIndex documents as `twin.make_document` makes them. Every file of an export
gives a document, or is told to the report with the reason; one that is damaged never stops the
rest.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llama_index.core.readers.base import BaseReader

import twin
from twin_files.decoding import decode, read_bytes
from twin_files.formats import Markup
from twin_medium.feeds import feed_documents
from twin_medium.pages import saved_page
from twin_medium.posts import Post, canonical, number_of, read_post
from twin_medium.recognising import is_exported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.schema import Document as LlamaDocument

    from twin_medium.options import MediumOptions

PAGE: Final = 20_000_000
"""Bytes of a saved page; one with its pictures inside may have some millions."""

POST: Final = 5_000_000
"""Bytes of a post in an export, whose pictures lie elsewhere."""

_OTHER: Final = {
    "bookmarks": "stories of others that were kept",
    "claps": "stories of others that were applauded",
    "highlights": "words of others that were marked",
    "lists": "lists of stories",
    "profile": "the account, which is no writing",
}


class MediumReader(BaseReader):
    """Reads Medium's export, a page of it, or a feed.

    Args:
        options: see `MediumOptions`.
        ctx: has the report, and for feeds the HTTP client.
    """

    def __init__(self, options: MediumOptions, ctx: twin.BuildContext) -> None:
        self._options = options
        self._ctx = ctx
        self._report = ctx.report

    def lazy_load_data(self, source: str | Path) -> Iterator[LlamaDocument]:
        """Yield the documents of an export or a feed, or the one of a page.

        Raises:
            ComponentUnavailable: if it is a feed, and twin-web is not installed.
            FetchError: if the feed cannot be fetched.
            ReadError: if there is nothing of Medium at `source`, or it is not safe to open.
        """
        if str(source).lower().startswith(("http://", "https://")):
            yield from feed_documents(str(source), self._options, self._ctx)
            return
        path = Path(source).expanduser()
        if path.is_file() and path.suffix.lower() in {".html", ".htm"}:
            yield from self._page(path)
            return
        with twin.open_export(path, twin.Bounds(entries=self._options.max_entries)) as whole:
            export = whole.beneath("posts/*.html")
            if export is None:
                message = f"{source}: it is no export of Medium: it has no posts/*.html"
                raise twin.ReadError(message, "medium.com/me/settings/security has the download")
            export.tell(self._report)
            yield from self._posts(export)

    def _page(self, path: Path) -> Iterator[LlamaDocument]:
        raw = read_bytes(path, PAGE)
        html = decode(raw, Markup.HTML)
        if not is_exported(raw):
            yield saved_page(html, raw, self._options.author)
            return
        post = read_post(html, path.name)
        if not self._unwanted(path.name, post):
            yield self._document(post, raw, post.address, self._options.author)

    def _posts(self, export: twin.Export) -> Iterator[LlamaDocument]:
        posts = export.matching("posts/*.html")
        author = self._options.author or self._profile(export)
        for name in sorted(set(export.names) - set(posts)):
            folder = name.partition("/")[0]
            self._report.skipped(name, _OTHER.get(folder, "no post of this account"))
        addresses = {name: self._address(export, name) for name in posts}
        shared = {one for one, times in Counter(addresses.values()).items() if times > 1}
        for name in posts:
            # An address that several posts state, such as that of a front page, names none of them.
            address = "" if addresses[name] in shared else addresses[name]
            found = self._attempt(export, name, address, author)
            if found is not None:
                yield found

    def _attempt(
        self, export: twin.Export, name: str, address: str | None, author: str
    ) -> LlamaDocument | None:
        try:
            raw = export.read(name, POST)
            post = read_post(decode(raw, Markup.HTML), name)
            if self._unwanted(name, post):
                return None
            return self._document(post, raw, address or "", author)
        except twin.ReadError as error:
            reason = error.message.removeprefix(f"{name}: ")
        except RecursionError:
            reason = "its markup is nested too deeply"
        except Exception as error:  # noqa: BLE001 - the boundary: one post never stops the rest
            reason = f"{type(error).__name__}: {error}"
        # Under its document's own source, so that it does not count as gone.
        item = "." if address is None else _source(address, number_of(name))
        self._report.failed(item, f"{name}: {reason}")
        return None

    def _unwanted(self, name: str, post: Post) -> bool:
        """Say why a post is left out, if it is."""
        reason = ""
        if post.what == "draft" and not self._options.drafts:
            reason = "a draft; the option drafts=true reads it"
        elif post.what == "response" and not self._options.responses:
            reason = "a response, which is left out"
        elif not post.text.strip():
            reason = "it has no text"
        elif post.doubt:
            self._report.skipped(f"{name} (date)", post.doubt)
        if reason:
            self._report.skipped(name, reason)
        return bool(reason)

    def _document(self, post: Post, raw: bytes, address: str, author: str) -> LlamaDocument:
        extra = {"medium_id": post.number, "medium_what": post.what}
        if post.description:
            extra["description"] = post.description
        return twin.make_document(
            source=_source(address, post.number),
            text=post.text,
            title=post.title,
            author=post.author or author,
            kind=twin.Kind.POST if post.what == "response" else twin.Kind.ARTICLE,
            platform="medium",
            audience=twin.Audience.PRIVATE if post.what == "draft" else twin.Audience.PUBLIC,
            published_at=post.published,
            url=post.address or None,
            tags=post.tags,
            media_type="text/html",
            raw=raw,
            **extra,
        )

    def _address(self, export: twin.Export, name: str) -> str | None:
        """Return a post's canonical address, empty for a draft, None if it cannot be read."""
        if name.startswith("posts/draft_"):
            return ""
        try:
            return canonical(export.read(name, POST).decode("utf-8", "replace"))
        except twin.ReadError:
            return None

    def _profile(self, export: twin.Export) -> str:
        from bs4 import BeautifulSoup  # noqa: PLC0415 - only exports with a profile need it

        if "profile/profile.html" not in export:
            return ""
        try:
            html = decode(export.read("profile/profile.html", POST), Markup.HTML)
        except twin.ReadError as error:
            self._report.failed("profile/profile.html", error.message)
            return ""
        name = BeautifulSoup(html, "html.parser").select_one(".p-name")
        return " ".join(name.get_text().split()) if name is not None else ""


def _source(address: str, number: str) -> str:
    return address or f"medium:{number}"
