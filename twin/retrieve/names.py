"""Whom and what a question may name: the authors and platforms of what the asker may see.

In: an audience. Out: authors, platforms and a resolver of names. Of anything else an answer must
not even show that it is there, so a name that only stands on hidden documents is nobody's.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twin.documents import Audience
from twin.warehouse.protocol import Author, Cursor, Warehouse

KEPT_SECONDS = 60.0
"""How long a new alias may go unnoticed in the list of authors, since it changes no document; by a
question's form ("what does Ada think"), which asks the warehouse, it is found at once."""


@dataclass(frozen=True, slots=True)
class Names:
    """What there is to name.

    Attributes:
        resolve: gives the slug of a name or alias, None if nobody has it.
    """

    authors: Sequence[Author]
    platforms: Sequence[str]
    resolve: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class _Visible:
    """Whom and what an audience may name, as of a change.

    Attributes:
        slugs: the authors' slugs; None where everything is visible, and so every alias is, too.
        until: when it is read anew at the latest, in seconds of the monotonic clock.
    """

    cursor: Cursor | None
    until: float
    authors: tuple[Author, ...]
    platforms: tuple[str, ...]
    slugs: frozenset[str] | None


class KnownNames:
    """The names of a warehouse.

    Args:
        warehouse: what is read, when something in it has changed.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._seen: dict[Audience, _Visible] = {}

    def to(self, audience: Audience) -> Names:
        """Return what an audience may name."""
        cursor = self._warehouse.latest_cursor()
        with self._lock:
            known = self._seen.get(audience)
            if known is None or known.cursor != cursor or time.monotonic() > known.until:
                known = self._seen[audience] = self._read(audience, cursor)
        slugs = known.slugs

        def resolve(name: str) -> str | None:
            slug = self._warehouse.resolve_author(name)
            return slug if slugs is None or slug in slugs else None

        return Names(known.authors, known.platforms, resolve)

    def _read(self, audience: Audience, cursor: Cursor | None) -> _Visible:
        until = time.monotonic() + KEPT_SECONDS
        authors = tuple(self._warehouse.authors())
        if set(audience.visible) == set(Audience):
            return _Visible(cursor, until, authors, tuple(self._warehouse.platforms()), None)
        pairs = {
            (summary.author_slug, summary.platform)
            for summary in self._warehouse.summaries()
            if summary.audience in audience.visible
        }
        slugs = frozenset(slug for slug, _ in pairs)
        visible = tuple(author for author in authors if author.slug in slugs)
        platforms = tuple(sorted({platform for _, platform in pairs}))
        return _Visible(cursor, until, visible, platforms, slugs)
