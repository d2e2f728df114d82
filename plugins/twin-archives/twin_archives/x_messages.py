"""Direct messages in an archive of X, where they are asked for.

In: the conversations of ``data/direct-messages.js``. Out: a document a conversation and day, private.
The archive names nobody but the account itself; the others are known by their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from twin.components import Report
from twin_archives.shapes import instant, rows, string, table
from twin_archives.talk import Message, by_day, conversation

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument


def direct_messages(
    conversations: Iterable[dict[str, Any]], account: dict[str, Any], report: Report
) -> Iterator[LlamaDocument]:
    """Yield the documents of conversations.

    Args:
        conversations: rows of the archive's file.
        account: of the archive, with ``accountId`` and its names.
        report: is told of what has no words.
    """
    own = string(account, "accountId")
    name = string(account, "accountDisplayName") or string(account, "username")
    for found in conversations:
        place = f"x:messages/{string(found, 'conversationId') or 'unknown'}"
        messages: list[Message] = []
        left: Counter[str] = Counter()
        for row in rows(found, "messages"):
            message = table(row, "messageCreate")
            when = instant(string(message, "createdAt"))
            text = string(message, "text")
            for url in rows(message, "urls"):
                text = text.replace(string(url, "url") or "\0", string(url, "expanded"))
            if when is None or not text.strip():
                left["without words" if message else "a note of the platform"] += 1
                continue
            sender = string(message, "senderId")
            mine = bool(own) and sender == own
            who = name if mine else f"user {sender}"
            messages.append(Message(who=who, when=when, text=text, mine=mine))
        for reason, times in sorted(left.items()):
            report.skipped(f"{place} ({reason})", f"{times} messages: {reason}")
        for day, group in by_day(messages):
            if document := conversation(
                report,
                group,
                source=f"{place}/{day}",
                title=f"Messages, {day}",
                platform="x",
                x_what="messages",
            ):
                yield document
