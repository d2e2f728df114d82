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

    The first goes by relevance, the second has what it left out of the same passages and what comes
    after them; the others are the first by date, as it happened and backwards.

    Args:
        brief: what is to be written, and how long.
        passages: the best first.
        guard: what is left out of them.
    """
    found = [one for one in (_of(brief, passage, guard) for passage in passages) if one.sentences]
    first = _paragraphs(brief.words, found)
    said = " ".join(first)
    others = [
        _Quotable(tuple(s for s in one.sentences if s not in said), one.date) for one in found
    ]
    # What is far from the subject does not come in only because it is older or newer.
    by_date = sorted(found[: len(first)], key=lambda one: one.date)
    orders = ([one for one in others if one.sentences], by_date, by_date[::-1])
    texts = (first, *(_paragraphs(brief.words, ordered) for ordered in orders))
    return list(dict.fromkeys("\n\n".join(paragraphs) for paragraphs in texts if paragraphs))


def _of(brief: Brief, passage: Passage, guard: Guard) -> _Quotable:
    read = guard.text(passage.text)
    said = (" ".join(span.of(read).split()) for span in quotable(read, brief.about))
    # A sentence in which something was masked is none of theirs any more.
    own = " ".join(passage.text.split())
    return _Quotable(tuple(one for one in said if one in own), passage.published_at or "")


def _paragraphs(words: int, ordered: Sequence[_Quotable]) -> list[str]:
    """Return the first sentences of each, as far as so many words go."""
    each = max(SHORTEST, words // max(1, min(len(ordered), PARAGRAPHS)))
    paragraphs: list[str] = []
    left = words
    for one in ordered:
        if left <= 0:
            break
        kept = list(_first(one.sentences, min(each, left)))
        paragraphs.append(" ".join(kept))
        left -= sum(len(sentence.split()) for sentence in kept)
    return paragraphs


def _first(sentences: Sequence[str], words: int) -> Iterator[str]:
    """Yield as many sentences as have so many words together, and one in any case."""
    count = 0
    for number, sentence in enumerate(sentences):
        count += len(sentence.split())
        if number and count > words:
            return
        yield sentence
