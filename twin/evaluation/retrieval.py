"""Retrieval, measured: Recall@k, MRR and nDCG@10, each with its interval, in all and per kind.

In: a ranking of results for every question, and which of them are relevant. Out: a `RetrievalReport`.
The measures are those of ir-measures (MacAvaney et al., Streamlining Evaluation with ir-measures,
ECIR 2022), which runs trec_eval's own code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.documents import Audience, Span
from twin.errors import ComponentUnavailable, UsageError
from twin.evaluation.goldens import Golden
from twin.evaluation.intervals import Interval, mean_interval
from twin.points import Filters
from twin.retrieve.filters import Found

if TYPE_CHECKING:
    from twin.index.embedder import Embedder
    from twin.points import VectorStore
    from twin.retrieve.retriever import Retriever

DEPTH = 20
"""Results that are looked at; Recall is reported at 1, 5, 10 and so many."""

MEASURES = ("Recall@1", "Recall@5", "Recall@10", "Recall@20", "MRR", "nDCG@10")
WHOLE, DENSE, SPARSE = "whole", "dense", "sparse"
WAYS = (WHOLE, DENSE, SPARSE)

Run = dict[str, dict[str, float]]
"""Score by result, by question."""

Qrels = dict[str, dict[str, int]]
"""Relevance by result, by question."""


@dataclass(frozen=True, slots=True)
class Result:
    """One retrieved passage: its document and span."""

    document_id: str
    span: Span
    source: str = ""


Ways = Mapping[str, Callable[[str], Sequence[Result]]]
"""What is compared: by name, a function from a question to results, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measures of one way over one group of questions."""

    way: str
    group: str
    questions: int
    values: Mapping[str, Interval]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        values = {name: interval.as_json() for name, interval in self.values.items()}
        return {"way": self.way, "group": self.group, "questions": self.questions, **values}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """All that was measured, and the questions at which the first way failed.

    Attributes:
        missed: questions whose answer is not among the results.
    """

    measured: tuple[Measured, ...]
    missed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"measured": [m.as_json() for m in self.measured], "missed": list(self.missed)}


def ways_of(
    retriever: Retriever, store: VectorStore, embedder: Embedder, audience: Audience
) -> dict[str, Callable[[str], list[Result]]]:
    """Return the whole retrieval, and dense and keyword search alone.

    The whole is what `twin search` does: variants, fusion and rerankers as twin.toml names them; but
    no filters are read out of a question, since it was not written to be filtered.
    """
    everything = Filters(audience=audience)

    def whole(question: str) -> list[Result]:
        found = retriever.retrieve(question, audience=audience, found=Found(), passages=DEPTH)
        return [Result(p.document_id, Span(p.start, p.end), p.source) for p in found.passages]

    def alone(query: Any) -> list[Result]:
        [hits] = store.search([query], everything, DEPTH)
        return [
            Result(
                h.payload.document_id,
                Span(h.payload.passage_start, h.payload.passage_end),
                h.payload.source,
            )
            for h in hits
        ]

    return {
        WHOLE: whole,
        DENSE: lambda question: alone(embedder.question(question)),
        SPARSE: lambda question: alone(embedder.sparse_question(question)),
    }


def measure_goldens(
    goldens: Sequence[Golden],
    ways: Ways,
    told: Callable[[int, int | None], None] = lambda _done, _all: None,
) -> RetrievalReport:
    """Return how well each way finds the goldens.

    A result is relevant if it shares at least half of itself, or of the golden's span, with it;
    several that do count once. Intervals are over documents.

    Args:
        goldens: what is asked for.
        ways: what is compared, the first being the one whose misses are named.
        told: after every question.

    Raises:
        UsageError: if there are none.
    """
    if not goldens:
        message = "there is no question to ask"
        raise UsageError(message, "take more writing in, or give a set with --beir")
    runs: dict[str, Run] = {way: {} for way in ways}
    qrels: Qrels = {golden.id: {"gold": 1} for golden in goldens}
    total = len(goldens) * len(ways)
    for done, golden in enumerate(goldens, start=1):
        for way, ask in ways.items():
            runs[way][golden.id] = _ranked(golden, ask(golden.question))
            told(done * len(ways), total)
    groups = {golden.id: (f"form {golden.form}", f"kind {golden.kind}") for golden in goldens}
    units = {golden.id: golden.document_id for golden in goldens}
    missed = [g.question for g in goldens if "gold" not in runs[next(iter(ways))][g.id]]
    return RetrievalReport(
        measured=tuple(
            one for way, run in runs.items() for one in measure(way, run, qrels, groups, units)
        ),
        missed=tuple(missed),
    )


def _ranked(golden: Golden, results: Sequence[Result]) -> dict[str, float]:
    """Return results as a run: the first that answers is called gold, further ones are left out."""
    names: dict[str, None] = {}
    for result in results:
        if result.document_id == golden.apart:
            continue
        answers = golden.answers(result.document_id, result.span)
        where = f"{result.document_id}:{result.span.start}:{result.span.end}"
        # Of a document that is asked for as a whole, several passages are one finding.
        names.setdefault("gold" if answers else where)
    return {name: 1 / place for place, name in enumerate(names, start=1)}


def measure(
    way: str,
    run: Run,
    qrels: Qrels,
    groups: Mapping[str, Sequence[str]] | None = None,
    units: Mapping[str, str] | None = None,
) -> list[Measured]:
    """Return the measures of a run, over all questions and over each group of them.

    Args:
        way: its name.
        run: score by result by question.
        qrels: relevance by result by question.
        groups: the groups of each question, besides "all".
        units: what is drawn for the intervals: the document of each question, by default itself.

    Raises:
        ComponentUnavailable: if ir-measures is not installed.
    """
    values = _by_question(run, qrels)
    members: dict[str, list[str]] = {"all": list(qrels)}
    for question, names in (groups or {}).items():
        for name in names:
            members.setdefault(name, []).append(question)
    return [
        Measured(
            way=way,
            group=group,
            questions=len(questions),
            values={
                name: mean_interval(
                    [values[name].get(q, 0.0) for q in questions],
                    [units[q] if units else q for q in questions],
                )
                for name in MEASURES
            },
        )
        for group, questions in sorted(members.items(), key=lambda item: item[0] != "all")
    ]


def _by_question(run: Run, qrels: Qrels) -> dict[str, dict[str, float]]:
    try:
        import ir_measures  # noqa: PLC0415 - only where it is measured
    except ImportError as error:
        message = "retrieval is measured by ir-measures"
        raise ComponentUnavailable(message, "pip install 'twin[evaluation]'") from error
    names = {str(ir_measures.parse_measure(_TREC.get(name, name))): name for name in MEASURES}
    measures = [ir_measures.parse_measure(name) for name in names]
    # trec_eval takes no question without any result.
    asked = {q: found or {"nothing": 0.0} for q, found in run.items()}
    found: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for one in ir_measures.iter_calc(measures, qrels, asked):
        found[names[str(one.measure)]][one.query_id] = float(one.value)
    return found


_TREC = {name: name.replace("Recall", "R").replace("MRR", "RR") for name in MEASURES}
"""What ir-measures calls them: R is recall, RR the reciprocal rank."""


def draw(report: RetrievalReport, path: Path) -> Path:
    """Draw nDCG@10 and Recall@5 of every group, a bar a way."""
    from twin.evaluation.plots import bars, figure, save  # noqa: PLC0415 - heavy

    ways = list(dict.fromkeys(m.way for m in report.measured))
    groups = list(dict.fromkeys(m.group for m in report.measured))
    found = {(m.way, m.group): m for m in report.measured}
    labels = [
        f"{g}\n({next(m.questions for m in report.measured if m.group == g)})" for g in groups
    ]
    drawn, axes = figure(max(7.0, 1.5 * len(groups)), 6.4, rows=2)
    for axis, name in zip(axes.flat, ("nDCG@10", "Recall@5"), strict=True):
        series: dict[str, list[Interval | None]] = {
            way: [found[way, g].values[name] if (way, g) in found else None for g in groups]
            for way in ways
        }
        bars(axis, labels, series, name)
        axis.set_ylim(0, 1.05)
    return save(drawn, path)


def paired_difference(one: Sequence[float], other: Sequence[float]) -> Interval:
    """Return the mean difference of two ways over the same questions, drawn in pairs."""
    if not len(one):
        return Interval(math.nan, math.nan, math.nan)
    return mean_interval((np.asarray(one) - np.asarray(other)).tolist())
