"""How often a host is asked, and how long one waits.

In: a host and the seconds between two requests. Out: nothing, once it is this request's turn.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class Clock:
    """The time, and waiting. Tests give one of their own, in which waiting takes no time.

    Attributes:
        now: seconds of a clock that never goes back.
        wall: seconds since 1970.
        sleep: waits that many seconds.
    """

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep


@dataclass
class Pace:
    """The turns of every host; threads may share it."""

    clock: Clock
    _next: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def turn(self, host: str, interval: float) -> None:
        """Wait until `host` may be asked; the one after it waits `interval` seconds more."""
        with self._lock:
            now = self.clock.now()
            at = max(now, self._next.get(host, now))
            self._next[host] = at + interval
        if at > now:
            self.clock.sleep(at - now)

    def pause(self, host: str, seconds: float) -> None:
        """Let nobody ask `host` for that many seconds."""
        with self._lock:
            until = self.clock.now() + seconds
            self._next[host] = max(self._next.get(host, until), until)


def asked_to_wait(header: str, wall: float) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, None if it says nothing usable.

    Args:
        header: seconds, or a date as HTTP writes it (RFC 9110, 10.2.3).
        wall: the time now, in seconds since 1970.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
