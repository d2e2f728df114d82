"""Words of others inside the person's own writing.

In: passages that others wrote, such as an embedded post or the message that is answered. Out:
Markdown in which each is a quotation with its author, and the metadata that says where they stand,
so that nothing takes them for the person's own.
"""

from __future__ import annotations

import re
from typing import Final

from twin.documents import Document, Span

OTHERS: Final = "others"
"""Key of a document's `extra`: spans of its text that others wrote, as in ``12-40 80-99``."""

# Letters that no writing has: they are set aside for private use.
_OPENING, _CLOSING = "\ue0f0", "\ue0f1"
_STAND_IN: Final = re.compile(f"{_OPENING}(\\d+){_CLOSING}")


class Others:
    """The passages of others in one text."""

    def __init__(self) -> None:
        self._passages: list[str] = []

    def quote(self, text: str, who: str = "", url: str = "") -> str:
        """Take a passage, and return what stands for it until the text is woven.

        Args:
            text: what another wrote, as Markdown.
            who: who wrote it, if that is known.
            url: where it can be read.
        """
        self._passages.append(_quotation(text, who, url))
        return f"{_OPENING}{len(self._passages) - 1}{_CLOSING}"

    def woven(self, text: str) -> tuple[str, dict[str, str]]:
        """Return the text with its quotations, and what a document's `extra` must say of them."""
        pieces: list[str] = []
        spans: list[str] = []
        at = length = 0
        for found in _STAND_IN.finditer(text):
            if int(found[1]) >= len(self._passages):
                continue
            before, passage = text[at : found.start()], self._passages[int(found[1])]
            start = length + len(before)
            length = start + len(passage)
            pieces += [before, passage]
            spans.append(f"{start}-{length}")
            at = found.end()
        return "".join([*pieces, text[at:]]), {OTHERS: " ".join(spans)} if spans else {}


def spans_of_others(document: Document) -> tuple[Span, ...]:
    """Return the spans of a document's text that others wrote."""
    pairs = re.findall(r"(\d+)-(\d+)", document.extra.get(OTHERS, ""))
    return tuple(Span(int(start), int(end)) for start, end in pairs)


def _quotation(text: str, who: str, url: str) -> str:
    lines = text.strip().splitlines() or ["…"]
    name = " ".join(who.split()) or url
    if name:
        lines += ["", f"— [{name}]({url})" if url else f"— {name}"]
    return "\n".join(f"> {line}".rstrip() for line in lines)
