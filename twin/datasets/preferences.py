"""Rows of a preference set: chosen is the person's own text, rejected is somebody else's.

In: the targets, each asked for as in an instruction set, and where rejected texts may come from. Out:
`Sample`s. Whether the rejected text is to be the longer one is decided by which of the two there are fewer
of so far, so that length tells nothing: a model that learned only to write more, or less, would be right
in half of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from twin.datasets.corpus import widest
from twin.datasets.corruptions import corrupted
from twin.datasets.finding import Finder
from twin.datasets.forms import Rows, sample_id
from twin.datasets.layout import layout_of, set_as
from twin.datasets.rules import Limits, no_prose
from twin.datasets.targets import Target
from twin.datasets.templates import quoted
from twin.datasets.words import code_share, share
from twin.documents import Audience
from twin.samples import Sample, Split

CANDIDATES: Final = 60
NEAR: Final = (0.6, 1.6)
"""How much of the chosen text's length another author's passage has, at least and at most."""

SOME_CODE: Final = 0.1
CODE_APART: Final = 0.25
PROSE: Final = Limits()
"""What a passage of another author must be, as the curator `rules` asks of a target."""

_ITEM: Final = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]", re.MULTILINE)
BEGINNINGS: Final = {
    "code": re.compile(r"```|~~~| {4}|\t"),
    "list": re.compile(r"(?:[-*+]|\d+[.)])[ \t]"),
    "mark": re.compile(r"[^\w\s\"'“‘(*_`\[]"),
}

Written = Callable[[Sequence[tuple[Target, str]]], Sequence[str]]
"""Given targets and what asks for each, returns what a model wrote; empty where it is of no use."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A text that is not to be chosen, and where it is from."""

    text: str
    by: str
    document: str = ""
    audience: Audience = Audience.PUBLIC


@dataclass(frozen=True, slots=True)
class Shape:
    """What is seen of a text without reading it."""

    code: float
    begins: str
    listed: bool

    @classmethod
    def of(cls, text: str) -> Shape:
        """Return the shape of a text."""
        begins = next((name for name, sign in BEGINNINGS.items() if sign.match(text)), "prose")
        return cls(code_share(text), begins, bool(_ITEM.search(text)))

    def like(self, other: Shape) -> bool:
        """Return whether two texts look alike."""
        return (
            (self.code > SOME_CODE) == (other.code > SOME_CODE)
            and abs(self.code - other.code) <= CODE_APART
            and self.begins == other.begins
            and self.listed == other.listed
        )


class OtherAuthors:
    """Passages that others wrote, near in subject and about as long.

    Args:
        passages: of others, with the split that each may be used in.
        language: of the writing.
    """

    def __init__(self, passages: Sequence[tuple[Target, Split]], language: str) -> None:
        self._passages: dict[Split, list[Target]] = {split: [] for split in Split}
        for target, split in passages:
            if not no_prose(target.text, PROSE):
                self._passages[split].append(target)
        self._finders = {
            split: Finder([f"{one.stored.document.title}\n{one.text}" for one in found], language)
            for split, found in self._passages.items()
            if found
        }
        self._shapes = {
            split: [Shape.of(one.text) for one in found] for split, found in self._passages.items()
        }
        self._used: set[tuple[str, int]] = set()

    def find(self, target: Target, split: Split, about: str, *, longer: bool) -> Rejected | None:
        """Return the passage nearest in subject that no row has yet, on the wanted side of the length.

        It is prose, and of the same shape: where one has code or is a list, so is the other, or the two
        could be told apart without reading them.

        Args:
            target: what is chosen.
            split: of the row.
            about: what is searched for: the title and terms of the target.
            longer: whether the passage is to be longer than the target.
        """
        finder = self._finders.get(split)
        if finder is None:
            return None
        length = len(target.text)
        shape = Shape.of(target.text)
        low, high = (length + 1, NEAR[1] * length) if longer else (NEAR[0] * length, length - 1)
        for hit in finder.find(about, CANDIDATES):
            other = self._passages[split][hit]
            key = (other.stored.id, other.span.start)
            fits = key not in self._used and low <= len(other.text) <= high
            if fits and shape.like(self._shapes[split][hit]):
                self._used.add(key)
                document = other.stored.id
                audience = other.stored.document.audience
                text = set_as(other.text, layout_of(target.text))
                return Rejected(text, f"others:{document}", document, audience)
        return None


class Pairs:
    """Makes the rows of a preference set.

    Args:
        rows: asks for a target.
        targets: all of them, in order, with the split of each.
        shares: of each source of rejected texts.
        seed: decides which target has which.
        others: passages of other authors; None where there are none.
        written: what models wrote, by the name of the source: ``model``, ``teacher``.
    """

    def __init__(
        self,
        rows: Rows,
        targets: Sequence[tuple[Target, Split]],
        shares: Mapping[str, float],
        seed: int,
        *,
        others: OtherAuthors | None = None,
        written: Mapping[str, Written] | None = None,
    ) -> None:
        self._rows = rows
        self._targets = targets
        self._seed = seed
        self._others = others
        self._written = written or {}
        known = {"corruption", *self._written, *(("others",) if others else ())}
        # Where a source is not to be had, corruption takes its share; `sources` tells.
        self._shares = {name: part for name, part in shares.items() if name in known and part > 0}
        self._shares = self._shares or {"corruption": 1.0}

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that rejected texts come from."""
        return tuple(self._shares)

    def make(self, told: Callable[[int, int], None] = lambda _done, _all: None) -> Iterator[Sample]:
        """Yield the rows, one a target at most."""
        asked = [
            (target, split, sample)
            for target, split in self._targets
            if (sample := self._rows.instruction(target, split, "preference")) is not None
        ]
        texts = self._texts([(target, sample.instruction) for target, _, sample in asked])
        ahead = dict.fromkeys(Split, 0)
        for done, (target, split, sample) in enumerate(asked, start=1):
            told(done, len(asked))
            text = texts.get(_place(target))
            rejected = self._rejected(target, split, text, longer=ahead[split] <= 0)
            if rejected is None:
                continue
            ahead[split] += 1 if len(rejected.text) > len(target.text) else -1
            yield replace(
                sample,
                id=sample_id(rejected.by, target.stored.id, target.stored.version, *target.span),
                rejected=rejected.text,
                rejected_by=rejected.by,
                audience=widest([sample.audience, rejected.audience]),
                reads=(rejected.document,) if rejected.document else (),
            )

    def _texts(self, asked: Sequence[tuple[Target, str]]) -> dict[tuple[str, int], str]:
        """Return what models wrote, by the target that it is to be rejected for."""
        found: dict[tuple[str, int], str] = {}
        for source, write in self._written.items():
            its = [(target, text) for target, text in asked if self._source(target) == source]
            for (target, _), text in zip(its, write(its), strict=True):
                found[_place(target)] = text
        return found

    def _rejected(
        self, target: Target, split: Split, text: str | None, *, longer: bool
    ) -> Rejected | None:
        source = self._source(target)
        if source == "others" and self._others is not None:
            about = " ".join([target.stored.document.title, *self._rows.terms(target), target.text])
            if found := self._others.find(target, split, about, longer=longer):
                return found
        elif text is not None:
            return Rejected(text.strip(), source) if text.strip() else None
        topic = target.headings[-1] if target.headings else target.stored.document.title
        worse, steps = corrupted(
            target.text, longer=longer, key=_place(target), topic=quoted(topic)
        )
        return Rejected(worse, f"corruption:{'+'.join(steps)}") if steps else None

    def _source(self, target: Target) -> str:
        at = share("rejected", self._seed, target.stored.id, target.span.start)
        at *= sum(self._shares.values())
        for source, part in self._shares.items():
            at -= part
            if at < 0:
                return source
        return list(self._shares)[-1]


def _place(target: Target) -> tuple[str, int]:
    return target.stored.id, target.span.start
