"""Does an answer rest on its sources, answer the question, and were the right sources found?

In: a question, an answer, the passages it was given, and perhaps what the author says to it. Out:
faithfulness, relevancy, context precision and context recall, each from 0 to 1. The definitions are
those of Ragas (Es et al., RAGAS, EACL 2024; context precision and recall as its documentation has
them since 0.1); Ragas itself pins packages that the product cannot have, so the teacher is asked by
our own prompts. NaN is what cannot be said, as where an answer states nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from pydantic import BaseModel, Field

from twin.components import Teacher
from twin.prompts import prompt
from twin.prompts.passages import Numbered, render

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]
"""From texts to vectors, as the embedder of the index makes them."""

QUESTIONS = 3
"""Questions that are made out of an answer, as in the paper."""


class Statements(BaseModel):
    """What an answer states."""

    statements: list[str] = Field(description="Each stands alone, without pronouns.")


class Verdict(BaseModel):
    """Whether one statement follows."""

    statement: int = Field(description="Its number, from 1.")
    supported: bool


class Verdicts(BaseModel):
    """Whether each statement follows from the passages."""

    verdicts: list[Verdict]


class Questions(BaseModel):
    """Questions that a text answers."""

    questions: list[str]
    noncommittal: bool = Field(description="Whether the text evades or knows no answer.")


class Useful(BaseModel):
    """Whether a passage helps."""

    useful: bool


def _passages(contexts: Sequence[str], question: str) -> str:
    return render([Numbered(n, text, "", "", "") for n, text in enumerate(contexts, 1)], question)


def _statements(text: str, question: str, teacher: Teacher) -> list[str]:
    user = f"Question: {question}\n\nText:\n{text}"
    form = teacher.structured(Statements, prompt("statements").fill(), user)
    return [one.strip() for one in form.statements if one.strip()]


def _supported(
    statements: Sequence[str], contexts: Sequence[str], question: str, teacher: Teacher
) -> float:
    """Return the share of statements that follow from the passages; one that is not judged does not."""
    if not statements:
        return math.nan
    listed = "\n".join(f"{n}. {one}" for n, one in enumerate(statements, 1))
    user = f"{_passages(contexts, question)}\n\nStatements:\n{listed}"
    form = teacher.structured(Verdicts, prompt("verdicts").fill(), user)
    judged = {one.statement: one.supported for one in form.verdicts}
    return sum(judged.get(n, False) for n in range(1, len(statements) + 1)) / len(statements)


def faithfulness(question: str, answer: str, contexts: Sequence[str], teacher: Teacher) -> float:
    """Return the share of the answer's statements that follow from its passages.

    Raises:
        ModelError: if the teacher does not answer.
    """
    return _supported(_statements(answer, question, teacher), contexts, question, teacher)


def relevancy(question: str, answer: str, teacher: Teacher, embed: Embed) -> float:
    """Return the mean cosine of the question and those that the answer answers; 0 if it evades.

    Raises:
        ModelError: if the teacher does not answer.
    """
    system = prompt("questions").fill(count=str(QUESTIONS))
    form = teacher.structured(Questions, system, answer)
    asked = [one for one in form.questions if one.strip()]
    if form.noncommittal or not asked:
        return 0.0
    vectors = np.asarray(embed([question, *asked]), dtype=np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return float((vectors[1:] @ vectors[0]).mean())


def context_precision(
    question: str, reference: str, contexts: Sequence[str], teacher: Teacher
) -> float:
    """Return how far up the useful passages stand: the mean of precision@k where one is useful.

    Args:
        question: as it was asked.
        reference: what the author says to it, or the answer where that is not known.
        contexts: as they were given, in order.
        teacher: says of each whether it helps to arrive at the reference.

    Raises:
        ModelError: if the teacher does not answer.
    """
    useful = []
    for context in contexts:
        user = f"Question: {question}\n\nAnswer:\n{reference}\n\nPassage:\n{context}"
        useful.append(teacher.structured(Useful, prompt("useful").fill(), user).useful)
    return average_precision(useful)


def average_precision(useful: Sequence[bool]) -> float:
    """Return the mean of precision@k over the places at which a passage is useful; 0 if none is."""
    hits = np.cumsum(useful)
    found = [hits[i] / (i + 1) for i, one in enumerate(useful) if one]
    return float(np.mean(found)) if found else 0.0


def context_recall(
    question: str, reference: str, contexts: Sequence[str], teacher: Teacher
) -> float:
    """Return the share of what the reference states that follows from the passages.

    Raises:
        ModelError: if the teacher does not answer.
    """
    return _supported(_statements(reference, question, teacher), contexts, question, teacher)
