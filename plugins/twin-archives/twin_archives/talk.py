"""Conversations, as the parser of conversations wants them.

In: messages. Out: a document: a message begins with its sender's name in bold and the time; what
others wrote stands in quotation, and `extra` says where, so that it is never taken for the person's
own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

import twin
from twin.components import Report
from twin.exports.quoting import OTHERS

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument

_QUOTED: Final = re.compile(r"^>.*(?:\n>.*)*", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message.

    Attributes:
        who: the sender's name.
        when: with its zone.
        text: Markdown.
        mine: whether the person wrote it.
    """

    who: str
    when: datetime
    text: str
    mine: bool


def by_day(messages: Iterable[Message]) -> Iterator[tuple[str, list[Message]]]:
    """Yield the messages of each day, by the clock of their own zone."""
    ordered = sorted(messages, key=lambda one: one.when)
    for day, group in groupby(ordered, key=lambda one: one.when.date().isoformat()):
        yield day, list(group)


def woven(messages: Sequence[Message]) -> tuple[str, dict[str, str]]:
    """Return the text of a conversation, and what its `extra` must say of it."""
    pieces: list[str] = []
    spans: list[str] = []
    at = 0
    for message in messages:
        name = " ".join(message.who.replace("*", "").split()) or "?"
        head = f"**{name}** {message.when:%Y-%m-%d %H:%M}\n"
        text = message.text.strip()
        if not message.mine:
            text = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
            spans.append(f"{at}-{at + len(head) + len(text)}")
        else:
            start = at + len(head)
            spans += [f"{start + m.start()}-{start + m.end()}" for m in _QUOTED.finditer(text)]
        pieces.append(f"{head}{text}\n")
        # The blank line between two.
        at += len(pieces[-1]) + 1
    people = dict.fromkeys(" ".join(message.who.split()) for message in messages)
    extra = {
        "participants": ", ".join(people),
        "messages": str(len(messages)),
        "own_messages": str(sum(message.mine for message in messages)),
    }
    if spans:
        extra[OTHERS] = " ".join(spans)
    return "\n".join(pieces), extra


def conversation(
    report: Report,
    messages: Sequence[Message],
    *,
    source: str,
    title: str,
    platform: str,
    url: str | None = None,
    **extra: str,
) -> LlamaDocument | None:
    """Return the document of a conversation; None, and told, if the person said nothing in it."""
    own = [message for message in messages if message.mine]
    if not own:
        report.skipped(source, f"{len(messages)} messages, of which none is yours")
        return None
    text, said = woven(messages)
    return twin.make_document(
        source=source,
        text=text,
        title=title,
        author=own[0].who,
        kind=twin.Kind.MESSAGE,
        platform=platform,
        audience=twin.Audience.PRIVATE,
        published_at=messages[0].when,
        url=url,
        tags=(),
        raw=None,
        **said,
        **extra,
    )


_CODE: Final = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_BOLD: Final = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK: Final = re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])")


def chat_markdown(text: str) -> str:
    """Return the emphasis of Slack and WhatsApp (``*bold*``, ``~struck~``) as Markdown's."""
    pieces: list[str] = []
    at = 0
    for code in _CODE.finditer(text):
        block = code[0]
        if "\n" in block:
            block = f"```\n{block[3:-3].strip(chr(10))}\n```"
            # A fence is one at the begin of a line alone, and nothing may follow it there.
            before, after = text[: code.start()].rstrip(" "), text[code.end() :]
            block = block if not before or before.endswith("\n") else f"\n{block}"
            block = block if not after or after.startswith("\n") else f"{block}\n"
        pieces += [_emphasis(text[at : code.start()]), block]
        at = code.end()
    return "".join([*pieces, _emphasis(text[at:])])


def _emphasis(text: str) -> str:
    return _STRUCK.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
