"""`twin evaluate style`: how far texts are from the person.

In: files of texts, or runs. Out: where they stand between the person's own writing and other
people's, as a table, a plot and JSON.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.cli import evaluate_options, output
from twin.errors import UsageError
from twin.home import Home

if TYPE_CHECKING:
    from twin.evaluation.corpus import Corpus
    from twin.evaluation.style import StyleReport
    from twin.evaluation.voice import Voice


@click.command("style")
@click.argument("names", metavar="FILE|RUN...", nargs=-1)
@evaluate_options.of_style(words=100)
@click.option(
    "--base",
    type=click.Path(path_type=Path, exists=True),
    help="Texts by the base model, to be marked on the scale.",
)
@click.pass_obj
def style_command(  # noqa: PLR0913, PLR0917 - one an option
    home_option: Path | None,
    names: tuple[str, ...],
    author: str | None,
    others: tuple[Path, ...],
    base: Path | None,
    words: int,
    plot: Path | None,
    *,
    as_json: bool,
) -> int:
    """Say how far the texts of each FILE or RUN are from the author.

    0 is the author's own writing, held out, and 1 other people's. A FILE is a text, a folder of
    texts, or JSON lines with a text each; of a RUN, what `twin evaluate run` had it write.
    """
    from twin.evaluation.corpus import read_texts  # noqa: PLC0415 - heavy
    from twin.evaluation.figures import write_figures  # noqa: PLC0415
    from twin.evaluation.plots import draw_style  # noqa: PLC0415
    from twin.evaluation.style import Scale  # noqa: PLC0415

    with Home(home_option) as home:
        sets: dict[str, list[str]] = {}
        if base is not None:
            sets["base model"] = list(read_texts(base).values())
        for name in names:
            sets[Path(name).stem] = _texts(home, name)
        corpus = _not_learned(corpus_of_home(home, author, others), sets)
        with output.progress("learning the style", "folds") as told:
            scale = Scale(corpus, words, told=told)
        with output.waiting("placing the texts"):
            report = scale.report(sets)
        folder = home.folder / "evaluation"
        figures = report.as_json()
        write_figures(folder / "style.json", figures)
        place = draw_style(report, plot or folder / "style.png")
    if as_json:
        output.emit_json(figures | {"plot": str(place)})
        return 0
    show_style(report)
    click.echo(f"plot: {place}")
    return 0


def _not_learned(corpus: "Corpus", sets: Mapping[str, Sequence[str]]) -> "Corpus":
    """Return the corpus without what is to be judged, as far as enough is left to learn from."""
    from twin.evaluation.verification import LEAST_DOCUMENTS  # noqa: PLC0415 - heavy

    left, gone = corpus.without(text for texts in sets.values() for text in texts)
    if not gone:
        return corpus
    some = f"{len(gone)} {'document holds' if len(gone) == 1 else 'documents hold'} the texts in question"
    if min(len(left.own), len(left.others)) < LEAST_DOCUMENTS:
        output.note(f"{some}: they are judged by what has learned them, since little else is there")
        return corpus
    output.note(f"{some}, and nothing is learned from them")
    return left


def corpus_of_home(home: Home, author: str | None, others: Sequence[Path] = ()) -> "Corpus":
    """Return the person's writing and other people's: of the warehouse, of twin.toml, and given.

    Raises:
        UsageError: if the person has written no prose, or a path of twin.toml is not there.
    """
    from twin.evaluation.corpus import corpus_of  # noqa: PLC0415 - heavy

    named = [home.folder / Path(path).expanduser() for path in home.settings.evaluation.others]
    if missing := [path for path in named if not path.exists()]:
        message = f"evaluation.others: there is no {missing[0]}"
        raise UsageError(message, f"mend it in {home.settings_path}")
    whose = author or home.settings.person.name
    if not whose:
        written = [a for a in home.warehouse.authors() if a.documents]
        whose = written[0].slug if len(written) == 1 else ""
    with output.waiting("reading what was written"):
        return corpus_of(home.warehouse, whose, [*named, *others])


def voice_of_home(home: Home) -> "Voice | None":
    """Return what says how much a text sounds like the person, learned once and kept in the home.

    None where nothing can be said: the person is not named or has written too little, or
    scikit-learn is not installed.
    """
    try:
        from twin.evaluation.voice import voice_of  # noqa: PLC0415 - heavy

        corpus = corpus_of_home(home, None)
        with output.waiting("learning how you write"):
            return voice_of(corpus, home.folder / "cache" / "voice")
    except (ImportError, UsageError):
        return None


def _texts(home: Home, name: str) -> list[str]:
    from twin.evaluation.corpus import read_texts  # noqa: PLC0415 - heavy

    run = home.folder / "runs" / name
    if not run.is_dir():
        path = Path(name).expanduser()
        if not path.exists():
            message = f"{name!r} is no file and no run"
            raise UsageError(message, "`twin runs list` names the runs")
        return list(read_texts(path).values())
    written = sorted((run / "evaluation").glob("texts-*.jsonl"), key=lambda p: p.stat().st_mtime)
    if not written:
        message = f"the run {name} has written nothing yet"
        raise UsageError(message, f"`twin evaluate run base {name}` has it write")
    return list(read_texts(written[-1]).values())


def show_style(report: "StyleReport") -> None:
    """Print where the sets stand."""
    apart = report.told_apart
    click.echo(
        f"{report.author} beside other people, held out, windows of {report.words} words: "
        f"AUC {apart.auc}, true positives at 1% false ones {apart.tpr}"
    )
    rows = [
        [
            mark.name,
            f"{mark.texts[0]} of {mark.texts[1]}",
            str(mark.distance),
            str(mark.passes),
            str(mark.auc),
            _number(mark.delta),
            _number(mark.impostors),
        ]
        for mark in report.marks
    ]
    output.table(
        [
            "",
            "windows",
            "distance",
            "pass as the author's",
            "AUC to the author",
            "Delta",
            "impostors",
        ],
        rows,
    )


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else ""
