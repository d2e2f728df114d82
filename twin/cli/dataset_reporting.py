"""`twin dataset report`: how good a set is, and whether it is enough.

In: a set. Out: its figures, and where the teacher is asked its marks.
"""

import click

from twin.cli import output
from twin.cli.dataset import folder_of
from twin.datasets.judging import Judged, judged
from twin.datasets.quality import SOURCES, Quality, asked_for, quality
from twin.datasets.rows import read_rows
from twin.datasets.writing import read_manifest
from twin.errors import UsageError
from twin.home import Home
from twin.samples import Split

TOPICS = 8


def report(home: Home, name: str, *, teacher: bool, sample: int, size: str, as_json: bool) -> int:
    """Print the report of a set.

    Raises:
        DatasetError: if there is no such set.
        UsageError: if ``--model`` says no size.
    """
    folder = folder_of(home, name)
    values = read_manifest(folder)
    enough = None
    if size:
        enough = asked_for(size, values["kind"])
        if enough is None:
            message = f"--model {size}: it says no size"
            raise UsageError(message, "as in --model 8B, or --model meta-llama/Llama-3.1-8B")
    files = [(split, folder / f"{split.value}.jsonl") for split in Split]
    samples = [one for split, file in files if file.is_file() for one in read_rows(file, split)]
    figures = quality(samples)
    marks = None
    if teacher:
        asked = home.indexes.wanted.registry.teacher()
        with output.progress("marking", "rows") as told:
            marks = judged(samples, asked, sample, told)
    if as_json:
        output.emit_json(
            {
                "name": values["name"],
                "kind": values["kind"],
                "audience": values["audience"],
                "quality": figures.as_json(),
                "teacher": marks.as_json() if marks else None,
                "asked_for": {"model": enough[0], "rows": enough[1]} if enough else None,
                "sources": list(SOURCES),
            }
        )
        return 0
    _print(values["name"], figures, marks)
    if enough is not None:
        train = figures.rows["train"]
        verdict = "enough" if train >= enough[1] else "too few"
        click.echo(f"a model of {enough[0]} asks for {enough[1]:,} rows; {train:,} are {verdict}")
    return 0


def _print(name: str, figures: Quality, marks: Judged | None) -> None:
    distinct = {
        key: ", ".join(f"{v:.3f}" for v in three) for key, three in figures.distinct.items()
    }
    rows = [
        ["rows", ", ".join(f"{n:,} {split}" for split, n in figures.rows.items() if n)],
        ["distinct-1, -2, -3 of targets", distinct["targets"]],
        ["distinct-1, -2, -3 of instructions", distinct["instructions"]],
        ["likeness of two targets: mean, highest", "{:.4f}, {:.2f}".format(*figures.likeness)],
        ["commonest opening of an instruction", f"{figures.opening:.1%}"],
        [
            "words of a target: mean, median, least, most",
            "{:.0f}, {:.0f}, {}, {}".format(*figures.words),
        ],
        ["words of a sentence", f"{figures.sentence:.1f}"],
        ["Flesch-Kincaid grade, reading ease", f"{figures.grade:.1f}, {figures.ease:.0f}"],
    ]
    if figures.longer is not None:
        rows.append(["chosen is longer in", f"{figures.longer:.1%}"])
    if figures.tells:
        most = sorted(figures.tells.items(), key=lambda one: -one[1])[:TOPICS]
        rows.append(
            [
                "chosen told from rejected by one thing alone (AUC)",
                ", ".join(f"{name} {area:.2f}" for name, area in most),
            ]
        )
    topics = list(figures.topics.items())
    if topics:
        some = ", ".join(f"{topic} {count}" for topic, count in topics[:TOPICS])
        more = f", and {len(topics) - TOPICS} more" if len(topics) > TOPICS else ""
        rows.append(["topics", some + more])
    if figures.uncovered:
        rows.append(["topics of the test alone", ", ".join(figures.uncovered[:TOPICS])])
    if marks is not None:
        rows.append(
            ["teacher's marks (1 to 3): accuracy", "{:.2f} ± {:.2f}".format(*marks.accuracy)]
        )
        rows.append(["teacher's marks (1 to 3): clarity", "{:.2f} ± {:.2f}".format(*marks.clarity)])
        rows.append(["rows marked, without marks", f"{marks.rows}, {marks.failed}"])
        if marks.worst:
            rows.append(["rows that answer something else", ", ".join(marks.worst[:TOPICS])])
    output.table([name, ""], rows)
