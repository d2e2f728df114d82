"""The judge: a language model that rates accuracy and style from 1 to 3, two texts at a time.

In: a question, two texts, and what the author wrote. Out: `Rating`s. Both texts are shown in both
orders, several times, at temperature 0 (the teacher's default), because a judge prefers what stands
first or last (Wang et al., Large Language Models are not Fair Evaluators, ACL 2024); how far the
ratings agree is reported with them. The scale is that of the LLM Engineer's Handbook, chapter 7.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from pydantic import BaseModel, Field

from twin.components import Teacher
from twin.evaluation.agreement import krippendorff_alpha, weighted_kappa
from twin.evaluation.intervals import Interval, mean_interval
from twin.prompts import prompt

SAMPLES = 2
"""Times that each order is asked; with both orders four ratings of each text."""

ASPECTS = ("accuracy", "style")


class Marks(BaseModel):
    """What the judge gives two texts."""

    reason: str = Field(description="In one sentence, before the marks.")
    first_accuracy: int = Field(ge=1, le=3)
    first_style: int = Field(ge=1, le=3)
    second_accuracy: int = Field(ge=1, le=3)
    second_style: int = Field(ge=1, le=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One rating of one text.

    Attributes:
        case: which question.
        text: which of the two, by its name.
        place: 1 if it was shown first, 2 if second.
        sample: which time.
    """

    case: str
    text: str
    place: int
    sample: int
    accuracy: int
    style: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The ratings of one text over all questions, and how far the judge can be trusted.

    Attributes:
        means: of each aspect, over questions.
        alpha: Krippendorff's, ordinal, over all ratings of one text to one question.
        kappa: Cohen's, quadratic, of the first sample between the two orders.
        place_bias: mean of what was shown first less mean of what was shown second.
    """

    text: str
    questions: int
    means: dict[str, Interval]
    alpha: dict[str, float]
    kappa: dict[str, float]
    place_bias: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        agreement = {"alpha": self.alpha, "kappa": self.kappa, "place_bias": self.place_bias}
        return {
            "text": self.text,
            "questions": self.questions,
            **{aspect: interval.as_json() for aspect, interval in self.means.items()},
            **{
                name: {a: round(v, 4) if math.isfinite(v) else None for a, v in values.items()}
                for name, values in agreement.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the judge is shown of a question.

    Attributes:
        case: names it.
        reference: what the author wrote to it, the measure of accuracy.
        sample: other writing of the author, the measure of style.
    """

    case: str
    question: str
    reference: str
    sample: str


def rate(
    shown: Shown,
    one: tuple[str, str],
    other: tuple[str, str],
    teacher: Teacher,
    samples: int = SAMPLES,
) -> list[Rating]:
    """Return the ratings of two texts, each shown first and second, `samples` times.

    Args:
        shown: the question, and what the author wrote.
        one: name and text.
        other: name and text.
        teacher: judges.
        samples: times that each order is asked.

    Raises:
        ModelError: if the judge does not answer.
    """
    system = prompt("judge").fill()
    found = []
    for sample in range(samples):
        for first, second in ((one, other), (other, one)):
            user = (
                f"Question: {shown.question}\n\nWhat the author wrote about it:\n{shown.reference}"
                f"\n\nOther writing of the author:\n{shown.sample}"
                f"\n\nFirst text:\n{first[1]}\n\nSecond text:\n{second[1]}"
            )
            marks = teacher.structured(Marks, system, user)
            given = (
                (first[0], 1, marks.first_accuracy, marks.first_style),
                (second[0], 2, marks.second_accuracy, marks.second_style),
            )
            found += [
                Rating(
                    case=shown.case,
                    text=name,
                    place=place,
                    sample=sample,
                    accuracy=accuracy,
                    style=style,
                )
                for name, place, accuracy, style in given
            ]
    return found


def judged(ratings: Sequence[Rating], text: str, units: Mapping[str, str] | None = None) -> Judged:
    """Return what was said of one text over all questions.

    Args:
        ratings: of all texts.
        text: which of them.
        units: of each question, what is drawn for the intervals; None draws the questions.
    """
    own = [one for one in ratings if one.text == text]
    cases = list(dict.fromkeys(one.case for one in own))
    means, alpha, kappa, bias = {}, {}, {}, {}
    for aspect in ASPECTS:
        by_case = {case: [_mark(r, aspect) for r in own if r.case == case] for case in cases}
        means[aspect] = mean_interval(
            [mean(marks) for marks in by_case.values()], [(units or {}).get(c, c) for c in cases]
        )
        alpha[aspect] = krippendorff_alpha(list(by_case.values()))
        orders = {
            place: {r.case: _mark(r, aspect) for r in own if r.place == place and r.sample == 0}
            for place in (1, 2)
        }
        both = [case for case in cases if case in orders[1] and case in orders[2]]
        kappa[aspect] = weighted_kappa(
            [orders[1][case] for case in both], [orders[2][case] for case in both]
        )
        places = [[_mark(r, aspect) for r in own if r.place == place] for place in (1, 2)]
        bias[aspect] = mean(places[0]) - mean(places[1]) if all(places) else math.nan
    return Judged(
        text=text,
        questions=len(cases),
        means=means,
        alpha=alpha,
        kappa=kappa,
        place_bias=bias,
    )


def _mark(rating: Rating, aspect: str) -> int:
    return rating.accuracy if aspect == "accuracy" else rating.style
