"""Conversations, one document each.

In: the rows of `messages.csv`. Out: for each conversation a text in which the person's own messages
stand plainly, and those of the others are quotations that say whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup

import twin
from twin_files.pages import markdown
from twin_linkedin.tables import unwrapped
from twin_linkedin.writing import Nothing, moment

if TYPE_CHECKING:
    from llama_index.core.schema import Document as LlamaDocument


@dataclass(slots=True)
class Conversation:
    """The messages of one conversation, as the archive has them."""

    number: str
    rows: list[dict[str, str]] = field(default_factory=list)


def conversation(one: Conversation, me: str) -> LlamaDocument:
    """Return the document of a conversation.

    Args:
        one: its messages, in any order.
        me: the person's name as LinkedIn has it.

    Raises:
        Nothing: if none of it is the person's.
        ReadError: if a message has a date that is none.
    """
    others = twin.Others()
    people: list[str] = []
    pieces: list[str] = []
    mine = 0
    # The archive has the latest first; those of one second keep their order.
    rows = reversed(one.rows)
    dated = sorted(((moment(row.get("date", "")) or "", row) for row in rows), key=itemgetter(0))
    for when, row in dated:
        sender = " ".join(row.get("from", "").split())
        text = _words(row.get("content", ""))
        subject = " ".join(row.get("subject", "").split())
        if not text:
            continue
        if _same(sender, me):
            mine += 1
            pieces.append(f"{subject}\n\n{text}" if subject and mine == 1 else text)
        else:
            people.append(sender)
            stamp = when.removesuffix("+00:00").replace("T", " ")
            pieces.append(others.quote(text, f"{sender or 'somebody'}, {stamp} UTC".strip()))
        people += [name for name in map(str.strip, row.get("to", "").split(",")) if name]
    if not mine:
        reason = "none of its messages is yours"
        raise Nothing(reason)
    text, extra = others.woven("\n\n".join(pieces) + "\n")
    names = dict.fromkeys(name for name in people if name and not _same(name, me))
    stated = next(
        (row["conversation title"] for _, row in dated if row.get("conversation title")), ""
    )
    dates = [when for when, _ in dated if when]
    return twin.make_document(
        source=f"linkedin:conversation:{one.number}",
        text=text,
        title=stated or (f"With {', '.join(names)}" if names else ""),
        author=me,
        kind=twin.Kind.MESSAGE,
        platform="linkedin",
        audience=twin.Audience.PRIVATE,
        published_at=dates[0] if dates else None,
        tags=(),
        raw=None,
        **extra,
        with_whom=", ".join(names),
    )


def _words(content: str) -> str:
    text = unwrapped(content)
    if "</" not in text and "<br" not in text:
        return text
    return markdown(BeautifulSoup(text, "html.parser")).strip()


def _same(name: str, me: str) -> bool:
    return twin.author_slug(name) == twin.author_slug(me)
