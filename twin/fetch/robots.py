"""What a host asks of robots, and that it is kept to.

In: an address. Out: the seconds that its host wants between two requests, or `RobotsRefused`. The
rules are those of RFC 9309, read by Protego: no file allows everything, and one that cannot be had
for the server's own fault allows nothing.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from twin.errors import FetchError, RobotsRefused, TooLarge
from twin.fetch.addresses import origin
from twin.fetch.charsets import decoded
from twin.fetch.pace import Clock

if TYPE_CHECKING:
    from protego import Protego

LASTS: Final = 86_400
"""Seconds that a robots.txt may be used before it is asked for again (RFC 9309, 2.4)."""

UNREADABLE_LASTS: Final = 600
"""The same for one that could not be had."""

LIMIT: Final = 512_000
"""Bytes of it that are read (RFC 9309, 2.5, asks for at least 500 KiB)."""

LONGEST_DELAY: Final = 60.0
"""Seconds of a ``Crawl-delay`` that are kept; a longer one is a slip or a refusal in disguise."""

_CLIENT_ERRORS: Final = range(400, 500)
_TOO_MANY: Final = 429


class Robots:
    """The rules of every host that was asked, each fetched once.

    Args:
        product: what the rules call the product.
        fetch: returns the bytes at an address, or raises a `FetchError`.
        clock: tells when the rules are too old.
    """

    def __init__(self, product: str, fetch: Callable[[str], bytes], clock: Clock) -> None:
        self._product = product
        self._fetch = fetch
        self._clock = clock
        self._known: dict[str, tuple[float, Protego | FetchError]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def delay(self, url: str) -> float:
        """Return the seconds that the host of `url` wants between two requests, 0 if none.

        Raises:
            RobotsRefused: if it asks not to fetch `url`.
            FetchError: if its rules cannot be had.
        """
        rules = self._rules(origin(url))
        if isinstance(rules, FetchError):
            raise type(rules)(rules.message, rules.hint, status=rules.status) from rules
        if not rules.can_fetch(url, self._product):
            message = f"{url}: the robots.txt of its host asks not to fetch it"
            raise RobotsRefused(message, "save the page in the browser, or use the site's export")
        return min(float(rules.crawl_delay(self._product) or 0), LONGEST_DELAY)

    def _rules(self, host: str) -> "Protego | FetchError":
        with self._lock:
            lock = self._locks.setdefault(host, threading.Lock())
        with lock:
            until, rules = self._known.get(host, (0.0, None))
            if rules is None or until <= self._clock.now():
                rules = self._read(f"{host}/robots.txt")
                lasts = UNREADABLE_LASTS if isinstance(rules, FetchError) else LASTS
                self._known[host] = (self._clock.now() + lasts, rules)
            return rules

    def _read(self, url: str) -> "Protego | FetchError":
        from protego import Protego  # noqa: PLC0415 - only where the web is read

        try:
            text = decoded(self._fetch(url)[:LIMIT])[0]
        except TooLarge:
            message = f"{url} is too large to be one"
            return FetchError(message)
        except FetchError as error:
            if error.status in _CLIENT_ERRORS and error.status != _TOO_MANY:
                text = ""
            else:
                return error
        return Protego.parse(text)
