"""How good a set is: how diverse, how complex, how balanced, and whether it is enough.

In: rows. Out: figures, each with its usual name, and where a yardstick has been published its source.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any, Final

from twin.datasets.likeness import jaccard
from twin.datasets.tells import tells
from twin.datasets.words import hashes, number, prose, sequences, words
from twin.samples import Sample, Split

COMPARED: Final = 300
"""Rows of which every pair is compared; more would only narrow the interval of a mean."""

ENOUGH: Final = (
    (3e9, 5_000, 1_000),
    (10e9, 2_000, 1_000),
    (40e9, 1_500, 800),
    (math.inf, 1_000, 500),
)
"""Parameters up to which, instruction rows, and preference pairs that are asked for.

1,000 carefully chosen rows sufficed for a style of answering at 65 billion parameters (Zhou et al., "LIMA:
less is more for alignment", 2023, arXiv:2305.11206); 1,000 to 6,000 at 7 and 30 billion (Jha et al.,
"LIMIT: less is more for instruction tuning across evaluation paradigms", 2023, arXiv:2311.13133). Both
are of instruction rows. Between and below, and for pairs, the figures are this project's own rule of
thumb: no publication is known that measured them for one person's style."""

SOURCES: Final = (
    "Zhou et al. 2023, arXiv:2305.11206 (1,000 rows at 65B)",
    "Jha et al. 2023, arXiv:2311.13133 (1,000 to 6,000 rows at 7B and 30B)",
)

_SENTENCE: Final = re.compile(r"[.!?…]+(?:\s|$)|\n\s*\n")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([mb])", re.IGNORECASE)
_BUCKETS: Final = (100, 200, 400, 600, 800, 1000, 1500, 2000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What was measured of the training rows of a set.

    Attributes:
        rows: of every split.
        distinct: distinct-1, -2 and -3 of targets and of instructions: the share of word n-grams that
            are there once (Li et al., "A diversity-promoting objective function", 2016).
        likeness: mean and highest Jaccard index of word triples between pairs of targets.
        opening: share of the commonest first three words of an instruction.
        words: of targets: mean, median, least, most.
        lengths: targets by length in characters: the upper bound of each class, and how many.
        sentence: words of a sentence, mean.
        grade: US school grade (Flesch-Kincaid: Kincaid et al. 1975), mean over targets; English.
        ease: Flesch's reading ease (1948), mean over targets; English.
        longer: share of pairs of which chosen is the longer one; None in an instruction set.
        ratio: median of chosen's length by rejected's; None in an instruction set.
        tells: how well each thing that is counted tells chosen from rejected, as an area under the
            curve; empty in an instruction set.
        topics: rows of each topic, most first.
        uncovered: topics of the test that no training row has.
    """

    rows: dict[str, int]
    distinct: dict[str, tuple[float, float, float]]
    likeness: tuple[float, float]
    opening: float
    words: tuple[float, float, int, int]
    lengths: dict[str, int]
    sentence: float
    grade: float
    ease: float
    longer: float | None
    ratio: float | None
    tells: dict[str, float]
    topics: dict[str, int]
    uncovered: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {name: getattr(self, name) for name in self.__slots__}


def quality(samples: Sequence[Sample]) -> Quality:
    """Return the figures of a set."""
    train = [sample for sample in samples if sample.split is Split.TRAIN] or list(samples)
    targets = [sample.target for sample in train]
    asked = [_question(sample) for sample in train]
    pairs = [sample for sample in train if sample.rejected is not None]
    counts = sorted(len(words(target)) for target in targets)
    read = [_readability(target) for target in targets]
    topics = Counter(sample.topic for sample in train if sample.topic)
    tested = {s.topic for s in samples if s.split is Split.TEST and s.topic}
    openings = Counter(" ".join(words(text)[:3]) for text in asked)
    return Quality(
        rows={s.value: sum(one.split is s for one in samples) for s in Split},
        distinct={"targets": _distinct(targets), "instructions": _distinct(asked)},
        likeness=_likeness(train),
        opening=_rounded(max(openings.values(), default=0) / max(len(train), 1)),
        words=(
            _rounded(mean(counts or [0])),
            median(counts or [0]),
            min(counts, default=0),
            max(counts, default=0),
        ),
        lengths=_lengths(targets),
        sentence=_rounded(mean([one[0] for one in read] or [0.0])),
        grade=_rounded(mean([one[1] for one in read] or [0.0])),
        ease=_rounded(mean([one[2] for one in read] or [0.0])),
        longer=_rounded(mean(len(p.target) > len(p.rejected or "") for p in pairs))
        if pairs
        else None,
        ratio=_rounded(median(len(p.target) / max(len(p.rejected or ""), 1) for p in pairs))
        if pairs
        else None,
        tells=tells([(pair.target, pair.rejected or "") for pair in pairs]),
        topics=dict(sorted(topics.items(), key=lambda t: (-t[1], t[0]))),
        uncovered=tuple(sorted(tested - set(topics))),
    )


def asked_for(model: str, kind: str) -> tuple[str, int] | None:
    """Return the size of a model and how many rows it asks for; None if its name says no size.

    Args:
        model: a name or a size, as in ``meta-llama/Llama-3.1-8B`` or ``0.5b``.
        kind: ``sft`` or ``dpo``.
    """
    sizes = [(float(n), unit.lower()) for n, unit in _SIZE.findall(model.rpartition("/")[2])]
    if not sizes:
        return None
    size, unit = max(sizes, key=lambda s: s[0] * (1e9 if s[1] == "b" else 1e6))
    parameters = size * (1e9 if unit == "b" else 1e6)
    rows = next(row for row in ENOUGH if parameters <= row[0])
    return f"{size:g}{unit.upper()}", rows[1] if kind == "sft" else rows[2]


def _question(sample: Sample) -> str:
    """Return what is asked, without the passages of a context and the texts that a prompt quotes."""
    text = sample.instruction
    if sample.form == "context":
        text = text.rpartition("<question>")[2].replace("</question>", "")
    return text.strip()[:300]


def _distinct(texts: Sequence[str]) -> tuple[float, float, float]:
    shares = []
    for length in (1, 2, 3):
        grams = Counter(gram for text in texts for gram in sequences(text, length))
        shares.append(_rounded(len(grams) / max(sum(grams.values()), 1)))
    return shares[0], shares[1], shares[2]


def _likeness(samples: Sequence[Sample]) -> tuple[float, float]:
    chosen = sorted(samples, key=lambda sample: number("likeness", sample.id))[:COMPARED]
    grams = [hashes(sequences(sample.target)) for sample in chosen]
    found = [jaccard(one, other) for n, one in enumerate(grams) for other in grams[:n]]
    return round(mean(found or [0.0]), 5), _rounded(max(found, default=0.0))


def _lengths(targets: Sequence[str]) -> dict[str, int]:
    found = dict.fromkeys([*(str(bound) for bound in _BUCKETS), "more"], 0)
    for target in targets:
        bound = next((str(bound) for bound in _BUCKETS if len(target) <= bound), "more")
        found[bound] += 1
    return found


def _readability(text: str) -> tuple[float, float, float]:
    """Return words a sentence, Flesch-Kincaid grade and Flesch reading ease."""
    plain = prose(text)
    found = words(plain)
    if not found:
        return 0.0, 0.0, 0.0
    ends = max(len(_SENTENCE.findall(plain)), 1)
    long = len(found) / ends
    syllables = sum(_syllables(word) for word in found) / len(found)
    return long, 0.39 * long + 11.8 * syllables - 15.59, 206.835 - 1.015 * long - 84.6 * syllables


def _syllables(word: str) -> int:
    """Return the syllables of an English word: its groups of vowels, a silent e at the end not."""
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(groups - silent, 1)


def _rounded(value: float) -> float:
    return round(float(value), 4)
