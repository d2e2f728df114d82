"""Slack: the export of a workspace.

In: a folder or ZIP with ``users.json`` and a folder a channel. Out: a document a channel and day, with
the answers of each thread behind the message that began it. All times are UTC.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import twin
from twin.components import Report
from twin_archives.files import Files, json_of, told
from twin_archives.options import TalkOptions
from twin_archives.shapes import rows, seconds, string, strings, table
from twin_archives.talk import Message, chat_markdown, conversation
from twin_archives.whose import mine

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_LISTS: Final = ("channels.json", "groups.json", "mpims.json", "dms.json")
_WORDS: Final = frozenset({"", "thread_broadcast", "me_message", "file_share", "file_comment"})
_MARK: Final = re.compile(r"<([@#!]?)([^<>|\s][^<>|]*)(?:\|([^<>]*))?>")


@dataclass(slots=True)
class _Workspace:
    """Who and what is in it.

    Attributes:
        people: the names of everyone, by their id.
        channels: id and title by the name of a folder.
        direct: the members of every direct conversation.
    """

    people: dict[str, list[str]] = field(default_factory=dict)
    channels: dict[str, tuple[str, str]] = field(default_factory=dict)
    direct: list[set[str]] = field(default_factory=list)
    team: str = ""


def read(files: Files, options: TalkOptions, report: Report) -> Iterator[LlamaDocument]:
    """Yield the documents of an export.

    Raises:
        ReadError: if it is none, or nobody says who the person is.
    """
    export = files.beneath("users.json") if files.export else None
    if export is None:
        message = f"{files.path}: it is no export of Slack: it has no users.json"
        raise twin.ReadError(message, "an owner of the workspace can export it")
    space = _workspace(export, report)
    me = mine(options.me, space.people, _owner(space), str(files.path), apart=True)
    days: dict[str, list[str]] = {}
    for name in export.names:
        folder, slash, file = name.partition("/")
        if slash and "/" not in file and file.endswith(".json"):
            days.setdefault(folder, []).append(name)
        elif name not in {"users.json", *_LISTS}:
            report.skipped(name, "no messages")
    for folder, names in days.items():
        yield from _channel(export, folder, names, space, me, report)


def _workspace(export: Files, report: Report) -> _Workspace:
    space = _Workspace()
    users = json_of(export.read("users.json"), "users.json")
    for user in users if isinstance(users, list) else []:
        profile = table(user, "profile")
        names = [string(profile, "real_name"), string(user, "real_name")]
        names += [string(profile, "display_name"), string(user, "name"), string(profile, "email")]
        space.people[string(user, "id")] = [name for name in names if name]
        space.team = space.team or string(user, "team_id")
    for name in _LISTS:
        if name not in export.names:
            continue
        try:
            listed = rows({"all": json_of(export.read(name), name)}, "all")
        except twin.ReadError as error:
            told(report, name, name, error)
            continue
        for channel in listed:
            number = string(channel, "id")
            members = strings(channel, "members")
            if name == "dms.json":
                space.direct.append(set(members))
                title = ", ".join(_name(space, one) for one in members)
                space.channels[number] = (number, title)
            else:
                title = string(channel, "name")
                space.channels[title] = (number, f"#{title}")
    return space


def _owner(space: _Workspace) -> list[str]:
    """Return who exported it: the one person in all direct conversations, one of them with none."""
    shared = set.intersection(*space.direct) if space.direct else set()
    return [one for one in shared if len(space.direct) > 1 and {one} in space.direct]


def _name(space: _Workspace, user: str) -> str:
    return next(iter(space.people.get(user, [])), user)


def _channel(
    export: Files,
    folder: str,
    names: list[str],
    space: _Workspace,
    me: frozenset[str],
    report: Report,
) -> Iterator[LlamaDocument]:
    number, title = space.channels.get(folder, (folder, folder))
    place = f"slack:{space.team}/{number}" if space.team else f"slack:{number}"
    found: dict[str, dict[str, Any]] = {}
    left: Counter[tuple[str, str]] = Counter()
    for name in names:
        try:
            listed = json_of(export.read(name), name)
        except twin.ReadError as error:
            told(report, ".", name, error)
            continue
        for message in rows({"all": listed}, "all"):
            if reason := _unwanted(message):
                left[name, reason] += 1
            else:
                found.setdefault(_stamp(message), message)
    for (name, reason), times in sorted(left.items()):
        report.skipped(f"{name} ({reason})", f"{times} messages: {reason}")
    for day, messages in sorted(_days(found).items()):
        spoken = [_message(message, space, me) for message in messages]
        source = f"{place}/{day}"
        if document := conversation(
            report, spoken, source=source, title=f"{title}, {day}", platform="slack", channel=title
        ):
            yield document


def _stamp(message: dict[str, Any]) -> str:
    return string(message, "ts")


def _when(stamp: str) -> datetime:
    found = seconds(stamp)
    if found is None:
        message = f"{stamp!r} is no time"
        raise twin.ReadError(message)
    return found


def _days(found: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the messages of each day in their order, the answers of a thread behind its first."""

    def order(message: dict[str, Any]) -> tuple[float, float]:
        root = string(message, "thread_ts")
        return float(root if root in found else _stamp(message)), float(_stamp(message))

    days: dict[str, list[dict[str, Any]]] = {}
    for message in sorted(found.values(), key=order):
        day = _when(str(order(message)[0])).date().isoformat()
        days.setdefault(day, []).append(message)
    return days


def _unwanted(message: dict[str, Any]) -> str:
    subtype = string(message, "subtype")
    if seconds(_stamp(message)) is None:
        return "it has no time"
    if subtype == "bot_message" or (string(message, "bot_id") and not string(message, "user")):
        return "of a program"
    if subtype not in _WORDS:
        return f"an event, {subtype}"
    return "" if _words(message)[1].strip() else "without words"


def _words(message: dict[str, Any]) -> tuple[str, str]:
    """Return who speaks, and in what words."""
    user, text = string(message, "user"), string(message, "text")
    # Old exports put what was said about a file beside a sentence of the platform's own.
    if comment := table(message, "comment"):
        return string(comment, "user") or user, string(comment, "comment")
    if string(message, "subtype") == "file_share" and table(message, "file"):
        return user, string(message, "file", "initial_comment", "comment")
    return user, text


def _message(message: dict[str, Any], space: _Workspace, me: frozenset[str]) -> Message:
    user, text = _words(message)
    stated = string(message, "user_profile", "real_name") or string(message, "username")
    name = _name(space, user) if user in space.people else stated or user or "?"
    return Message(
        who=name, when=_when(_stamp(message)), text=_markdown(text, space), mine=user in me
    )


def _markdown(text: str, space: _Workspace) -> str:
    def said(match: re.Match[str]) -> str:
        sign, target, label = match[1], match[2], match[3] or ""
        if sign == "@":
            return f"@{label or _name(space, target)}"
        if sign:
            return f"{'#' if sign == '#' else '@'}{(label or target).removeprefix('@')}"
        return f"[{label}]({target})" if label and label not in target else target

    return chat_markdown(html.unescape(_MARK.sub(said, text)))
