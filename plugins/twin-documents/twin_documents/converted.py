"""What a converter makes of a file.

In: what a file states and says. Out: `Converted`, and the few rules by which statements are taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from twin_files.dates import stated_date

_PROGRAMS: Final = re.compile(
    r"\(?(?:unspecified|anonymous|unknown|author|admin(?:istrator)?|user|owner|none|python-docx"
    r"|microsoft office user|windows user|openpyxl|steve canny)\)?",
    re.IGNORECASE,
)
_NO_TITLE: Final = re.compile(
    r"\(?(?:unspecified|untitled|anonymous|unknown|title|document\d*|powerpoint presentation"
    r"|presentation\d*)\)?|.*\.(?:docx?|pptx?|odt|rtf|pdf|indd|tex|dvi)",
    re.IGNORECASE,
)
_MAKER: Final = re.compile(r"^(?:microsoft (?:word|powerpoint)) - ", re.IGNORECASE)
_PDF_DATE: Final = re.compile(
    r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The text of a file and what it states; None or empty where it states nothing.

    Attributes:
        text: Markdown.
        remarks: parts that have no text, each with the reason.
    """

    text: str
    title: str = ""
    author: str = ""
    description: str = ""
    created: date | datetime | None = None
    modified: date | datetime | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    remarks: dict[str, str] = field(default_factory=dict)

    def sensible(self) -> Converted:
        """Return it without names and titles that a program put there."""
        title = _MAKER.sub("", " ".join(self.title.split()))
        author = " ".join(self.author.split())
        return replace(
            self,
            title="" if _NO_TITLE.fullmatch(title) else title,
            author="" if _PROGRAMS.fullmatch(author) else author,
        )


def pdf_date(stated: object) -> date | datetime | None:
    """Return a date as a PDF spells it; without a zone it is a date alone."""
    match = _PDF_DATE.match(str(stated or ""))
    if match is None:
        return None
    year, month, day, hour, minute, second, utc, sign, hours, minutes = match.groups()
    if hour is None or not (utc or sign):
        return stated_date(f"{year}-{month or '01'}-{day or '01'}")
    zone = "+00:00" if utc else f"{sign}{hours}:{minutes or '00'}"
    return stated_date(f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}{zone}")


def tags_of(stated: str) -> tuple[str, ...]:
    """Return keywords as an office suite keeps them: with commas or semicolons between them."""
    parts = (" ".join(part.split()) for part in re.split(r"[,;\n]", stated))
    return tuple(dict.fromkeys(part for part in parts if part))
