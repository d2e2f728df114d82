"""Whether two tokenizers read a conversation alike.

In: token ids of the same conversation from two sides, the trained and the served. Out: the first place
where they differ, told so that a person sees what is wrong with a chat template.

A model that is served with another template than it was trained with answers worse without any error,
so this is checked and not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Piece = Callable[[int], str]
"""The text of a token id."""

SAMPLE: tuple[tuple[str, str], ...] = (
    ("system", "You answer as the author would.  Two spaces, a tab\tand an é."),
    ("user", "Why did you leave?\n\nTell me in *one* sentence."),
    ("assistant", "Because only one of us could debug it. [1]"),
    ("user", "  And what came after? 🙂"),
)
"""A conversation whose roles, white space, marks and turns a careless template gets wrong."""

AROUND = 3
"""Tokens that are shown before the first difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where two lists of token ids part.

    Attributes:
        place: the index of the first token that differs.
        one: the ids from shortly before it on, of the first side; likewise `other`.
        lengths: how many tokens each side has.
        one_text: what the shown ids of the first side stand for; empty if it cannot be told.
    """

    place: int
    one: tuple[int, ...]
    other: tuple[int, ...]
    lengths: tuple[int, int]
    one_text: str = ""
    other_text: str = ""

    def told(self, one: str, other: str) -> str:
        """Return it as a sentence.

        Args:
            one: what the first side is called, as in "the run".
            other: likewise the second.
        """
        sides = []
        for name, ids, text, length in (
            (one, self.one, self.one_text, self.lengths[0]),
            (other, self.other, self.other_text, self.lengths[1]),
        ):
            shown = f" {text!r}" if text else ""
            sides.append(f"{name} has{shown} {list(ids)} of {length} tokens")
        return f"the first difference is at token {self.place}: {', '.join(sides)}"


def first_difference(
    one: Sequence[int],
    other: Sequence[int],
    *,
    one_piece: Piece | None = None,
    other_piece: Piece | None = None,
) -> Difference | None:
    """Return where two lists of token ids part, None if they are equal.

    Args:
        one: token ids of a conversation.
        other: token ids of the same conversation from elsewhere.
        one_piece: gives the text of an id of `one`, to show what stands there.
        other_piece: likewise of `other`.
    """
    if list(one) == list(other):
        return None
    together = min(len(one), len(other))
    place = next((n for n in range(together) if one[n] != other[n]), together)
    start = max(0, place - AROUND)
    ones, others = tuple(one[start : place + 2]), tuple(other[start : place + 2])
    return Difference(
        place=place,
        one=ones,
        other=others,
        lengths=(len(one), len(other)),
        one_text="".join(map(one_piece, ones)) if one_piece else "",
        other_text="".join(map(other_piece, others)) if other_piece else "",
    )
