"""Values of JSON in the shape that one expects, or empty.

In: whatever a file holds, and keys that lead into it. Out: a string, a list or a mapping; what has
another shape is empty, so that a reader needs no check at every step.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def at(value: Any, *keys: str) -> Any:
    """Return what lies behind `keys`, None if nothing does."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def string(value: Any, *keys: str) -> str:
    """Return a text or a whole number as text, else an empty one."""
    found = at(value, *keys)
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def rows(value: Any, *keys: str) -> list[dict[str, Any]]:
    """Return the mappings in a list."""
    found = at(value, *keys)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def table(value: Any, *keys: str) -> dict[str, Any]:
    """Return a mapping."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def strings(value: Any, *keys: str) -> list[str]:
    """Return the texts in a list, or the one text in its place."""
    found = at(value, *keys)
    if isinstance(found, str):
        return [found]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def seconds(value: str) -> datetime | None:
    """Return seconds since 1970 as a time in UTC, None if they are none."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def instant(value: str) -> datetime | None:
    """Return an ISO 8601 time with its zone, UTC if it states none; None if it is none."""
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
