"""The one way in which readers ask the web.

In: addresses. Out: `Fetched`, or a named error. Robots are obeyed, every host has its own rate,
failures that may pass are tried again, what did not change is not sent again, and nothing but the
public web is asked.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

from twin.errors import BlockPage, FetchError, RefusedAddress
from twin.fetch.addresses import Resolver, checked_url, origin, resolved
from twin.fetch.bodies import ENCODINGS
from twin.fetch.cache import Cache, Entry
from twin.fetch.connections import Transport
from twin.fetch.exchange import OK, REDIRECTS, UNCHANGED, Answer, exchanged, persistently, refusal
from twin.fetch.fetched import Fetched
from twin.fetch.many import in_turn
from twin.fetch.pace import Clock, Pace
from twin.fetch.robots import Robots
from twin.fetch.settings import FetchSettings
from twin.fetch.walls import CHECK, wall

PRODUCT: Final = "twin"
"""What a robots.txt may call it."""

_BUSY: Final = frozenset({429, 503})
_WALLED: Final = _BUSY | {401, 403}
"""Statuses with which captchas and logins come; a page of 404 is gone, whatever is on it."""

PAGES: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FEEDS: Final = "application/atom+xml,application/rss+xml,application/xml;q=0.9,*/*;q=0.8"


class Client:
    """Fetches addresses politely. Threads may share it, and all readers of a home should.

    Args:
        settings: what the person set.
        folder: where what was fetched is kept; it need not exist yet.
        clock: the time, and waiting; None takes the real one.
        resolve: from a host to its numbers.
    """

    def __init__(
        self,
        settings: FetchSettings,
        folder: Path,
        *,
        clock: Clock | None = None,
        resolve: Resolver = resolved,
    ) -> None:
        self.settings = settings
        self._closed = threading.Event()
        # Whoever waits for a turn goes on at once when the client is closed.
        clock = clock or Clock(sleep=self._closed.wait)
        self._clock = clock
        self._cache = Cache(folder)
        self._pace = Pace(clock)
        self._robots = Robots(PRODUCT, lambda url: self._led(url, robots=False).body, clock)
        self._headers = {"User-Agent": _user_agent(settings), "Accept-Encoding": ENCODINGS}
        self._transport = Transport(settings.allow_private, settings.hosts * 2, resolve)
        self._finalizer = weakref.finalize(self, self._transport.close)

    def close(self) -> None:
        """Close every connection; whatever waits for its turn fails."""
        self._closed.set()
        self._finalizer()

    def get(self, url: str, *, accept: str = PAGES) -> Fetched:
        """Return what is at an address.

        Raises:
            RefusedAddress: if it, or what it leads to, is none of the public web.
            RobotsRefused: if its host asks not to fetch it.
            BlockPage: if a captcha, a login or the like came in its place.
            TooLarge: if it has more bytes than are allowed.
            FetchError: if it cannot be had; with its `status` where the server gave one.
        """
        return self._led(url, robots=True, accept=accept)

    def many(
        self, urls: Iterable[str], *, accept: str = PAGES
    ) -> Iterator[tuple[str, Fetched | FetchError]]:
        """Yield what is at each address as it comes, hosts at once, each within its own rate."""

        def one(url: str) -> Fetched | FetchError:
            try:
                return self.get(url, accept=accept)
            except FetchError as error:
                return error

        with closing(in_turn(urls, one, self.settings.hosts)) as found:
            yield from found

    def cached(self, url: str) -> Fetched | None:
        """Return what is kept of an address from an earlier time, without asking anyone."""
        try:
            place = checked_url(url)
        except RefusedAddress:
            return None
        for _ in range(self.settings.redirects + 1):
            entry = self._cache.get(place)
            if entry is None:
                return None
            if not entry.moved:
                return _kept(url, entry)
            place = entry.moved
        return None

    def _led(self, url: str, *, robots: bool, accept: str = "*/*") -> Fetched:
        """Return what an address leads to, each step of the way checked like the first."""
        asked = place = checked_url(url)
        seen = [place]
        hint = "open it in a browser and use the address that it ends at"
        while True:
            delay = self._robots.delay(place) if robots else 0.0
            answer = self._answer(place, delay, accept)
            location = answer.headers.get("location", "")
            if answer.status not in REDIRECTS or not location:
                return self._taken(asked, place, answer, walls=robots)
            following = checked_url(urljoin(place, location))
            if following in seen:
                message = f"{asked}: its redirects go round in a circle"
                raise FetchError(message, hint, status=answer.status)
            if len(seen) > self.settings.redirects:
                message = f"{asked}: more than {self.settings.redirects} redirects in a row"
                raise FetchError(message, hint, status=answer.status)
            self._cache.put(Entry(url=place, moved=following))
            seen.append(following)
            place = following

    def _answer(self, url: str, delay: float, accept: str) -> Answer:
        kept = self._cache.get(url)
        headers = {**self._headers, "Accept": accept}
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.modified:
            headers["If-Modified-Since"] = kept.modified
        host = origin(url)

        def ask() -> Answer:
            self._pace.turn(host, max(1 / self.settings.rate, delay))
            if self._closed.is_set():
                message = f"{url}: the client was closed"
                raise FetchError(message)
            answer = exchanged(self._transport, url, headers, self.settings)
            if answer.status in _WALLED:
                # A check for robots does not go away by asking again.
                _refuse_wall(url, url, answer)
            return answer

        return persistently(ask, url, host, self._pace, self.settings)

    def _taken(self, asked: str, url: str, answer: Answer, *, walls: bool) -> Fetched:
        """Keep and return the answer at the end of the way."""
        kept = self._cache.get(url)
        if answer.status == UNCHANGED and kept is not None:
            return _kept(asked, kept)
        if answer.status != OK:
            raise refusal(url, answer.status)
        if walls:
            _refuse_wall(asked, url, answer)
        entry = Entry(
            url=url,
            etag=answer.headers.get("etag", ""),
            modified=answer.headers.get("last-modified", ""),
            content_type=answer.content_type,
            fetched_at=self._clock.wall(),
            body=answer.body,
        )
        self._cache.put(entry)
        return _kept(asked, entry, changed=True)


def _kept(asked: str, entry: Entry, *, changed: bool = False) -> Fetched:
    return Fetched(
        asked=asked,
        url=entry.url,
        body=entry.body,
        content_type=entry.content_type,
        fetched_at=entry.fetched_at,
        changed=changed,
    )


def _refuse_wall(asked: str, url: str, answer: Answer) -> None:
    found = Fetched(
        asked=asked, url=url, body=answer.body, content_type=answer.content_type, fetched_at=0.0
    )
    if not found.is_page:
        return
    what = wall(found.text, answer.headers, asked, url)
    # A host that is busy or down says so on pages that may look like much else.
    if what == CHECK or (what and answer.status not in _BUSY):
        message = f"{asked}: in its place came {what}"
        hint = "save the page in the browser and take in the file, or use the site's export"
        raise BlockPage(message, hint, status=answer.status)


def _user_agent(settings: FetchSettings) -> str:
    contact = f" (+{settings.contact})" if settings.contact else ""
    return f"{PRODUCT}/{version('twin')}{contact}"
