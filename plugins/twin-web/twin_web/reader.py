"""The reader: an address in, documents out, whatever the address proves to be.

In: a URL. Out: LlamaIndex documents as `twin.make_document` makes them, each source once. A page
that did not change is made again from what is kept of it, so that it counts as seen. One that
cannot be read is told to the report under its document's own source, so that it does not count as
gone; one that the server says is gone does.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urljoin

from llama_index.core.readers.base import BaseReader

import twin
from twin.errors import FetchError, RobotsRefused
from twin.fetch.bodies import gunzipped
from twin.fetch.client import FEEDS
from twin.fetch.fetched import Fetched
from twin_web.archive import Archive
from twin_web.facts import facts_of
from twin_web.feeds import Feed, read_feed
from twin_web.items import item_document
from twin_web.links import folder_of, links_of, within
from twin_web.pages import NoWriting, page_document, source_of
from twin_web.sitemaps import read_sitemap, root_name
from twin_web.sites import host_of, is_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from llama_index.core.schema import Document as LlamaDocument

    from twin.components import Report
    from twin.fetch.client import Client
    from twin_web.feeds import Item
    from twin_web.options import AnyOptions

Mode = Literal["web", "feed", "sitemap", "site"]

SITEMAPS: Final = 500
"""Sitemaps of one site that are read."""

_FEEDS: Final = frozenset({"rss", "feed", "rdf"})
_SITEMAPS: Final = frozenset({"urlset", "sitemapindex"})


class WebReader(BaseReader):
    """Reads what is at an address.

    Args:
        mode: what it is to be taken for; ``web`` looks.
        options: see `AnyOptions`.
        client: fetches.
        data: where what feeds had before is kept.
        report: where it says what it skipped and what failed.
    """

    def __init__(
        self, mode: Mode, options: AnyOptions, client: Client, data: Path, report: Report
    ) -> None:
        self._mode = mode
        self._options = options
        self._client = client
        self._data = data
        self._report = report

    def lazy_load_data(self, source: str) -> Iterator[LlamaDocument]:
        """Yield the documents of an address as they come.

        Raises:
            FetchError: if the address itself cannot be fetched.
            ReadError: if nothing there can be read.
        """
        found: Iterable[LlamaDocument]
        if self._mode == "site":
            found = self._site(source)
        else:
            found = self._at(source, self._client.get(source, accept=self._accept()))
        seen: set[str] = set()
        for one in found:
            identity = one.metadata["source"]
            if identity in seen:
                self._report.skipped(identity, "another address led to the same page")
                continue
            seen.add(identity)
            yield one

    def _accept(self) -> str:
        return FEEDS if self._mode in {"feed", "sitemap"} else "text/html,*/*;q=0.9"

    def _at(self, source: str, found: Fetched) -> Iterator[LlamaDocument]:
        body = gunzipped(found.body, self._client.settings.max_bytes, source)
        root = "" if found.is_page else root_name(body)
        if self._mode == "feed" or (self._mode == "web" and root in _FEEDS):
            return self._feed(found)
        if self._mode == "sitemap" or root in _SITEMAPS:
            return self._sitemap(found.url, body if root in _SITEMAPS else None)
        return self._page(source, found)

    def _page(self, source: str, found: Fetched) -> Iterator[LlamaDocument]:
        try:
            yield page_document(found, self._options)
        except NoWriting as nothing:
            feeds = nothing.facts.feeds if nothing.facts else ()
            hint = f"its feed is {feeds[0]}; " if feeds else ""
            message = f"{source}: {nothing.message}"
            raise twin.ReadError(message, f"{hint}--reader site reads what it leads to") from None

    # Feeds

    def _feed(self, found: Fetched) -> Iterator[LlamaDocument]:
        feed = read_feed(found)
        archive = Archive(self._data / "feeds", twin.canonical_url(found.asked))
        present = {item.source for item in feed.items}
        short = self._cut_short(feed, found.asked)
        given: dict[str, LlamaDocument] = {}
        unread: set[str] = set()
        for item in feed.items:
            if item not in short:
                if item.text:
                    given[item.source] = item_document(item, found, self._options)
                    yield given[item.source]
                else:
                    self._report.skipped(item.source, "it has no text")
        for item, page in self._pages_of(short):
            if isinstance(page, FetchError):
                self._report.failed(item.source, _reason(page, item.link))
                unread.add(item.source)
                continue
            stated = facts_of(page.text, page.url).author if page.is_page else ""
            if why := feed.doubt(item, page.url, stated):
                self._report.skipped(f"{item.source} (page)", why)
                if not item.text:
                    continue
                page = found  # noqa: PLW2901 - the feed has the rest
            one = item_document(item, page, self._options, page=page is not found)
            given[item.source] = one
            yield one
        withdrawn = archive.withdrawn(present)
        for source in withdrawn:
            self._report.skipped(source, "the feed dropped it, and still has older ones")
        earlier = [s for s in archive.sources() if s not in present and s not in withdrawn]
        for source in earlier:
            yield archive.document(source)
        ordered = [given[item.source] for item in feed.items if item.source in given]
        archive.keep(ordered, [*earlier, *unread])

    def _cut_short(self, feed: Feed, asked: str) -> list[Item]:
        """Return the items whose pages are to be fetched, and tell what a feed has that is not read."""
        for number in range(feed.nameless):
            self._report.skipped(f"{asked}#{number + 1}", "it has neither link nor id")
        for source in feed.twice:
            self._report.skipped(f"{source} (again)", "the feed has it twice; the first one counts")
        cut = [i for i in feed.items if not i.whole and i.link and self._options.full]
        for item in cut:
            if item.foreign:
                reason = "its link leads to another site, which is not read"
                self._report.skipped(f"{item.source} (page)", reason)
        return [item for item in cut if not item.foreign]

    def _pages_of(self, items: list[Item]) -> Iterator[tuple[Item, Fetched | FetchError]]:
        of = {item.link: item for item in items}
        for link, page in self._client.many(of):
            yield of[link], page

    # Sitemaps

    def _sitemap(self, source: str, body: bytes | None) -> Iterator[LlamaDocument]:
        options = self._options
        site = urljoin(source, "/")
        pages: set[str] = set()
        pending = deque([source if body is not None else urljoin(source, "/sitemap.xml")])
        asked: set[str] = set()
        left_out = False
        while pending and len(asked) < SITEMAPS:
            address = pending.popleft()
            if address in asked:
                continue
            asked.add(address)
            try:
                if body is None:
                    packed = self._client.get(address, accept=FEEDS).body
                    body = gunzipped(packed, self._client.settings.max_bytes, address)
                named = read_sitemap(body)
            except twin.ReadError as error:
                if len(asked) == 1:
                    raise
                # Which pages it names is unknown, so any document may still be there.
                self._report.failed(".", f"{address}: {_reason(error, address)}")
                continue
            finally:
                body = None
            new = [page for page in named.pages if within(page, options.prefix or site)]
            new = [page for page in new if page not in pages]
            left_out |= len(pages) + len(new) > options.limit
            new = new[: options.limit - len(pages)]
            pages.update(new)
            pending += [other for other in named.sitemaps if within(other, site)]
            yield from self._documents(new)
        if pending or left_out:
            more = f"more than {options.limit:,} pages or {SITEMAPS} sitemaps; raise the limit"
            self._report.failed(".", f"{source}: {more}")

    def _documents(self, urls: list[str]) -> Iterator[LlamaDocument]:
        for url, found in self._client.many(urls):
            if isinstance(found, FetchError):
                self._unread(url, found)
            elif not is_of(host_of(found.url), [host_of(url)]):
                self._report.skipped(url, f"it leads to another site, {host_of(found.url)}")
            else:
                yield from self._document(url, found)

    def _document(self, url: str, found: Fetched) -> Iterator[LlamaDocument]:
        try:
            yield page_document(found, self._options)
        except NoWriting as nothing:
            self._report.skipped(url, nothing.message)
        except Exception as error:  # noqa: BLE001 - the boundary: one page never stops the rest
            self._report.failed(self._known_source(url), f"{type(error).__name__}: {error}")

    # Sites

    def _site(self, source: str) -> Iterator[LlamaDocument]:
        options = self._options
        first = self._client.get(source)
        # The address may only lead to the site: from http, or to another host.
        prefix = options.prefix or folder_of(first.url)
        pending = deque([source])
        seen = {twin.canonical_url(source), twin.canonical_url(first.url)}
        read = 0
        while pending and read < options.limit:
            url = pending.popleft()
            found, now = (first, True) if read == 0 else self._visited(url)
            read += 1
            if found is None:
                continue
            if not within(found.url, prefix):
                self._report.skipped(url, f"it leads out of {prefix}")
                continue
            if now:
                yield from self._document(url, found)
            for link in links_of(found.text, found.url, prefix) if found.is_page else ():
                if (place := twin.canonical_url(link)) not in seen:
                    seen.add(place)
                    pending.append(link)
        if pending:
            more = f"{len(pending):,} more addresses were found and not read; raise the limit"
            self._report.failed(twin.canonical_url(prefix), more)

    def _visited(self, url: str) -> tuple[Fetched | None, bool]:
        """Return a page, and whether it was read now.

        Of one that fails the links are still known from the last time, and so is what lies behind
        them; where one is gone, they are too.
        """
        try:
            return self._client.get(url), True
        except FetchError as error:
            self._unread(url, error)
            return (None if error.gone else self._client.cached(url)), False

    def _unread(self, url: str, error: FetchError) -> None:
        """Say why a page was not read: gone, not meant for robots, or failed."""
        kept = self._client.cached(url)
        if error.gone or (isinstance(error, RobotsRefused) and kept is None):
            self._report.skipped(url, _reason(error, url))
        else:
            self._report.failed(self._known_source(url), _reason(error, url))

    def _known_source(self, url: str) -> str:
        """Return the source that the page had when it was last read, else its own address."""
        kept = self._client.cached(url)
        return source_of(kept) if kept is not None else twin.canonical_url(url)


def _reason(error: twin.ReadError, url: str) -> str:
    """Return what went wrong without the address, which stands beside it."""
    return error.message.removeprefix(f"{url}: ")
