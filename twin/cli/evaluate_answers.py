"""`twin evaluate answers`: are the answers faithful, to the point, accurate, and in the right voice?

In: questions, from the goldens or a file. Out: figures with intervals, as a table and JSON; every
answer with its marks as JSON lines. What was interrupted goes on where it was.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.cli import evaluate_options, output
from twin.cli.evaluate_style import corpus_of_home
from twin.errors import UsageError
from twin.home import Home

if TYPE_CHECKING:
    from twin.evaluation.answers import AnswersReport, Ask
    from twin.evaluation.cases import Case
    from twin.evaluation.corpus import Corpus
    from twin.models.usage import Usage

REFERENCE = 4000
"""Characters of a document that is the answer as a whole."""


@click.command("answers")
@click.option(
    "--questions",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="JSON lines with question, and perhaps reference. [default: the goldens]",
)
@click.option("--limit", type=click.IntRange(1), default=50, help="How many questions.")
@click.option("--samples", type=click.IntRange(1, 10), default=2, help="Of the judge, each order.")
@click.option("--fresh", is_flag=True, help="Ask again what was answered before.")
@click.option(
    "--ragas",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the answers here too, as Ragas reads them.",
)
@evaluate_options.JSON
@click.pass_obj
def answers_command(
    home_option: Path | None,
    questions: Path | None,
    limit: int,
    samples: int,
    ragas: Path | None,
    *,
    fresh: bool,
    as_json: bool,
) -> int:
    """Ask the twin questions, and judge its answers.

    Faithfulness, relevancy, context precision and recall as Ragas defines them, and accuracy and
    style from 1 to 3, need the teacher of twin.toml; ROUGE and BLEU do not.
    """
    import json  # noqa: PLC0415 - needed only here

    from twin.evaluation.answers import (  # noqa: PLC0415 - heavy
        Asking,
        measure_answers,
        ragas_rows,
        record_name,
    )
    from twin.evaluation.figures import write_figures  # noqa: PLC0415

    with Home(home_option) as home:
        cases = _cases(home, questions)[:limit]
        models = home.settings.models
        teacher = home.registry.teacher() if home.registry.has_teacher else None
        if teacher is None:
            output.note(
                "there is no teacher: only what can be counted is measured (models.teacher)"
            )
        judge = models.teacher.model_dump_json() if models.teacher else ""
        tables = (models.chat, home.settings.retrieve, home.settings.index, home.settings.chat)
        answering = "".join(table.model_dump_json() for table in tables)
        record = home.folder / "evaluation" / record_name(answering, judge, samples)
        if fresh:
            record.unlink(missing_ok=True)
        embedding = home.registry.embedding()
        asking = Asking(
            ask=_asks(home),
            teacher=teacher,
            embed=lambda texts: embedding.get_text_embedding_batch(list(texts)),
            writing=pieces_of(corpus_of_home(home, None)) if teacher is not None else (),
            samples=samples,
        )
        prices = home.settings.datasets.prices
        with output.steps() as told:

            def told_usage(done: int, total: int, usage: "Usage") -> None:
                label = "asking and judging" + (f" ({_took(usage, prices)})" if teacher else "")
                told(label, done, total)

            report, scored = measure_answers(cases, asking, record, told_usage)
        figures = report.as_json() | {"answers": str(record)}
        write_figures(home.folder / "evaluation" / "answers.json", figures)
        if ragas is not None:
            lines = (json.dumps(row, ensure_ascii=False) for row in ragas_rows(scored))
            ragas.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if as_json:
        output.emit_json(figures)
    else:
        _show(report, record)
        if teacher is not None:
            output.note(f"the teacher's answers took {_took(report.usage, prices)}")
    return 1 if report.failed else 0


def _cases(home: Home, questions: Path | None) -> "list[Case]":
    from twin.evaluation.cases import Case, read_cases  # noqa: PLC0415
    from twin.evaluation.goldens import read_goldens  # noqa: PLC0415

    if questions is not None:
        return read_cases(questions)
    goldens = home.folder / "evaluation" / "goldens.jsonl"
    if not goldens.is_file():
        message = "there are no questions yet"
        hint = "`twin evaluate goldens` mines them from your writing; --questions names a file"
        raise UsageError(message, hint)
    found = []
    for golden in read_goldens(goldens):
        stored = home.warehouse.get_many([(golden.document_id, golden.version)])
        for one in stored.values():
            text = one.document.text[golden.start : golden.end or REFERENCE]
            document = golden.document_id
            found.append(
                Case(id=golden.id, question=golden.question, reference=text, document=document)
            )
    # Goldens lie in the order of their sources: by their ids, which are hashes, they are drawn.
    return sorted(found, key=lambda case: case.id)


def _asks(home: Home) -> "Ask":
    """Return what asks the twin; the home is opened before several threads use it."""
    from twin.evaluation.answers import Given  # noqa: PLC0415 - heavy

    answerer, audience = home.answerer, home.settings.retrieve.audience

    def ask(question: str) -> Given:
        answer = answerer.answer(question, audience=audience)
        contexts = tuple(passage.text for passage in answer.retrieval.passages)
        return Given(text=answer.text, contexts=contexts, answered=answer.answered)

    return ask


def _took(usage: "Usage", prices: tuple[float, float]) -> str:
    cost = usage.price(prices)
    tokens = f"{usage.read + usage.written:,} tokens"
    return f"{tokens}, {cost:.2f} so far" if cost else tokens


def pieces_of(corpus: "Corpus", words: int = 150) -> list[str]:
    """Return the author's prose in pieces of about so many words."""
    windows, labels = corpus.windows(words)
    return [w.text for w, label in zip(windows, labels, strict=True) if label]


def sample_of(corpus: "Corpus", pieces: int = 3) -> str:
    """Return some of the author's prose, the judge's measure of style."""
    own = pieces_of(corpus)
    step = max(1, len(own) // pieces)
    return "\n\n---\n\n".join(own[::step][:pieces])


def _show(report: "AnswersReport", record: Path) -> None:
    click.echo(f"{report.questions} questions, {report.refused} refused")
    output.table(["", "mean, 95% interval"], [[n, str(i)] for n, i in report.means.items()])
    for one in report.judged:
        output.table(
            [f"judge, {one.text}", "mean of 3", "alpha", "kappa", "for standing first"],
            [
                [
                    aspect,
                    str(interval),
                    f"{one.alpha[aspect]:.2f}",
                    f"{one.kappa[aspect]:.2f}",
                    f"{one.place_bias[aspect]:+.2f}",
                ]
                for aspect, interval in one.means.items()
            ],
        )
    for reason in report.failed:
        output.note(f"not measured: {reason}")
    click.echo(f"answers: {record}")
