"""`twin evaluate run`: the base, what was trained, and which of them is the person.

In: runs, model folders, GGUF files, chat models of twin.toml, or files of generated texts. Out: one
table, one page of plots, and a verdict by the gate of twin.toml, which is the exit code too.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from twin.cli import evaluate_options, output
from twin.cli.evaluate_answers import sample_of
from twin.cli.evaluate_style import corpus_of_home
from twin.errors import UsageError
from twin.home import Home

if TYPE_CHECKING:
    from twin.evaluation.candidates import Candidate
    from twin.evaluation.comparing import Comparison, Measured
    from twin.evaluation.generation import Prompted
    from twin.evaluation.verdict import Verdict


@click.command("run")
@click.argument("names", metavar="BASE RUN...", nargs=-1, required=True)
@evaluate_options.of_style(words=80)
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="What they write on, as JSON lines. [default: test.jsonl of the run's set]",
)
@click.option(
    "--held-out",
    type=click.Path(path_type=Path, exists=True),
    help="The author's text for perplexity. [default: test.jsonl of the run's set]",
)
@click.option(
    "--training",
    type=click.Path(path_type=Path, exists=True),
    help="What none may give back word for word. [default: the set of each run]",
)
@click.option("--texts", type=click.IntRange(5, 1000), default=20, help="That each writes.")
@click.option("--tokens", type=click.IntRange(60, 2000), default=150, help="Of each text.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.8)
@click.option("--seed", default=0, help="Of what they write.")
@click.option("--no-judge", is_flag=True, help="Do not ask the teacher.")
@click.pass_obj
def run_command(  # noqa: PLR0913, PLR0917 - one an option
    home_option: Path | None,
    names: tuple[str, ...],
    author: str | None,
    others: tuple[Path, ...],
    prompts: Path | None,
    held_out: Path | None,
    training: Path | None,
    texts: int,
    tokens: int,
    words: int,
    temperature: float,
    seed: int,
    plot: Path | None,
    *,
    no_judge: bool,
    as_json: bool,
) -> int:
    """Compare each RUN with BASE: style, memorisation, perplexity, shared words, the judge.

    Each is a run, a model folder, a GGUF file, a chat model of twin.toml ("base" is models.chat), or
    a file or folder of texts that are there already. The exit code is 0 if every RUN passes the
    gate under [evaluation] in twin.toml, 1 if one does not.
    """
    from twin.evaluation.candidates import Known, candidate, unseen  # noqa: PLC0415 - heavy
    from twin.evaluation.comparing import Comparing, compare  # noqa: PLC0415
    from twin.evaluation.corpus import read_texts  # noqa: PLC0415
    from twin.evaluation.figures import write_figures  # noqa: PLC0415
    from twin.evaluation.generation import Sampling  # noqa: PLC0415
    from twin.evaluation.page import draw_comparison  # noqa: PLC0415
    from twin.evaluation.style import Scale  # noqa: PLC0415
    from twin.evaluation.verdict import verdicts  # noqa: PLC0415

    if len(names) < 2:  # noqa: PLR2004 - a base and something beside it
        message = "one thing alone cannot be compared"
        raise UsageError(message, "as in: twin evaluate run base sft-1 dpo-1")
    with Home(home_option) as home:
        registry = home.registry
        known = Known(
            home=home.folder,
            models=registry.chat_model_names(),
            chat_model=registry.chat_model,
            identity=lambda name: _identity(home, name),
        )
        found = [candidate(name, known) for name in names]
        for text in (text for one in found for text in one.notes):
            output.note(text)
        trained_on = read_texts(training) if training else {}
        asked, kept_back, left_out = unseen(
            _prompts(found, prompts, texts, seed),
            read_texts(held_out) if held_out else _held_out(found),
            found,
            trained_on,
        )
        for text in left_out:
            output.note(text)
        corpus = corpus_of_home(home, author, others)
        judging = registry.has_teacher and not no_judge
        with output.progress("learning the style", "folds") as told:
            scale = Scale(corpus, words, told=told)
        by = Comparing(
            scale=scale,
            prompts=asked,
            sampling=Sampling(tokens=tokens, temperature=temperature, seed=seed),
            held_out=kept_back,
            training=trained_on,
            teacher=registry.teacher() if judging else None,
            sample=sample_of(corpus) if judging else "",
            cache=home.folder / "evaluation" / "texts",
        )
        with output.stages() as told_stage:
            comparison = compare(found, by, told_stage)
        said = verdicts(comparison, home.settings.evaluation)
        figures = comparison.as_json() | {"verdicts": [one.as_json() for one in said]}
        folder = home.folder / "evaluation"
        write_figures(folder / "comparison.json", figures)
        for one in found:
            if one.folder is not None:
                write_figures(one.folder / "comparison.json", figures)
        place = draw_comparison(comparison, said, plot or folder / "comparison.png")
    if as_json:
        output.emit_json(figures | {"plot": str(place)})
    else:
        _show(comparison, said)
        click.echo(f"plot: {place}")
    return 0 if all(one.passes for one in said) else 1


def _identity(home: Home, name: str) -> str:
    """Return what a chat model of twin.toml is: its component, and all that is set for it."""
    models = home.settings.models
    adapters = {one.name: one.model for one in models.adapters}
    return f"{name}:{adapters.get(name, models.chat).model_dump_json()}"


def _prompts(
    found: "list[Candidate]", given: Path | None, most: int, seed: int
) -> "list[Prompted]":
    from twin.evaluation.candidates import prompts_of  # noqa: PLC0415 - heavy

    if given is not None:
        return prompts_of(given, most, seed)
    for one in found:
        if one.dataset is not None and (one.dataset / "test.jsonl").is_file():
            return prompts_of(one.dataset / "test.jsonl", most, seed)
    return []


def _held_out(found: "list[Candidate]") -> dict[str, str]:
    from twin.evaluation.candidates import held_out_of  # noqa: PLC0415 - heavy

    for one in found:
        if one.dataset is not None and (texts := held_out_of(one.dataset)):
            return texts
    return {}


def _show(comparison: "Comparison", said: "tuple[Verdict, ...]") -> None:
    style = comparison.style
    own, others = style.marks[0], style.marks[1]
    click.echo(
        f"{style.author}: windows of {style.words} words; own writing held out {own.distance}, "
        f"other people {others.distance}, told apart with an AUC of {style.told_apart.auc}"
    )
    output.table(
        ["", "texts", "distance", "pass", "memorised", "perplexity", "ROUGE-L", "BLEU", "judge"],
        [_row(one) for one in comparison.measured],
    )
    for note in comparison.notes:
        output.note(note)
    for verdict in said:
        passes = "passes" if verdict.passes else "does not pass"
        click.secho(f"{output.plain(verdict.name)} {passes}", bold=True)
        for one in verdict.conditions:
            sign = {True: "yes", False: "NO", None: "?"}[one.holds]
            click.echo(f"  {sign:<4} {one.name}: {one.said}")


def _row(one: "Measured") -> list[str]:
    memorised = (
        f"{len(one.memorised.over)} of {len(one.memorised.longest)}" if one.memorised else ""
    )
    judge = ""
    if one.judged:
        accuracy, style = one.judged.means["accuracy"], one.judged.means["style"]
        judge = f"accuracy {accuracy.value:.2f}, style {style.value:.2f}"
    return [
        one.name,
        str(len(one.texts)),
        str(one.style.distance),
        f"{one.style.passes.value:.0%}",
        memorised,
        str(one.perplexity.perplexity) if one.perplexity else "",
        "" if one.rouge_l is None else f"{one.rouge_l:.3f}",
        "" if one.bleu is None else f"{one.bleu:.3f}",
        judge,
    ]
