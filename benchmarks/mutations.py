"""True sentences made false by changing one number, one name or one negation.

In: the text of a document. Out: sentences of it with one thing changed, by rules and a seed.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from twin.chat.english import NEGATIONS, STOP
from twin.chat.figures import numbers
from twin.documents import Span
from twin.index.boundaries import sentences

NAMES = (
    "Berlin",
    "Oksana",
    "Windows",
    "Haskell",
    "Microsoft",
    "Django",
    "Portugal",
    "Firefox",
    "Thompson",
    "Debian",
)
"""Names that stand in for others; one that the sentence has is not taken."""

WORDS = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "twenty",
    "thirty",
    "forty",
]

_AUXILIARY = re.compile(
    r"\b(is|was|are|were|has|have|had|will|would|can|could|should|did|does|do|might|must)\b(?!\s+not\b|n't)"
)
_NEGATED = re.compile(
    r"\b(is|was|are|were|has|have|had|would|could|should|did|does|do)(n't| not)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Changed:
    """A sentence, what was changed in it, and where the true one stands."""

    kind: str
    text: str
    true: str
    span: Span


def prose(text: str) -> Iterator[Span]:
    """Yield the sentences of a text that are prose of a usual length."""
    for span in sentences(text):
        sentence = span.of(text)
        words = sentence.split()
        if not 8 <= len(words) <= 40 or sentence[-1] not in ".!" or not sentence[0].isupper():  # noqa: PLR2004
            continue
        if re.search(r"[`|\[\]{}<>#=*_]|https?:|\n[ \t]*\n", sentence):
            continue
        yield span


def changes(text: str, dice: random.Random) -> Iterator[Changed]:
    """Yield every sentence of a text that can be changed, in each way in which it can."""
    for span in prose(text):
        sentence = span.of(text)
        for kind, change in _KINDS.items():
            made = change(sentence, dice)
            if made and made != sentence:
                yield Changed(kind, made, sentence, span)


def sample(found: Sequence[Changed], count: int, dice: random.Random) -> list[Changed]:
    """Return so many, of all kinds alike, no sentence twice."""
    chosen: list[Changed] = []
    seen: set[str] = set()
    by_kind = {kind: [c for c in found if c.kind == kind] for kind in _KINDS}
    for kind in by_kind.values():
        dice.shuffle(kind)
    while len(chosen) < count and any(by_kind.values()):
        for kind in by_kind.values():
            while kind:
                one = kind.pop()
                if one.true not in seen:
                    seen.add(one.true)
                    chosen.append(one)
                    break
    return chosen[:count]


def _number(sentence: str, dice: random.Random) -> str:
    found = list(re.finditer(r"(?<![\w.,:-])\d{1,6}(?:[.,]\d+)?(?![\w-]|[.,:]\d)", sentence))
    found += [m for m in re.finditer(r"\b[a-z]+\b", sentence) if m[0] in WORDS]
    if not found:
        return ""
    match = dice.choice(found)
    if match[0] in WORDS:
        new = dice.choice([word for word in WORDS if word != match[0]])
    else:
        digits = [n for n, c in enumerate(match[0]) if c.isdigit()]
        at = dice.choice(digits)
        new_digit = dice.choice([d for d in "123456789" if d != match[0][at]])
        new = match[0][:at] + new_digit + match[0][at + 1 :]
    made = sentence[: match.start()] + new + sentence[match.end() :]
    return made if sorted(numbers(made)) != sorted(numbers(sentence)) else ""


def _name(sentence: str, dice: random.Random) -> str:
    found = [
        m
        for m in re.finditer(r"(?<=[\w,] )[A-Z][a-zA-Z]{2,}\b(?!['’])", sentence)
        if m[0].lower() not in STOP and not re.match(r"I['’]?", m[0])
    ]
    if not found:
        return ""
    match = dice.choice(found)
    others = [name for name in NAMES if name.lower() not in sentence.lower()]
    return sentence[: match.start()] + dice.choice(others) + sentence[match.end() :]


def _negation(sentence: str, dice: random.Random) -> str:
    if match := _NEGATED.search(sentence):
        return f"{sentence[: match.end(1)]}{sentence[match.end() :]}"
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", sentence)}
    found = list(_AUXILIARY.finditer(sentence))
    if words & NEGATIONS or not found:
        return ""
    match = dice.choice(found)
    return f"{sentence[: match.end()]} not{sentence[match.end() :]}"


_KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "number": _number,
    "name": _name,
    "negation": _negation,
}
