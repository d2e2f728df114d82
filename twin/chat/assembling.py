"""A draft without a model that writes: the person's own sentences, put together.

In: a brief, and passages. Out: texts of what can be quoted, in several orders, no two of them alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from twin.chat.drafts import Brief
from twin.chat.guarding import Guard
from twin.guard.quotable import quotable
from twin.retrieve.passages import Passage

PARAGRAPHS: Final = 3
"""Passages that share a text's words, where there are so many."""

SHORTEST: Final = 40
"""Words that a passage may have at least, whatever its share is."""


@dataclass(frozen=True, slots=True)
class _Quotable:
    """What can be quoted of a passage.

    Attributes:
        sentences: in their order, white space made plain.
        date: ISO 8601, empty if it is not known.
    """

    sentences: tuple[str, ...]
    date: str


def assembled(brief: Brief, passages: Sequence[Passage], guard: Guard) -> list[str]:
    """Return the texts that can be put together, each different from those before it.

    The first goes by relevance, the others by date, as it happened and backwards; the last has the
    sentences that are in none of these.

    Args:
        brief: what is to be written, and how long.
        passages: the best first.
        guard: what is left out of them.
    """
    found = [one for one in (_of(brief, passage, guard) for passage in passages) if one.sentences]
    by_date = sorted(found, key=lambda one: one.date)
    texts: list[str] = []
    for ordered in (found, by_date, by_date[::-1]):
        text = _text(brief.words, ordered)
        if text and text not in texts:
            texts.append(text)
    said = " ".join(texts)
    others = [
        _Quotable(tuple(s for s in one.sentences if s not in said), one.date) for one in found
    ]
    rest = _text(brief.words, [one for one in others if one.sentences])
    return [*texts, rest] if rest else texts


def _of(brief: Brief, passage: Passage, guard: Guard) -> _Quotable:
    read = guard.text(passage.text)
    said = (" ".join(span.of(read).split()) for span in quotable(read, brief.about))
    # A sentence in which something was masked is none of theirs any more.
    own = " ".join(passage.text.split())
    return _Quotable(tuple(one for one in said if one in own), passage.published_at or "")


def _text(words: int, ordered: Sequence[_Quotable]) -> str:
    each = max(SHORTEST, words // max(1, min(len(ordered), PARAGRAPHS)))
    paragraphs: list[str] = []
    left = words
    for one in ordered:
        if left <= 0:
            break
        kept = list(_first(one.sentences, min(each, left)))
        paragraphs.append(" ".join(kept))
        left -= sum(len(sentence.split()) for sentence in kept)
    return "\n\n".join(paragraphs)


def _first(sentences: Sequence[str], words: int) -> Iterator[str]:
    """Yield as many sentences as have so many words together, and one in any case."""
    count = 0
    for number, sentence in enumerate(sentences):
        count += len(sentence.split())
        if number and count > words:
            return
        yield sentence
