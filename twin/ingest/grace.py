"""What a source no longer has, and since when: nothing is forgotten on the word of one reading.

In: the documents that a reading missed. Out: those that were missed for so long that they may go.
A site that is down, a folder on a disk that is not plugged in and a feed that was emptied by mistake
look just like a person who has deleted everything.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from filelock import FileLock

from twin.durable import replace_json
from twin.errors import ConfigurationError

FILE: Final = "missing.json"

MOST: Final = 0.5
"""Of a source's documents: if a reading misses more than so many, it is the reading that is wrong."""

FEW: Final = 5
"""Documents of which any number may go at once."""


def doubtful(missing: int, found: int) -> bool:
    """Return whether a reading missed so much that it counts for nothing."""
    return missing > 0 and (found == 0 or (missing > FEW and missing > MOST * (missing + found)))


class Grace:
    """The file that remembers since when each document is missed.

    Args:
        home: the home folder.
        days: how long a document must be missed before it may go; None is for ever.
    """

    def __init__(self, home: Path, days: float | None) -> None:
        self._path = home / FILE
        self._days = days

    def over(
        self, collection: str, missing: Collection[str], now: datetime | None = None
    ) -> list[str]:
        """Note what a sound reading of a collection missed, and return what may go.

        What it did not miss is no longer missing.

        Args:
            collection: the collection that was read.
            missing: ids of its documents that were not there.
            now: the time; None takes it from the clock.
        """
        now = now or datetime.now(UTC)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".json.lock")):
            known = self._known()
            before = known.get(collection, {})
            since = {one: before.get(one, now.isoformat(timespec="seconds")) for one in missing}
            if since != before:
                known[collection] = since
                kept = {name: ids for name, ids in known.items() if ids}
                replace_json(self._path, kept, sort_keys=True)
        if self._days is None:
            return []
        limit = now - timedelta(days=self._days)
        return [one for one, first in since.items() if datetime.fromisoformat(first) <= limit]

    def _known(self) -> dict[str, dict[str, str]]:
        try:
            known: dict[str, dict[str, str]] = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: dict(ids) for name, ids in known.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            message = f"{self._path} cannot be read: {error}"
            raise ConfigurationError(message, "delete it: then the grace begins anew") from error
