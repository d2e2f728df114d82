"""What the teacher thinks of a set: does the answer answer, and is the question a good one?

In: rows and a teacher. Out: marks from 1 to 3 of a sample of them, and their means. The answers are the
person's own; what is judged is how instruction and answer fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from pydantic import BaseModel, Field

from twin.components import Teacher
from twin.datasets.words import number
from twin.errors import TwinError
from twin.prompts import prompt
from twin.samples import Sample


class Marks(BaseModel):
    """The form that the teacher fills in."""

    accuracy: int = Field(
        ge=1, le=3, description="3: the answer is what is asked for; 1: it is not."
    )
    clarity: int = Field(ge=1, le=3, description="3: one knows what is asked; 1: one does not.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The marks of a sample of rows.

    Attributes:
        rows: that were judged.
        failed: that the teacher gave no marks.
        accuracy: mean, and half of its 95% interval (1.96 standard errors).
        clarity: likewise.
        worst: ids of rows whose answer is not what is asked for.
    """

    rows: int
    failed: int
    accuracy: tuple[float, float]
    clarity: tuple[float, float]
    worst: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints; JSON knows no NaN."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values if self.rows else values | {"accuracy": None, "clarity": None}


def judged(
    samples: Sequence[Sample],
    teacher: Teacher,
    count: int,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Judged:
    """Return the marks of `count` rows, which their ids choose."""
    chosen = sorted(samples, key=lambda one: number("judged", one.id))[:count]
    system = prompt("accuracy").fill()
    marks: list[tuple[str, Marks]] = []
    for done, sample in enumerate(chosen, start=1):
        user = (
            f"<instruction>\n{sample.instruction}\n</instruction>\n\n"
            f"<answer>\n{sample.target}\n</answer>"
        )
        # One row without marks is counted, and the others have theirs.
        with suppress(TwinError):
            marks.append((sample.id, teacher.structured(Marks, system, user)))
        told(done, len(chosen))
    return Judged(
        rows=len(marks),
        failed=len(chosen) - len(marks),
        accuracy=_interval([one.accuracy for _, one in marks]),
        clarity=_interval([one.clarity for _, one in marks]),
        worst=tuple(sample_id for sample_id, one in marks if one.accuracy == 1),
    )


def _interval(values: Sequence[int]) -> tuple[float, float]:
    if not values:
        return math.nan, math.nan
    half = 1.96 * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return round(mean(values), 3), round(half, 3)
