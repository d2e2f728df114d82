"""What was probably meant by a name that is not known.

In: the name and those that are known. Out: the most alike, or words that offer it.
"""

import difflib
from collections.abc import Iterable

LIKENESS = 0.6
"""Of two words, from 0 to 1, from which one may be meant by the other: difflib's own default."""


def nearest(name: str, known: Iterable[str], likeness: float = LIKENESS) -> str:
    """Return the known name that is most like this one; empty if none is like it at all."""
    return next(iter(difflib.get_close_matches(name, [*known], 1, likeness)), "")


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Ask whether the known name that is most like this one was meant.

    Args:
        name: that is not known.
        known: those that are.
        otherwise: what to say if none of them is like it.
    """
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else otherwise
