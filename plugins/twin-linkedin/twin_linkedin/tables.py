"""LinkedIn's tables, whose quoting is odd.

In: the text of a CSV file. Out: its rows as the person wrote them. `Shares.csv` wraps every line of
a post in quotation marks of its own, which are doubled like any inside a cell; `Comments.csv`
escapes marks by a backslash.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    import twin

_HEADERS: Final = {
    "Shares.csv": ("Date", "ShareLink"),
    "Comments.csv": ("Date", "Link", "Message"),
    "messages.csv": ("CONVERSATION ID", "FROM"),
    "Profile.csv": ("First Name", "Last Name"),
}
_NOTES: Final = 10
"""Lines of remarks that may stand above a header."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: its place, and its values by column in lower case; None if damaged."""

    number: int
    values: dict[str, str] | None


def is_archive(export: twin.Export) -> bool:
    """Return whether an export has one of LinkedIn's tables, with LinkedIn's columns in it."""
    for name, columns in _HEADERS.items():
        head = _head(export, name).casefold() if name in export else ""
        if head and all(column.casefold() in head for column in columns):
            return True
    return any("linkedin.com/pulse" in _head(export, name) for name in articles(export)[:1])


def articles(export: twin.Export) -> list[str]:
    """Return the names of the articles: ``Articles/x.html`` or ``Articles/Articles/x.html``."""
    return export.matching("Articles/*.html")


def _head(export: twin.Export, name: str) -> str:
    return export.read(name)[:20_000].decode("utf-8", "replace")


def read_table(text: str, column: str) -> Iterator[Line]:
    """Yield the rows of a table.

    Args:
        text: the whole file.
        column: one that the header must have; remarks may stand above it.
    """
    if not text.strip():
        return
    escaped = text.replace('\\"', '""')
    for written, strict in ((text, True), (escaped, True), (escaped, False)):
        try:
            rows = list(_rows(written, strict=strict))
        except csv.Error:
            continue
        headers = (
            at for at, (_, row) in enumerate(rows[:_NOTES]) if column.casefold() in _folded(row)
        )
        start = next(headers, None)
        if start is None:
            continue
        header = _folded(rows[start][1])
        body = [(number, row) for number, row in rows[start + 1 :] if any(map(str.strip, row))]
        if strict and any(len(row) != len(header) for _, row in body):
            continue
        for number, row in body:
            fits = len(row) == len(header)
            yield Line(number, dict(zip(header, row, strict=True)) if fits else None)
        return
    yield Line(1, None)


def _rows(text: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    # The library refuses a value of more than 131,072 characters, and with it all of the table.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    table = csv.reader(io.StringIO(text, newline=""), strict=strict)
    for row in table:
        yield table.line_num, row


def _folded(row: list[str]) -> list[str]:
    return [value.strip().casefold() for value in row]


def unwrapped(text: str) -> str:
    """Return a post without the quotation marks that its lines are wrapped in.

    Only where every line end stands between marks are they LinkedIn's; any other is the person's.
    Marks inside are undoubled where all of them come in pairs.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) == 1:
        return _undoubled(text.strip(), least=2)
    first, *middle, last = (line.rstrip(" \t") for line in lines)
    wrapped = (
        first.endswith('"')
        and last.startswith('"')
        and all(line == '"' or (line.startswith('"') and line.endswith('"')) for line in middle)
    )
    if not wrapped:
        return _undoubled("\n".join(lines).strip(), least=2)
    first, last = first[:-1], last[1:]
    # The outermost marks are only there if they have no partner inside their line.
    if first.startswith('"') and first.count('"') % 2:
        first = first[1:]
    if last.endswith('"') and last.count('"') % 2:
        last = last[:-1]
    inner = ["" if line in {'"', '""'} else line[1:-1] for line in middle]
    return _undoubled("\n".join([first, *inner, last]).strip(), least=1)


def _undoubled(text: str, *, least: int) -> str:
    """Halve the marks if there are so many runs of them, and each can be halved."""
    # A single pair in a post of one line may be the empty text of a programmer.
    runs = re.findall(r'"+', text)
    if len(runs) < least or any(len(run) % 2 for run in runs):
        return text
    return text.replace('""', '"')
