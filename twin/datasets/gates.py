"""The gates: what a set must be before it is written.

In: the rows that curation left, and the documents that they are from. Out: every breach, with its row
and the reason. A gate that is allowed by name is noted in the manifest and lets the set pass.

=============== ==================================================================================
verbatim        every target is ``text[start:end]`` of its version, edits in the chat excepted
own             no target holds words of others
unique          no target and no instruction is there twice, and no two targets of a document overlap
splits          no document gives rows to two splits
contamination   no training row asks or holds what the test does
length          chosen is longer in 45 to 55% of the pairs, in each split of 20 or more
different       chosen and rejected differ
audience        no row is above the audience that was asked for
format          every row has the shape that it must have
size            there are enough training rows, and a test
=============== ==================================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from twin.datasets.rules import malformed
from twin.datasets.words import OVERLAP, hashes, normal, sequences, words
from twin.documents import Audience, Span
from twin.samples import Sample, Split

LOW, HIGH = 0.45, 0.55
PAIRS: Final = 20
"""Below so many pairs the share of longer ones is chance."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One row, or a whole set, that breaks a gate."""

    gate: str
    sample_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the gates are held against.

    Attributes:
        texts: the text of every version that a row names.
        foreign: the spans of it that are not the person's.
        audience: the highest that was asked for.
        rows: training rows at least.
    """

    texts: Mapping[tuple[str, int], str]
    foreign: Mapping[tuple[str, int], Sequence[Span]]
    audience: Audience
    rows: int


def breaches(samples: Sequence[Sample], facts: Facts) -> list[Breach]:
    """Return every breach of every gate, in the order of the gates."""
    return [
        Breach(name, sample_id, reason)
        for name, gate in GATES.items()
        for sample_id, reason in gate(samples, facts)
    ]


Found = Iterator[tuple[str, str]]


def _verbatim(samples: Sequence[Sample], facts: Facts) -> Found:
    for sample in samples:
        if sample.verbatim:
            text = facts.texts.get((sample.document_id, sample.version))
            if text is None:
                yield sample.id, "its document is gone"
            elif text[sample.start : sample.end] != sample.target:
                yield sample.id, f"the target is not {sample.start}:{sample.end} of its document"
        elif not sample.feedback_id:
            yield sample.id, "the target is neither of a document nor of feedback"


def _own(samples: Sequence[Sample], facts: Facts) -> Found:
    for sample in samples:
        for start, end in facts.foreign.get((sample.document_id, sample.version), ()):
            if sample.verbatim and start < sample.end and sample.start < end:
                yield sample.id, f"{start}:{end} of its document is not the person's"
                break


def _unique(samples: Sequence[Sample], facts: Facts) -> Found:
    del facts
    seen: dict[tuple[str, str], str] = {}
    of_document: dict[tuple[str, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        for key in (("target", normal(sample.target)), ("instruction", normal(sample.instruction))):
            if key in seen:
                yield sample.id, f"its {key[0]} is that of {seen[key]}"
            seen.setdefault(key, sample.id)
        if sample.verbatim:
            of_document[sample.document_id, sample.version].append(sample)
    for rows in of_document.values():
        for one, other in pairwise(sorted(rows, key=lambda s: (s.start, s.end))):
            if other.start < one.end:
                yield other.id, f"its target overlaps that of {one.id}"


def _splits(samples: Sequence[Sample], facts: Facts) -> Found:
    del facts
    known: dict[str, Split] = {}
    for sample in samples:
        for document in (sample.document_id, *sample.reads):
            split = known.setdefault(document, sample.split) if document else sample.split
            if split is not sample.split:
                yield sample.id, f"its document {document} is in {split} and {sample.split}"
                break


def _contamination(samples: Sequence[Sample], facts: Facts) -> Found:
    del facts
    asked = {normal(s.instruction) for s in samples if s.split is Split.TEST}
    held: set[int] = set()
    for sample in samples:
        if sample.split is Split.TEST and len(words(sample.target)) >= OVERLAP:
            held |= hashes(sequences(sample.target, OVERLAP))
    for sample in samples:
        if sample.split is Split.TEST:
            continue
        if normal(sample.instruction) in asked:
            yield sample.id, "its instruction is in the test"
        elif len(words(sample.target)) >= OVERLAP and not held.isdisjoint(
            hashes(sequences(sample.target, OVERLAP))
        ):
            yield sample.id, f"it shares {OVERLAP} words in a row with the test"


def _length(samples: Sequence[Sample], facts: Facts) -> Found:
    del facts
    for split in Split:
        pairs = [s for s in samples if s.split is split and s.rejected is not None]
        longer = sum(len(s.target) > len(s.rejected or "") for s in pairs)
        if len(pairs) >= PAIRS and not LOW <= longer / len(pairs) <= HIGH:
            share = f"{longer / len(pairs):.1%}"
            yield "", f"chosen is longer in {share} of the {len(pairs)} pairs of {split}"


def _different(samples: Sequence[Sample], facts: Facts) -> Found:
    del facts
    for sample in samples:
        if sample.rejected is not None and normal(sample.rejected) == normal(sample.target):
            yield sample.id, "chosen and rejected are the same"


def _audience(samples: Sequence[Sample], facts: Facts) -> Found:
    for sample in samples:
        if sample.audience not in facts.audience.visible:
            yield sample.id, f"it is {sample.audience}, and the set is to be {facts.audience}"


def _format(samples: Sequence[Sample], facts: Facts) -> Found:
    del facts
    for sample in samples:
        if reason := malformed(sample):
            yield sample.id, reason


def _size(samples: Sequence[Sample], facts: Facts) -> Found:
    train = sum(sample.split is Split.TRAIN for sample in samples)
    if train < facts.rows:
        yield "", f"there are {train} training rows, of {facts.rows} at least"
    if not any(sample.split is Split.TEST for sample in samples):
        yield "", "there are no rows to test with"


GATES: Final[dict[str, Callable[[Sequence[Sample], Facts], Found]]] = {
    "verbatim": _verbatim,
    "own": _own,
    "unique": _unique,
    "splits": _splits,
    "contamination": _contamination,
    "length": _length,
    "different": _different,
    "audience": _audience,
    "format": _format,
    "size": _size,
}
"""Every gate by name, in order."""
