"""Controlled corruptions of style: what a person wrote, as nobody in particular would have written it.

In: a text of the person's. Out: the same said worse, in one known way a step, and the names of the
steps. No model is asked. Code, inline code, links and addresses are never touched.

Each step takes away or adds one thing that stylometry counts or that readers of model output name:

=============== ==================================================================================
contractions    written out: ``don't`` becomes ``do not``
punctuation     other marks: dashes, colons, semicolons and brackets change places, ``!`` becomes a stop
commas          those before conjunctions and behind a first word go
impersonal      the first person goes: ``I think that`` is dropped, ``I`` becomes ``we``
formal          plain words become long ones: ``use`` utilize, ``a lot of`` a considerable amount of
emphasis        bold and italics go, and so do words that stress (``really``, ``just``, ``actually``)
lists           a paragraph becomes a list of its sentences, with a line that announces it
wordy           what is short takes longer: ``if`` in the event that, ``can`` is able to (adds length)
connectives     sentences begin with ``Additionally,``, ``Furthermore,``, ``Moreover,`` (adds length)
hedging         statements are hedged: ``It is worth noting that …`` (adds length)
closing         a sentence that says nothing closes the text (adds length)
opening         a sentence that says nothing opens it (adds length)
asides          what stands in brackets or between dashes goes (takes length)
shortening      sentences from the end go (takes length)
=============== ==================================================================================

What comes out must be English all the same: a model that is only taught to avoid broken sentences has
learned nothing of a voice. So a word is changed only where the sentence stays one, and no step is taken
in every text, since what is always there tells the two apart by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twin.datasets import restyling
from twin.datasets.likeness import jaccard
from twin.datasets.words import hashes, sequences, share

FEWEST: Final = 3
"""Steps that change something, at least."""

NEAREST: Final = 0.75
"""Jaccard index of word triples of a corrupted text and its original at most; else more is done."""

MOST_CUTS: Final = 8
NEUTRAL: Final = (
    "contractions", "punctuation", "commas", "impersonal", "formal", "emphasis", "lists",
)  # fmt: skip
OFTEN: Final = {"lists": 0.1, "contractions": 0.55, "impersonal": 0.45, "commas": 0.6}
"""Share of the texts in which a step is among the first ones, if its traces are easily counted: where every
rejected text has a list, or none says "I", there is nothing else to be learned."""

LONGER: Final = ("wordy", "hedging", "connectives", "closing", "opening")
SHORTER: Final = ("asides", "shortening")


def corrupted(
    text: str, *, longer: bool, key: object, topic: str = ""
) -> tuple[str, tuple[str, ...]]:
    """Return a text in nobody's style, longer or shorter than the person's, and the steps taken.

    Args:
        text: the person's.
        longer: whether the result is to be longer; where it cannot be had, the steps are those that
            came nearest.
        key: decides the choice of steps.
        topic: what it is about, in a few words.
    """
    steps: list[str] = []
    result = text
    taken = [name for name in NEUTRAL if share(name, key) < OFTEN.get(name, 1.0)]
    for step in sorted(taken, key=lambda name: share("order", name, key)):
        if len(steps) >= FEWEST and _likeness(text, result) <= NEAREST:
            break
        result = _take(step, result, key, steps, topic)
    more = ("wordy", "hedging", "connectives")
    rest = tuple(name for name in NEUTRAL if name != "lists")
    # What makes it longer serves the other rows as well: they are cut afterwards.
    for step in (*more, *rest) if longer else (*rest, *more):
        if len(steps) >= FEWEST and _likeness(text, result) <= NEAREST:
            break
        if step not in steps:
            result = _take(step, result, key, steps, topic)
    for step in LONGER if longer else (*SHORTER, *(["shortening"] * MOST_CUTS)):
        if (len(result) > len(text)) == longer and len(result) != len(text):
            break
        if step not in steps or step == "shortening":
            result = _take(step, result, (key, len(result)), steps, topic)
    return result, tuple(dict.fromkeys(steps))


def _likeness(one: str, other: str) -> float:
    return jaccard(hashes(sequences(one)), hashes(sequences(other)))


def plain(text: str, key: object) -> str:
    """Return a text without its style, about as long: what a rewriting begins from."""
    steps: list[str] = []
    result = text
    for step in ("contractions", "punctuation", "impersonal", "formal", "emphasis"):
        result = _take(step, result, key, steps)
    if share("connectives", key) < 0.5:  # noqa: PLR2004 - half of them
        result = _take("connectives", result, key, steps)
    return result


def _take(step: str, text: str, key: object, steps: list[str], topic: str = "") -> str:
    changed = FRAMED[step](text, key, topic) if step in FRAMED else STEPS[step](text, key)
    if changed != text:
        steps.append(step)
    return changed


STEPS: Final[dict[str, Callable[[str, object], str]]] = {
    "contractions": restyling.contractions,
    "punctuation": restyling.punctuation,
    "commas": restyling.commas,
    "impersonal": restyling.impersonal,
    "formal": restyling.formal,
    "emphasis": restyling.emphasis,
    "lists": restyling.lists,
    "wordy": restyling.wordy,
    "connectives": restyling.connectives,
    "hedging": restyling.hedging,
    "closing": restyling.closing,
    "opening": restyling.opening,
    "asides": restyling.asides,
    "shortening": restyling.shortening,
}
"""Every step by name."""

FRAMED: Final[dict[str, Callable[[str, object, str], str]]] = {
    "closing": restyling.closing,
    "opening": restyling.opening,
}
