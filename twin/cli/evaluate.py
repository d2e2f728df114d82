"""`twin evaluate`: what the twin finds, what it answers, and whether it sounds like the person.

In: goldens, questions, texts, runs. Out: tables with intervals, plots, JSON; of a comparison also a
verdict as exit code. The figures lie in ``evaluation/`` of the home.
"""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from twin.cli import evaluate_options, output
from twin.cli.evaluate_answers import answers_command
from twin.cli.evaluate_run import run_command
from twin.cli.evaluate_style import style_command
from twin.documents import Audience
from twin.home import Home

if TYPE_CHECKING:
    from twin.evaluation.goldens import Golden
    from twin.evaluation.retrieval import Measured
    from twin.warehouse.protocol import StoredDocument

GOLDENS = "goldens.jsonl"


@click.group("evaluate")
def evaluate_command() -> None:
    """Measure what the twin finds, what it answers, and whether it sounds like you."""


evaluate_command.add_command(answers_command)
evaluate_command.add_command(style_command)
evaluate_command.add_command(run_command)


@evaluate_command.command("goldens")
@click.option("--most", type=click.IntRange(1, 100_000), default=200, help="Questions in all.")
@click.option("--teacher", is_flag=True, help="Have the teacher write the questions.")
@click.option("--author", help="Whose writing. [default: everybody's]")
@click.option("--seed", default=0, help="Of the drawing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def goldens_command(
    home_option: Path | None,
    most: int,
    author: str | None,
    seed: int,
    *,
    teacher: bool,
    as_json: bool,
) -> int:
    """Mine questions whose answers are known from your own writing.

    Titles, headings, first sentences and links are questions already; with --teacher the teacher
    writes them in other words, which is the harder test. They lie in evaluation/goldens.jsonl.
    """
    from twin.evaluation.goldens import ask_teacher, mine, write_goldens  # noqa: PLC0415

    with Home(home_option) as home:
        documents = _documents(home, author)
        failed: list[str] = []
        if teacher:
            with output.progress("writing questions", "questions") as told:
                found, failed = ask_teacher(
                    documents, home.registry.teacher(), most=most, seed=seed, told=told
                )
        else:
            found = mine(documents, most=most, seed=seed)
        path = home.folder / "evaluation" / GOLDENS
        if found:
            write_goldens(found, path)
    forms: dict[str, int] = {}
    for golden in found:
        forms[golden.form] = forms.get(golden.form, 0) + 1
    if as_json:
        output.emit_json(
            {"goldens": len(found), "forms": forms, "failed": failed, "file": str(path)}
        )
        return 1 if failed else 0
    for reason in failed:
        output.note(f"no question: {reason}")
    told_forms = ", ".join(f"{count} by {form}" for form, count in forms.items())
    click.echo(f"{len(found)} questions ({told_forms}) are in {path}")
    return 1 if failed else 0


def _documents(home: Home, author: str | None) -> "list[StoredDocument]":
    """Return the prose of a home, newest versions, as far as the asker may see it.

    Raises:
        UsageError: if there is none.
    """
    from twin.errors import UsageError  # noqa: PLC0415
    from twin.evaluation.corpus import BATCH, PROSE_KINDS  # noqa: PLC0415

    slug = home.warehouse.resolve_author(author) if author else None
    visible = home.settings.retrieve.audience.visible
    keys = [
        (s.id, s.version)
        for s in home.warehouse.summaries()
        if s.kind in PROSE_KINDS
        and s.audience in visible
        and (author is None or s.author_slug == slug)
    ]
    found: list[StoredDocument] = []
    for start in range(0, len(keys), BATCH):
        found += home.warehouse.get_many(keys[start : start + BATCH]).values()
    if not found:
        message = f"there is no prose by {author!r}" if author else "there is no writing to ask for"
        raise UsageError(message, "`twin ingest` takes it in; `twin author` lists the authors")
    return found


@evaluate_command.command("retrieval")
@click.option(
    "--goldens",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Questions to ask. [default: evaluation/goldens.jsonl, mined if it is not there]",
)
@click.option(
    "--beir",
    type=click.Path(path_type=Path, file_okay=False),
    help="A set in BEIR's layout instead; it is indexed in a home of its own.",
)
@click.option("--split", default="test", help="The judgements of a BEIR set.")
@click.option("--limit", type=click.IntRange(1), help="The first so many questions only.")
@click.option("--compare", is_flag=True, help="Dense and keyword search alone beside the whole.")
@evaluate_options.PLOT
@evaluate_options.JSON
@click.pass_obj
def retrieval_command(  # noqa: PLR0913 - one an option
    home_option: Path | None,
    goldens: Path | None,
    beir: Path | None,
    split: str,
    limit: int | None,
    plot: Path | None,
    *,
    compare: bool,
    as_json: bool,
) -> int:
    """Measure what is found: Recall@k, MRR and nDCG@10, with 95% intervals, per kind."""
    from twin.evaluation.figures import write_figures  # noqa: PLC0415
    from twin.evaluation.goldens import mine, read_goldens, write_goldens  # noqa: PLC0415
    from twin.evaluation.retrieval import RetrievalReport, draw, measure_goldens  # noqa: PLC0415

    with Home(home_option) as home:
        folder = home.folder / "evaluation"
        if beir is not None:
            report = RetrievalReport(
                measured=tuple(_beir(home, beir, split, limit, compare=compare)), missed=()
            )
        else:
            path = goldens or folder / GOLDENS
            if goldens is None and not path.is_file():
                write_goldens(mine(_documents(home, None)), path)
                output.note(f"questions were mined into {path}")
            asked: list[Golden] = read_goldens(path)[:limit]
            ways = _ways(home, home.settings.retrieve.audience, compare=compare)
            with output.progress("asking", "questions") as told:
                report = measure_goldens(asked, ways, told)
        figures = report.as_json()
        write_figures(folder / "retrieval.json", figures)
        place = draw(report, plot or folder / "retrieval.png")
    if as_json:
        output.emit_json(figures | {"plot": str(place)})
        return 0
    _retrieval_table(report.measured)
    if report.missed:
        output.note(f"{len(report.missed)} answers were not found, as of: {report.missed[0]}")
    click.echo(f"plot: {place}")
    return 0


def _ways(home: Home, audience: Audience, *, compare: bool) -> dict[str, Any]:
    from twin.evaluation.retrieval import WHOLE, ways_of  # noqa: PLC0415

    with output.waiting("opening the index"):
        ways = ways_of(home.retriever, home.index.store, home.embedder, audience)
    return ways if compare else {WHOLE: ways[WHOLE]}


def _beir(
    home: Home, folder: Path, split: str, limit: int | None, *, compare: bool
) -> "list[Measured]":
    """Index a set in a home of its own, with this home's settings, and measure it."""
    from twin.evaluation.beir import fill, measure_beir, read_beir  # noqa: PLC0415

    beir = read_beir(folder, split, limit)
    place = home.folder / "evaluation" / "beir" / beir.name
    place.mkdir(parents=True, exist_ok=True)
    if home.settings_path.is_file():
        shutil.copyfile(home.settings_path, place / home.settings_path.name)
    with Home(place) as own:
        with output.waiting(f"taking in {beir.name}"):
            fill(beir, own.warehouse)
        with output.progress("indexing", "documents") as told:
            own.sync(told)
        ways = _ways(own, Audience.PRIVATE, compare=compare)
        with output.progress("asking", "questions") as told:
            return measure_beir(beir, ways, told)


def _retrieval_table(measured: "tuple[Measured, ...]") -> None:
    names = list(measured[0].values)
    rows = [
        [
            one.way,
            one.group,
            str(one.questions),
            *(f"{v.value:.3f} [{v.low:.3f}, {v.high:.3f}]" for v in one.values.values()),
        ]
        for one in measured
    ]
    output.table(["way", "of", "questions", *names], rows)
