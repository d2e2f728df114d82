"""What the teacher and chat models are asked to write, and what of it can be used.

In: targets. Out: requests by kind, and a `Wording` or rejected texts made of their answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twin.datasets.asking import Ask, key_of
from twin.datasets.targets import Target
from twin.datasets.wordings import MARKERS, REFUSALS
from twin.datasets.words import hashes, normal, sequences, words
from twin.prompts import prompt

COPIED: Final = 8
"""Words in a row that an instruction may not take from its target: it would tell the answer."""

LONGEST: Final = 400
SHORTEST: Final = 12
NEAR: Final = (0.4, 2.5)
"""Of the target's length, a plain or generic text at least and at most."""


class TeachersWords:
    """Words by the teacher, by what was asked.

    Args:
        answers: by key.
        who: the teacher's name and options.
        person: whose voice it is.
    """

    name = "teacher"

    def __init__(self, answers: Mapping[str, str], who: str, person: str) -> None:
        self._answers = answers
        self._who = who
        self._person = person

    def instruction(self, target: Target) -> str:
        """Return what asks for a target; empty if the teacher wrote nothing of use."""
        return self._answers.get(instruct(target, self._who, self._person).key, "")

    def question(self, target: Target) -> str:
        """Return a question that a target answers."""
        return self._answers.get(question(target, self._who, self._person).key, "")

    def plain(self, target: Target) -> str:
        """Return what a target says, in nobody's style."""
        return self._answers.get(plain(target, self._who).key, "")


def instruct(target: Target, who: str, person: str) -> Ask:
    """Return the request for an instruction."""
    return _worded(target, who, prompt("instruct").fill(person=person))


def question(target: Target, who: str, person: str) -> Ask:
    """Return the request for a question."""
    return _worded(target, who, prompt("question").fill(person=person))


def plain(target: Target, who: str) -> Ask:
    """Return the request for a plain version."""
    system, user = prompt("plain").fill(), _shown(target)
    return Ask(key_of(who, system, user), system, user, lambda text: _rewritten(text, target.text))


def generic(asked: str, target: Target, who: str) -> Ask:
    """Return the request for a generic answer to an instruction, about as long as the target."""
    length = max(len(target.text.split()), 1)
    system = prompt("generic").fill(words=str(length))
    key = key_of(who, system, f"{target.stored.id}:{target.span.start}\n{asked}")
    return Ask(key, system, asked, lambda text: _rewritten(text, target.text), length)


def of_model(asked: str, target: Target, who: str, person: str) -> Ask:
    """Return the request that a chat model is to answer as the twin, to be rejected."""
    length = max(len(target.text.split()), 1)
    system = prompt("voice").fill(person=person)
    key = key_of(who, system, f"{target.stored.id}:{target.span.start}\n{asked}")
    return Ask(key, system, asked, lambda text: _rewritten(text, target.text), length)


def _worded(target: Target, who: str, system: str) -> Ask:
    user = _shown(target)
    held = (
        hashes(sequences(target.text, COPIED)) if len(words(target.text)) >= COPIED else frozenset()
    )

    def fault(text: str) -> str:
        if not SHORTEST <= len(text) <= LONGEST:
            return f"it must have {SHORTEST} to {LONGEST} characters"
        if "\n" in text.strip() or MARKERS.search(text):
            return "it must be one line of text"
        if REFUSALS.search(text):
            return "it is a refusal"
        if len(words(text)) >= COPIED and not held.isdisjoint(hashes(sequences(text, COPIED))):
            return f"it repeats {COPIED} words of the passage"
        return ""

    return Ask(key_of(who, system, user), system, user, fault)


def _rewritten(text: str, target: str) -> str:
    if MARKERS.search(text) or "\ufffd" in text:
        return "it holds marks that are no text"
    if REFUSALS.search(text):
        return "it is a refusal"
    if normal(text) == normal(target):
        return "it is the passage itself"
    if not NEAR[0] * len(target) <= len(text) <= NEAR[1] * len(target):
        return f"it should have about {len(target.split())} words"
    return ""


def _shown(target: Target) -> str:
    title = target.stored.document.title
    head = f"Title: {title}\n" if title else ""
    head += f"Under: {' / '.join(target.headings)}\n" if target.headings else ""
    return f"{head}<passage>\n{target.text}\n</passage>"
