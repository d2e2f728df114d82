"""The page's settings, read into wishes.

In: the values of the settings panel, as the browser sends them. Out: a `Wish` for a question, or the
form and length of a draft; and a note for whatever could not be read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from twin.chat.wish import Wish
from twin.documents import Kind
from twin.errors import UsageError
from twin.retrieve.filters import Found

ANYONE = "anyone"
"""The author that leaves all of them in."""

MOST_PASSAGES, HOTTEST = 100, 2.0
"""As far as `retrieve.passages` and the temperature of a model go in twin.toml."""

LONGEST_QUESTION = 20_000
"""Characters; whoever reads the page may send any number, and each is read for orders."""

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What twin.toml says, from which the panel begins.

    Attributes:
        passages: put before the model.
        temperature: of the chat model.
    """

    passages: int
    temperature: float


def read_wish(
    values: Mapping[str, Any], defaults: Defaults, model: str = ""
) -> tuple[Wish, list[str]]:
    """Return what is wished of an answer, and a note for each value that could not be read.

    Args:
        values: of the panel, by name; whatever is missing is as twin.toml says.
        defaults: what that is.
        model: the adapter that answers.
    """
    notes: list[str] = []
    author = str(values.get("author") or ANYONE)
    since = _begin(values.get("since"), "the first day", notes)
    until = _end(values.get("until"), "the last day", notes)
    if since and until and since >= until:
        notes.append("the last day lies before the first: the period was left out")
        since = until = None
    kinds = values.get("kinds") or ()
    passages = round(number(values.get("passages"), defaults.passages, 1, MOST_PASSAGES))
    temperature = number(values.get("temperature"), defaults.temperature, 0, HOTTEST)
    same = abs(temperature - defaults.temperature) < 1e-6  # noqa: PLR2004 - floats of a slider
    wish = Wish(
        passages=passages if passages != defaults.passages else None,
        temperature=None if same else temperature,
        expand=bool(values.get("expand", True)),
        rerank=bool(values.get("rerank", True)),
        model=model,
        filters=Found(
            authors=() if author == ANYONE else (author,),
            kinds=tuple(kind for kind in Kind if kind.value in kinds),
            since=since,
            until=until,
        ),
    )
    return wish, notes


def question_of(text: str) -> str:
    """Return a question, or a subject, as it may be asked.

    Raises:
        UsageError: if it is longer than anything that a model could be asked.
    """
    if len(text) > LONGEST_QUESTION:
        message = f"that has {len(text):,} characters, and a question may have {LONGEST_QUESTION:,}"
        raise UsageError(message, "attach a long text as a file")
    # Half of a sign, which no file and no server takes: only a program can send one.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(value: Any, default: float, least: float, most: float) -> float:
    """Return a number as the panel could have sent it: whoever speaks to the page may send any."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 <= value <= 1e9:  # noqa: PLR2004
        return default
    return min(max(float(value), least), most) if value != default else default


def _begin(value: Any, what: str, notes: list[str]) -> str | None:
    read = _read(value, what, notes)
    return read[0].isoformat() if read else None


def _end(value: Any, what: str, notes: list[str]) -> str | None:
    """Return the day after the last one that a value names."""
    read = _read(value, what, notes)
    return read[1].isoformat() if read else None


def _read(value: Any, what: str, notes: list[str]) -> tuple[date, date] | None:
    """Return the first day that a year, month or day means, and the one after its last."""
    text = str(value or "").strip()
    if not text:
        return None
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)  # noqa: TRY301 - told below, like a month 13
        year, month, day = (int(part) if part else None for part in match.groups())
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        later = month or 12
        turn = later == 12  # noqa: PLR2004 - December
        return first, date(first.year + turn, 1 if turn else later + 1, 1)
    except (ValueError, OverflowError):
        notes.append(
            f"{what}: “{text[:40]}” is neither a year, as in 2022, nor a day: it was left out"
        )
        return None
