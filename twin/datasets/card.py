"""The card of a set: what a person should know before training on it, in Markdown.

In: a draft and its manifest. Out: ``card.md`` with the plots beside it; its front matter is what the
Hugging Face Hub reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from twin.datasets.building import Draft
from twin.datasets.plots import draw
from twin.datasets.quality import ENOUGH, SOURCES, Quality, quality
from twin.datasets.writing import CARD

DOCUMENTS: Final = 20
"""Documents in the table of yields; the manifest has them all."""

TELLS: Final = 5
"""Of what tells chosen from rejected, the most telling."""

USES: Final = {
    "sft": "type: chat_template          # rows with `messages`; train on the assistant's turn",
    "dpo": "type: chat_template.default  # rows with `messages`, `chosen` and `rejected`",
}


def write_card(draft: Draft, values: Mapping[str, Any], folder: Path) -> None:
    """Write the card and the plots of a draft into a folder."""
    figures = quality(draft.samples)
    plots = draw(values, figures, folder / "plots")
    (folder / CARD).write_text(card(values, figures, plots), "utf-8", errors="backslashreplace")


def card(values: Mapping[str, Any], figures: Quality, plots: Sequence[str]) -> str:
    """Return the card."""
    kind = values["kind"]
    parts = [
        _front(values),
        f"# {values['name']}",
        _summary(values),
        _table(["split", "rows"], [[name, f"{n:,}"] for name, n in values["rows"].items() if n]),
        f"```yaml\ndatasets:\n  - path: train.jsonl\n    {USES[kind]}\n```",
        "## Curation",
        _steps(values),
        _gates(values),
        *(f"![{name}](plots/{name})" for name in plots),
        "" if plots else "No plots: matplotlib is not installed (`pip install 'twin[datasets]'`).",
        "## Quality",
        _quality(figures, kind),
        "## Yield",
        _yields(values),
        "## Made with",
        _made(values),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front(values: Mapping[str, Any]) -> str:
    configs = "".join(
        f"\n  - split: {name}\n    path: {name}.jsonl" for name, n in values["rows"].items() if n
    )
    return (
        "---\nlicense: other\ntask_categories:\n- text-generation\ntags:\n- twin\n"
        f"- {values['kind']}\nconfigs:\n- config_name: default\n  data_files:{configs}\n---"
    )


def _summary(values: Mapping[str, Any]) -> str:
    what = (
        "An instruction set: every answer is a passage that the author wrote, word for word."
        if values["kind"] == "sft"
        else "A preference set: what is chosen is a passage that the author wrote, word for word."
    )
    return (
        f"{what} Every row names the document, the version and the code points that its target is. "
        f"The texts are their author's; the set is for **{values['audience']}** eyes, and so is "
        "whatever is trained on it."
    )


def _steps(values: Mapping[str, Any]) -> str:
    rows = [
        [
            step["name"],
            f"{step['before']:,}",
            f"{step['after']:,}",
            "; ".join(f"{reason}: {n}" for reason, n in step["reasons"].items()),
        ]
        for step in values["steps"]
    ]
    return _table(["step", "before", "after", "left out because"], rows)


def _gates(values: Mapping[str, Any]) -> str:
    if not values["breaches"]:
        return "Every gate is kept."
    broken = ", ".join(f"{gate} ({n} times)" for gate, n in values["breaches"].items())
    return f"**Gates that are broken, and were allowed to be:** {broken}."


def _quality(figures: Quality, kind: str) -> str:
    rows = [
        ["distinct-1, -2, -3 of the targets", _three(figures.distinct["targets"])],
        ["distinct-1, -2, -3 of the instructions", _three(figures.distinct["instructions"])],
        [
            "likeness of two targets (Jaccard, word triples): mean, highest",
            f"{figures.likeness[0]:.4f}, {figures.likeness[1]:.2f}",
        ],
        ["commonest opening of an instruction", f"{figures.opening:.1%}"],
        [
            "words of a target: mean, median, least, most",
            f"{figures.words[0]:.0f}, {figures.words[1]:.0f}, {figures.words[2]}, {figures.words[3]}",
        ],
        ["words of a sentence", f"{figures.sentence:.1f}"],
        ["Flesch-Kincaid grade, Flesch reading ease", f"{figures.grade:.1f}, {figures.ease:.0f}"],
    ]
    if figures.longer is not None:
        rows.append(["chosen is longer in", f"{figures.longer:.1%}"])
        rows.append(["chosen's length by rejected's, median", f"{figures.ratio:.2f}"])
    if figures.tells:
        most = sorted(figures.tells.items(), key=lambda one: -one[1])[:TELLS]
        rows.append(
            [
                "chosen told from rejected by one thing alone (area under the curve, 0.5: not at all)",
                ", ".join(f"{name} {area:.2f}" for name, area in most),
            ]
        )
    if figures.uncovered:
        rows.append(["topics of the test without a training row", str(len(figures.uncovered))])
    train = figures.rows["train"]
    place = 1 if kind == "sft" else 2
    sizes = ["up to 3B", "up to 10B", "up to 40B", "larger"]
    enough = ", ".join(
        f"{size}: {row[place]:,} ({'enough' if train >= row[place] else 'not enough'})"
        for size, row in zip(sizes, ENOUGH, strict=True)
    )
    return (
        _table(["figure", "value"], rows)
        + f"\n\nRows that a model of a size asks for, of {train:,} that there are: {enough}. "
        + f"The yardsticks: {'; '.join(SOURCES)}; the rest is a rule of thumb (docs/datasets.md)."
    )


def _yields(values: Mapping[str, Any]) -> str:
    whole = values["yield"]
    share = whole["taken"] / max(whole["characters"], 1)
    head = (
        f"{whole['documents_with_rows']:,} of {whole['documents']:,} documents gave {whole['rows']:,} "
        f"rows; {share:.0%} of their {whole['characters']:,} characters stand in a target. "
        f"{whole['short']:,} runs of paragraphs were too short."
    )
    best = sorted(values["sources"], key=lambda one: (-one["rows"], one["source"]))[:DOCUMENTS]
    rows = [
        [
            one["source"].replace("|", "\\|"),
            one["split"],
            str(one["rows"]),
            f"{one['taken'] / max(one['characters'], 1):.0%}",
        ]
        for one in best
    ]
    more = len(values["sources"]) - len(best)
    tail = f"\n\nAnd {more:,} more in manifest.json." if more > 0 else ""
    return f"{head}\n\n{_table(['document', 'split', 'rows', 'taken'], rows)}{tail}"


def _made(values: Mapping[str, Any]) -> str:
    lines = [f"- seed {values['seed']}", f"- forms: {_pairs(values['forms'])}"]
    if values["rejected_by"]:
        lines.append(f"- rejected by: {_pairs(values['rejected_by'])}")
    if values["asked"]:
        lines += [
            f"- asked of the {name}: {_pairs(what)}" for name, what in values["asked"].items()
        ]
    lines.append(f"- tools: {_pairs(values['tools'])}")
    lines.append("- every source version with its SHA-256, and all settings: manifest.json")
    return "\n".join(lines)


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if value != "")


def _three(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
