"""Answers, measured: each question is asked as a reader would ask it, and the answer is judged.

In: questions with what the author wrote to them, something that answers, and a teacher that judges.
Out: an `AnswersReport`. Every question is written down when it is done, so that a run that was
interrupted goes on where it was; one that fails is named and stops no other.

Beside the answer the judge rates something else that the author wrote, about another matter: it should be
told to be off the question and in the author's voice, or the judge's marks mean little. What the author
wrote to the question itself is what accuracy is measured by, and so it is not among what is rated.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from twin.components import Teacher
from twin.datasets.words import hashes, number, sequences
from twin.errors import ModelError, TwinError, UsageError
from twin.evaluation.cases import Case
from twin.evaluation.grounding import (
    Embed,
    context_precision,
    context_recall,
    faithfulness,
    relevancy,
)
from twin.evaluation.intervals import Interval, mean_interval
from twin.evaluation.judge import Judged, Rating, Shown, judged, rate
from twin.evaluation.overlap import overlaps
from twin.evaluation.patient import PatientTeacher
from twin.models.usage import Usage
from twin.prompts import prompt

TWIN, AUTHOR = "the twin", "the author, on something else"
HOPELESS = 4
"""Questions in a row that fail before any succeeded, after which nothing more is asked."""
GROUNDED = ("faithfulness", "relevancy", "context_precision", "context_recall")
SHARED_WORDS = ("rouge1", "rouge_l", "bleu")
SHARED, PIECES = 8, 3
PROMPTS = ("statements", "verdicts", "questions", "useful", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was answered, and out of which passages."""

    text: str
    contexts: tuple[str, ...]
    answered: bool = True


Ask = Callable[[str], Given]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One question, answered and judged; NaN is what could not be said."""

    case: Case
    given: Given
    scores: dict[str, float]
    ratings: tuple[Rating, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as it is written down."""
        values = asdict(self)
        values["scores"] = {k: v if math.isfinite(v) else None for k, v in self.scores.items()}
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersReport:
    """What was measured over all questions.

    Attributes:
        refused: questions to which the twin said that nothing was written.
        means: by name; a measure that could be taken of no question is left out.
        judged: the twin's answers and other words of the author's, by the same judge.
        failed: the questions that could not be measured, each with the reason.
        usage: what the teacher's answers took in this run.
    """

    questions: int
    refused: int
    means: dict[str, Interval]
    judged: tuple[Judged, ...]
    failed: tuple[str, ...]
    usage: Usage = field(default_factory=Usage)

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "questions": self.questions,
            "refused": self.refused,
            **{name: interval.as_json() for name, interval in self.means.items()},
            "judge": [one.as_json() for one in self.judged],
            "failed": list(self.failed),
            "tokens_read": self.usage.read,
            "tokens_written": self.usage.written,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What answers are measured with.

    Attributes:
        ask: answers a question.
        teacher: judges; None leaves only what can be counted.
        embed: texts to vectors, for relevancy.
        writing: pieces of the author's prose, the judge's measure of style.
        samples: times that the judge is asked in each order.
        at_once: questions that are worked on at the same time.
        attempts: tries of the teacher at each thing that it is asked.
    """

    ask: Ask
    teacher: Teacher | None
    embed: Embed
    writing: Sequence[str]
    samples: int = 2
    at_once: int = 4
    attempts: int = 3


Told = Callable[[int, int, Usage], None]
"""Told how many questions are done, of how many, and what the teacher's answers took so far."""


def measure_answers(
    cases: Sequence[Case],
    asking: Asking,
    record: Path,
    told: Told = lambda _done, _all, _usage: None,
) -> tuple[AnswersReport, list[Scored]]:
    """Ask every question and judge the answers.

    Args:
        cases: the questions.
        asking: what answers and what judges.
        record: where each is written down when it is done; what stands there already is not asked
            again.
        told: after every question.

    Raises:
        UsageError: if there is no question.
        ModelError: if the first questions all fail, as where no server answers.
    """
    if not cases:
        message = "there is no question to ask"
        raise UsageError(message, "`twin evaluate goldens` mines some, or name a file of questions")
    done = {one.case.id: one for one in read_record(record)}
    known = sum(case.id in done for case in cases)
    failed: list[str] = []
    record.parent.mkdir(parents=True, exist_ok=True)
    patient = PatientTeacher(asking.teacher, asking.attempts) if asking.teacher else None
    usage = patient.usage if patient else Usage()
    told(known, len(cases), usage)
    # One stream of answers at a time would leave the judge idle; the model and the judge are servers.
    with record.open("a", encoding="utf-8") as lines, ThreadPoolExecutor(asking.at_once) as pool:
        # What was torn off by a crash must not run into what comes now.
        lines.write("\n" if record.read_bytes()[-1:] not in {b"\n", b""} else "")
        tasks = {
            pool.submit(score, case, replace(asking, teacher=patient)): case
            for case in cases
            if case.id not in done
        }
        try:
            for number, task in enumerate(as_completed(tasks), start=1):
                try:
                    scored = task.result()
                except TwinError as error:
                    failed.append(f"{tasks[task].question}: {error.message}")
                    if not done and len(failed) == min(HOPELESS, len(tasks)):
                        raise _hopeless(failed, error) from error
                else:
                    done[scored.case.id] = scored
                    lines.write(json.dumps(scored.as_json(), ensure_ascii=False) + "\n")
                    lines.flush()
                told(known + number, len(cases), usage)
        except BaseException:
            # Ctrl-C: the call that is under way ends, what has not begun is not begun.
            if patient:
                patient.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    scored_cases = [done[case.id] for case in cases if case.id in done]
    return summed(scored_cases, failed, usage), scored_cases


def _hopeless(failed: Sequence[str], error: TwinError) -> ModelError:
    count = "the only question" if len(failed) == 1 else f"the first {len(failed)} questions"
    message = f"{count} could not be measured; the last: {' '.join(failed[-1].split())}"
    return ModelError(message, error.hint)


def score(case: Case, asking: Asking) -> Scored:
    """Ask one question and judge the answer.

    Raises:
        ModelError: if the model or the judge does not answer.
    """
    given = asking.ask(case.question)
    scores: dict[str, float] = {}
    ratings: tuple[Rating, ...] = ()
    if case.reference and given.answered:
        [shared] = overlaps([given.text], [case.reference])
        scores |= asdict(shared)
    teacher = asking.teacher
    if teacher is not None:
        question, answer, contexts = case.question, given.text, given.contexts
        if given.answered:
            scores["faithfulness"] = faithfulness(question, answer, contexts, teacher)
            scores["relevancy"] = relevancy(question, answer, teacher, asking.embed)
        else:
            # Who says that nothing was written states nothing, and answers nothing.
            scores["relevancy"] = 0.0
        reference = case.reference or answer
        scores["context_precision"] = context_precision(question, reference, contexts, teacher)
        if case.reference:
            scores["context_recall"] = context_recall(question, reference, contexts, teacher)
            ratings = tuple(_rated(case, answer, teacher, asking))
    return Scored(case=case, given=given, scores=scores, ratings=ratings)


def _rated(case: Case, answer: str, teacher: Teacher, asking: Asking) -> list[Rating]:
    """Return the judge's ratings, none where the author has written too little else."""
    sample, other = beside(asking.writing, case)
    if not other:
        return []
    shown = Shown(case=case.id, question=case.question, reference=case.reference, sample=sample)
    return rate(shown, (TWIN, answer), (AUTHOR, other), teacher, asking.samples)


def beside(writing: Sequence[str], case: Case) -> tuple[str, str]:
    """Return writing of the author that is not what they wrote to a question: a sample, and another piece.

    Neither shares eight words in a row with the reference, and the piece is not in the sample. Both are
    empty where there are no two pieces.
    """
    own = hashes(sequences(case.reference, SHARED))
    others = [text for text in writing if own.isdisjoint(hashes(sequences(text, SHARED)))]
    if len(others) < 2:  # noqa: PLR2004 - one is the sample, one is rated
        return "", ""
    turn = number("beside", case.id) % len(others)
    rated, *rest = [*others[turn:], *others[:turn]]
    step = max(1, len(rest) // PIECES)
    return "\n\n---\n\n".join(rest[::step][:PIECES]), rated


def summed(
    scored: Sequence[Scored], failed: Sequence[str] = (), usage: Usage | None = None
) -> AnswersReport:
    """Return the figures over all questions."""
    means = {}
    for name in (*GROUNDED, *SHARED_WORDS):
        values = [(one.scores.get(name, math.nan), one.case.unit) for one in scored]
        if known := [(value, unit) for value, unit in values if math.isfinite(value)]:
            means[name] = mean_interval([value for value, _ in known], [unit for _, unit in known])
    ratings = [rating for one in scored for rating in one.ratings]
    units = {one.case.id: one.case.unit for one in scored}
    return AnswersReport(
        questions=len(scored),
        refused=sum(not one.given.answered for one in scored),
        means=means,
        judged=tuple(judged(ratings, name, units) for name in (TWIN, AUTHOR)) if ratings else (),
        failed=tuple(failed),
        usage=usage or Usage(),
    )


def record_name(model: str, teacher: str, samples: int) -> str:
    """Return the file name under which answers are recorded; it changes with what makes them.

    Args:
        model: what answers, with all that decides what it says: its options, how passages are found.
        teacher: what judges, likewise.
        samples: times that the judge is asked.
    """
    versions = [prompt(name).label for name in (*PROMPTS, "answer")]
    text = json.dumps([model, teacher, samples, versions])
    return f"answers-{hashlib.sha256(text.encode()).hexdigest()[:12]}.jsonl"


def read_record(path: Path) -> Iterator[Scored]:
    """Yield what was written down; the last line may be torn, and is asked again."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            values = json.loads(line)
            yield Scored(
                case=Case(**values["case"]),
                given=Given(**{**values["given"], "contexts": tuple(values["given"]["contexts"])}),
                scores={k: math.nan if v is None else v for k, v in values["scores"].items()},
                ratings=tuple(Rating(**one) for one in values["ratings"]),
            )
        except (ValueError, KeyError, TypeError):
            continue


def ragas_rows(scored: Sequence[Scored]) -> Iterator[dict[str, Any]]:
    """Yield the questions as Ragas reads them (`EvaluationDataset`), to be judged by it elsewhere."""
    for one in scored:
        yield {
            "user_input": one.case.question,
            "response": one.given.text,
            "retrieved_contexts": list(one.given.contexts),
            "reference": one.case.reference,
        }
