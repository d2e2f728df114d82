"""Telegram: what its desktop program exports, in JSON.

In: ``result.json`` of one chat or of the whole account, alone, in a folder or a ZIP. Out: a document a
chat and day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import twin
from twin.components import Report
from twin_archives.files import Files, json_of, told
from twin_archives.options import LocalTalkOptions
from twin_archives.shapes import at, rows, seconds, string, table
from twin_archives.talk import Message, by_day, conversation
from twin_archives.whose import mine

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_SIGNS: Final = {"bold": "**", "italic": "*", "strikethrough": "~~", "code": "`"}
_TWO: Final = 2


def read(files: Files, options: LocalTalkOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an export.

    Raises:
        ReadError: if there is none, or nobody says who the person is.
    """
    names = [name for name in files.names if name.lower().endswith(".json")]
    files.rest(names, report, "no messages, but what was sent in one")
    exports = 0
    for name in names:
        try:
            found = json_of(files.read(name), name)
        except twin.ReadError as error:
            if files.export is None:
                raise
            exports += 1
            told(report, ".", name, error)
            continue
        chats = rows(found, "chats", "list") + rows(found, "left_chats", "list")
        if isinstance(at(found, "messages"), list):
            chats.append(found)
        if not chats:
            report.skipped(name, "no export of a chat")
            continue
        exports += 1
        yield from _export(found, chats, name, options, report)
    if not exports:
        message = f"{files.path}: it is no export of Telegram"
        raise twin.ReadError(message, "Telegram Desktop: Export chat history, as JSON")


def _export(
    found: Any, chats: list[dict[str, Any]], name: str, options: LocalTalkOptions, report: Report
) -> Iterator[LlamaDocument]:
    people: dict[str, list[str]] = {}
    for chat in chats:
        for message in rows(chat, "messages"):
            if who := _id(message):
                people.setdefault(who, [string(message, "from") or who, who.removeprefix("user")])
    account = table(found, "personal_information")
    own = string(account, "user_id")
    known = [f"user{own}", own] if own else _others(chats, people)
    if own:
        full = f"{string(account, 'first_name')} {string(account, 'last_name')}".strip()
        people.setdefault(f"user{own}", []).extend([full, string(account, "username"), own])
    me = mine(options.me, people, known, name, apart=True)
    for number, chat in enumerate(chats):
        try:
            yield from _chat(chat, me, options, report)
        except (twin.ReadError, ValueError) as error:
            told(report, ".", f"{name} chat {number}", error)


def _id(message: dict[str, Any]) -> str:
    return string(message, "from_id") or string(message, "from")


def _others(chats: list[dict[str, Any]], people: dict[str, list[str]]) -> list[str]:
    """Return the person where a chat of two is named after the other one."""
    if len(chats) != 1 or string(chats[0], "type") != "personal_chat" or len(people) != _TWO:
        return []
    number = string(chats[0], "id")
    own = [one for one in people if one.removeprefix("user") != number]
    return own if len(own) == 1 else []


def _chat(
    chat: dict[str, Any], me: frozenset[str], options: LocalTalkOptions, report: Report
) -> Iterator[LlamaDocument]:
    number = string(chat, "id") or twin.author_slug(string(chat, "name")) or "chat"
    title = string(chat, "name") or string(chat, "type").replace("_", " ") or number
    place = f"telegram:{number}"
    left: Counter[str] = Counter()
    messages: list[Message] = []
    zone = ZoneInfo(options.timezone)
    assumed = 0
    for message in rows(chat, "messages"):
        if reason := _unwanted(message):
            left[reason] += 1
            continue
        when = seconds(string(message, "date_unixtime"))
        if when is None:
            try:
                when = datetime.fromisoformat(string(message, "date"))
            except ValueError:
                report.failed(".", f"{place} {string(message, 'id')}: it has no time")
                continue
            if when.tzinfo is None:
                assumed += 1
        when = when.astimezone(zone) if when.tzinfo else when.replace(tzinfo=zone)
        sender = string(message, "from") or _id(message) or "?"
        forwarded = string(message, "forwarded_from") or "forwarded_from" in message
        messages.append(
            Message(
                who=f"{sender}, forwarding" if forwarded else sender,
                when=when,
                text=_text(at(message, "text")),
                mine=_id(message) in me and not forwarded,
            )
        )
    for reason, times in sorted(left.items()):
        report.skipped(f"{place} ({reason})", f"{times} messages: {reason}")
    if assumed:
        report.skipped(
            f"{place} (times)",
            f"{assumed} times state no zone and are read as of {options.timezone}; "
            "the option timezone= says otherwise",
        )
    for day, group in by_day(messages):
        if document := conversation(
            report,
            group,
            source=f"{place}/{day}",
            title=f"{title}, {day}",
            platform="telegram",
            chat=title,
        ):
            yield document


def _unwanted(message: dict[str, Any]) -> str:
    if string(message, "type") != "message":
        return "a note of the platform"
    return "" if _text(at(message, "text")).strip() else "without words"


def _text(parts: Any) -> str:
    """Return a text as Markdown; it is a string, or a list of strings and marked pieces."""
    if isinstance(parts, str):
        return parts
    return "".join(map(_piece, parts)) if isinstance(parts, list) else ""


def _piece(part: Any) -> str:
    text = part if isinstance(part, str) else string(part, "text")
    what = string(part, "type")
    if what == "text_link" and (href := string(part, "href")):
        return f"[{text}]({href})"
    if what == "pre":
        return f"\n```{string(part, 'language')}\n{text.strip(chr(10))}\n```\n"
    if what == "blockquote":
        return "\n" + "\n".join(f"> {line}" for line in text.splitlines()) + "\n"
    sign = _SIGNS.get(what, "")
    bare = text.strip()
    return text.replace(bare, f"{sign}{bare}{sign}", 1) if sign and bare else text
