"""WhatsApp: the export of a chat.

In: the text file of a chat, alone, in a folder or a ZIP. Out: a document a day. The file writes dates
as the telephone shows them; what is day and what is month is seen from the dates themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import twin
from twin.components import Report
from twin_archives.files import Files, told
from twin_archives.options import WhatsAppOptions
from twin_archives.talk import Message, by_day, chat_markdown, conversation
from twin_archives.whatsapp_notes import own_text
from twin_archives.whose import mine
from twin_files.decoding import decode
from twin_files.formats import Markup

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

HEAD: Final = re.compile(
    r"[\u200e\u200f\u202a-\u202e]*\[?(?P<date>\d{1,4}[./-]\d{1,2}[./-]\d{1,4}),?\s+(?:(?:à|às|um|kl\.)\s+)?"
    r"(?P<before>[上下]午|午[前後]|오[전후])?\s?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?"
    r"(?:\s*(?P<half>[ap])\.?\s?m\.?)?(?:\]|\s[-–])\s(?P<rest>.*)",
    re.IGNORECASE,
)
# A colon inside quotation marks is one of a group's name, in a note of the platform.
_SAID: Final = re.compile(
    r"[\u200e\u200f]*(?P<who>(?:[^:\u200e\"“]|\"[^\":]*\"|“[^”:]*”){1,100}):\s(?P<text>.*)",
    re.DOTALL,
)
_NAMED: Final = re.compile(
    r"(?:WhatsApp[ _]Chat(?:[ _](?:with|mit|-)[ _]|[ _-]+)|Chat (?:de )?WhatsApp con "
    r"|Discussion WhatsApp avec |Conversa do WhatsApp com |WhatsApp-chat met )(.+)"
)
_NOON: Final = 12
_TWO: Final = 2


@dataclass(slots=True)
class _Line:
    """A line that begins with a time, with those that follow it."""

    number: int
    head: re.Match[str]
    text: str


def read(files: Files, options: WhatsAppOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an exported chat, or of several.

    Raises:
        ReadError: if there is none, or it does not tell who the person is or how dates are written.
    """
    names = [name for name in files.names if name.lower().endswith(".txt")]
    files.rest(names, report, "no chat, but what was sent in one")
    chats = 0
    for name in names:
        try:
            lines = _lines(decode(files.read(name), Markup.PLAIN))
        except twin.ReadError as error:
            if files.export is None:
                message = f"{name}: {error.message}"
                raise twin.ReadError(message, error.hint or "export the chat again") from error
            told(report, ".", name, error)
            continue
        if not lines:
            report.skipped(name, "no line of it begins as a message does")
            continue
        chats += 1
        try:
            yield from _chat(files, name, lines, options, report)
        except twin.ReadError as error:
            if len(names) == 1:
                raise
            told(report, ".", name, error)
    if not chats:
        message = f"{files.path}: it is no chat of WhatsApp"
        raise twin.ReadError(message, "in the chat: More → Export chat, without media")


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if head := HEAD.fullmatch(line):
            found.append(_Line(number, head, head["rest"]))
        elif found:
            found[-1].text += f"\n{line}"
    return found


def _chat(
    files: Files, name: str, lines: list[_Line], options: WhatsAppOptions, report: Report
) -> Iterator[LlamaDocument]:
    title = options.chat or _title(files, name)
    order = options.dates or _order(lines, name)
    report.skipped(
        f"{name} (dates)",
        f"dates are read as {order}, times as of {options.timezone}; "
        "the options dates= and timezone= say otherwise",
    )
    said = [(line, spoken) for line in lines if (spoken := _SAID.fullmatch(line.text))]
    for line in lines:
        if not _SAID.fullmatch(line.text):
            report.skipped(f"{name}:{line.number}", "a note of the platform")
    people = dict.fromkeys(_who(spoken) for _, spoken in said)
    me = mine(options.me, {who: [who] for who in people}, _other(people, title), name)
    zone = ZoneInfo(options.timezone)
    messages: list[Message] = []
    for line, spoken in said:
        text = own_text(spoken["text"])
        if not text.strip():
            report.skipped(f"{name}:{line.number}", "a picture, a call or the like, without words")
            continue
        try:
            when = _when(line.head, order).replace(tzinfo=zone)
        except ValueError as error:
            report.failed(".", f"{name}:{line.number}: {error}")
            continue
        who = _who(spoken)
        messages.append(Message(who=who, when=when, text=chat_markdown(text), mine=who in me))
    for day, group in by_day(messages):
        source = f"whatsapp:{twin.author_slug(title) or 'chat'}/{day}"
        if document := conversation(
            report, group, source=source, title=f"{title}, {day}", platform="whatsapp", chat=title
        ):
            yield document


def _who(spoken: re.Match[str]) -> str:
    return spoken["who"].strip(" \u200e\u200f\u202a\u202c~").strip()


def _title(files: Files, name: str) -> str:
    """Return the chat's name, which the name of the file or of what it lies in tells."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    for one in (stem, name.rpartition("/")[0].rpartition("/")[2], files.title):
        if match := _NAMED.fullmatch(one):
            return match[1].strip()
    if stem != "_chat":
        return stem
    # Every chat of an iPhone has this name; given alone, its folder tells it from the others.
    return files.title if files.export else _of_folder(files.path.resolve().parent.name)


def _of_folder(name: str) -> str:
    match = _NAMED.fullmatch(name)
    return match[1].strip() if match else name


def _other(people: dict[str, None], title: str) -> list[str]:
    """Return the person: of two, the one that the chat is not named after."""
    others = [who for who in people if who.casefold() != title.casefold()]
    return others if len(people) == _TWO and len(others) == 1 else []


def _order(lines: list[_Line], name: str) -> str:
    """Return the order of day and month.

    Raises:
        ReadError: if the dates fit several orders.
    """
    dates = [re.split(r"[./-]", line.head["date"]) for line in lines]
    if all(len(date[0]) == 4 for date in dates):  # noqa: PLR2004 - digits of a year
        return "ymd"
    fits = []
    for order in ("dmy", "mdy"):
        try:
            times = [_when(line.head, order) for line in lines]
        except ValueError:
            continue
        # A chat is in the order of its messages; clocks that are set back move it by little.
        backward = sum((a - b).days >= 1 for a, b in pairwise(times))
        fits.append((backward, order))
    fits.sort()
    if not fits:
        message = f"{name}: its dates, such as {lines[0].head['date']}, fit no order"
        raise twin.ReadError(message, "say it with --option dates=dmy, mdy or ymd")
    if len(fits) == _TWO and fits[0][0] == fits[1][0]:
        message = f"{name}: its dates, such as {lines[0].head['date']}, may have day or month first, which dates=dmy or dates=mdy tells"
        raise twin.ReadError(message, "say it with --option dates=dmy or dates=mdy")
    return fits[0][1]


def _when(head: re.Match[str], order: str) -> datetime:
    parts = dict(zip(order, re.split(r"[./-]", head["date"]), strict=True))
    year = int(parts["y"]) + (2000 if len(parts["y"]) == _TWO else 0)
    hour = int(head["hour"])
    if half := head["half"] or head["before"]:
        hour = hour % _NOON + (_NOON if half in {"p", "P", "下午", "午後", "오후"} else 0)
    # The caller knows the zone.
    return datetime(  # noqa: DTZ001
        year, int(parts["m"]), int(parts["d"]), hour, int(head["minute"]), int(head["second"] or 0)
    )
