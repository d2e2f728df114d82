"""When a piece was written, as far as its source says so. A file's own times never count.

In: what front matter, a page or a path states. Out: a date, a date-time, or None.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime

_ISO_LIKE = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{1,2})?)?",
    re.IGNORECASE,
)
_WORDED = ("%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%d %B %Y", "%d %b %Y", "%d. %B %Y")
_BEFORE_CHRIST = re.compile(r"\s-\d+\s+\d{1,2}:\d\d")
"""A year as WordPress writes that of a piece without a date: ``30 Nov -0001 00:00:00``."""
_NAME = re.compile(r"(\d{4})([-_.])(\d{1,2})\2(\d{1,2})(?=$|[-_.\sT])[-_.\s]*")
_MONTH_AND_DAY = re.compile(r"\d{1,2}")


def stated_date(value: str) -> date | datetime | None:
    """Return the date that `value` states, None if it states none that is whole and possible.

    ISO 8601 in the shapes that blogs use, RFC 2822, and English dates with the month as a word.
    """
    text = value.strip().strip("<>[]")
    # Org mode puts the day of the week between date and time.
    text = re.sub(r"^(\d{4}-\d\d-\d\d) [A-Za-z]{2,3}\.?(?= |$)", r"\1", text)
    try:
        if match := _ISO_LIKE.fullmatch(text):
            return _from_parts(match)
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for shape in _WORDED:
        try:
            return datetime.strptime(text, shape).date()  # noqa: DTZ007 - only its date is used
        except ValueError:
            continue
    if _BEFORE_CHRIST.search(text):
        return None
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_parts(match: re.Match[str]) -> date | datetime:
    day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    if match["hour"] is None:
        return day
    zone = (match["zone"] or "").upper()
    if zone in {"Z", "UTC", "GMT"}:
        zone = "+00:00"
    elif zone:
        digits = zone[1:].replace(":", "")
        digits = digits.rjust(2, "0").ljust(4, "0")
        zone = f"{zone[0]}{digits[:2]}:{digits[2:]}"
    clock = f"{int(match['hour']):02d}:{match['minute']}:{match['second'] or '00'}"
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}{zone}")


def path_date(relative: str) -> date | None:
    """Return the date in a path: ``2023-01-04-title.md``, or the folders ``2023/01/04``."""
    *folders, name = relative.split("/")
    names = [name]
    if folders and name.lower().startswith("index."):
        names.append(folders[-1])
    for candidate in names:
        if match := _NAME.match(_stem(candidate) if candidate == name else candidate):
            return _possible(match[1], match[3], match[4])
    for year, month, day in zip(folders, folders[1:], folders[2:], strict=False):
        if re.fullmatch(r"\d{4}", year) and all(
            _MONTH_AND_DAY.fullmatch(part) for part in (month, day)
        ):
            return _possible(year, month, day)
    return None


def without_date(stem: str) -> str:
    """Return a file's stem without the date at its beginning; all of it if nothing is left."""
    match = _NAME.match(stem)
    if match and _possible(match[1], match[3], match[4]):
        return stem[match.end() :] or stem
    return stem


def _stem(name: str) -> str:
    head, dot, _ = name.rpartition(".")
    return head if dot and head else name


def _possible(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
