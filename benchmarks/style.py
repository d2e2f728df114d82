"""Telling authors apart by style, on real texts: the Handbook's two authors, simonw and matklad.

Of the Handbook's dump the articles from Substack are taken, where both authors wrote, so that the
platform tells nothing; six that carry another byline than the dump's author are left out, and so are
the five from Medium, whose dump lost every line break, and two from a site of one author's own. A
second row takes all articles as the dump labels them. The SFT targets are those of the dataset that
the Handbook shipped.

Run: ``python -m benchmarks.style [--quick]``
"""

import argparse
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import SHARED, Row, report
from twin.evaluation.features import FAMILIES, FUNCTION
from twin.evaluation.prose import Window, own_paragraphs, windows
from twin.evaluation.verification import Separation, Verifier, separation, verified

HANDBOOK = SHARED / "handbook"
SIMONW = SHARED / "authors" / "simonw-til"
MATKLAD = SHARED / "authors" / "matklad-posts"
LABONNE, IUSZTIN = "Maxime Labonne", "Paul Iusztin"

_BYLINE = re.compile(r"\n\n([^\n]+)\n\n[A-Z][a-z]{2} \d\d?, 20\d\d\n")

Side = Mapping[str, list[str]]
"""Paragraphs by document."""


def handbook(*, everything: bool) -> dict[str, dict[str, str]]:
    """Return the articles by author and address.

    Args:
        everything: as the dump labels them; otherwise those from Substack under the right byline.
    """
    articles = json.loads((HANDBOOK / "ArticleDocument.json").read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = {LABONNE: {}, IUSZTIN: {}}
    for article in articles:
        author, text = article["author_full_name"], article["content"]["Content"] or ""
        byline = _BYLINE.search(text)
        signed = "substack" in article["platform"] and byline and byline[1] == author
        if everything or signed:
            found[author][article["link"]] = text
    return found


def folder(path: Path, pattern: str) -> dict[str, str]:
    """Return the texts of a folder by name."""
    return {
        file.relative_to(path).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(path.rglob(pattern))
        if file.name not in {"README.md", "_licence"}
    }


def sft_targets() -> list[str]:
    """Return the distinct answers that the Handbook trained on."""
    sets = json.loads((HANDBOOK / "instruct_datasets.json").read_text(encoding="utf-8"))
    answers = [
        sample["answer"]
        for part in ("train", "test")
        for sample in sets[part]["articles"]["samples"]
    ]
    return list(dict.fromkeys(answers))


def cut(side: Side, words: int, name: str) -> list[Window]:
    """Return the windows of one side."""
    return [w for key, texts in side.items() for w in windows(texts, words, f"{name}:{key}")]


def apart(
    own: Sequence[Window], others: Sequence[Window], families: Sequence[str] = FAMILIES
) -> Separation:
    """Return how well two sides are told apart, by documents that were held out."""
    both, labels = [*own, *others], [True] * len(own) + [False] * len(others)
    _, scores = verified(both, labels, families)
    return separation(scores, labels, [w.document for w in both])


def row(what: str, found: Separation, wanted: str = "", *, tpr: bool = False) -> Row:
    """Return a figure with its interval, and what it is of."""
    interval = found.tpr if tpr else found.auc
    kind = "true positives at 1%" if tpr else "AUC"
    counts = f"{found.own[0]}+{found.others[0]} texts of {found.own[1]}+{found.others[1]} documents"
    unit = f"[{interval.low:.3f}, {interval.high:.3f}] {counts}"
    return Row(f"{what}: {kind}", interval.value, unit, wanted)


def of_handbook(*, quick: bool) -> list[Row]:
    """Measure the Handbook's authors against each other, and its SFT targets against both."""
    rows = []
    for everything in (False, True):
        texts = handbook(everything=everything)
        sides = {author: own_paragraphs(found) for author, found in texts.items()}
        one, other = (cut(sides[author], 200, author) for author in (LABONNE, IUSZTIN))
        name = "Handbook, all 76 as labelled" if everything else "Handbook, Substack, right byline"
        wanted = "" if everything else "interval reaches 0.969"
        rows.append(
            row(f"{name}, function words, 200 words", apart(one, other, [FUNCTION]), wanted)
        )
        if everything and quick:
            continue
        rows.append(row(f"{name}, all features, 200 words", apart(one, other)))
        one, other = (cut(sides[author], 300, author) for author in (LABONNE, IUSZTIN))
        found = apart(one, other)
        wanted = "" if everything else "at least 0.90"
        rows += [
            row(f"{name}, all features, 300 words", found),
            row(f"{name}, all features, 300 words", found, wanted, tpr=True),
        ]
        if not everything:
            rows += [
                row(f"{name}, {family} alone, 300 words", apart(one, other, [family]))
                for family in FAMILIES
            ]
            rows += _targets(sides)
    return rows


def _targets(sides: Mapping[str, Side]) -> list[Row]:
    """Measure SFT targets against the authors' own windows of the same length."""
    targets = own_paragraphs({str(n): text for n, text in enumerate(sft_targets())})
    human = [w for author, side in sides.items() for w in cut(side, 60, author)]
    single = [
        Window("\n".join(texts), f"sft:{key}")
        for key, texts in targets.items()
        if len(" ".join(texts).split()) >= 60  # noqa: PLR2004 - as many as the authors' windows
    ]
    # Neighbours stand in one group, so that no long text has a sentence of another's.
    texts = [text for found in targets.values() for text in found]
    joined = [
        w
        for start in range(0, len(texts), 40)
        for w in windows(texts[start : start + 40], 200, f"sft:{start}")
    ]
    rows = [row("Handbook's SFT targets from its authors, single, 60 words", apart(human, single))]
    longer = [w for author, side in sides.items() for w in cut(side, 200, author)]
    for families, name in ((FAMILIES, "all features"), ([FUNCTION], "function words")):
        found = apart(longer, joined, families)
        wanted = "at least 0.99" if families is FAMILIES else ""
        rows.append(
            row(f"Handbook's SFT targets from its authors, 200 words, {name}", found, wanted)
        )
    return rows


def of_bloggers() -> list[Row]:
    """Measure simonw against matklad."""
    simonw = own_paragraphs(folder(SIMONW, "*.md"))
    matklad = own_paragraphs(folder(MATKLAD, "*.dj"))
    rows = []
    one, other = cut(matklad, 200, "matklad"), cut(simonw, 200, "simonw")
    rows.append(
        row("matklad from simonw, function words, 200 words", apart(one, other, [FUNCTION]))
    )
    one, other = cut(matklad, 300, "matklad"), cut(simonw, 300, "simonw")
    found = apart(one, other)
    rows += [
        row("matklad from simonw, all features, 300 words", found),
        row("matklad from simonw, all features, 300 words", found, "at least 0.90", tpr=True),
    ]
    rows += [
        row(f"matklad from simonw, {family} alone, 300 words", apart(one, other, [family]))
        for family in FAMILIES
    ]
    _carried(one, other)
    return rows


def _carried(own: Sequence[Window], others: Sequence[Window]) -> None:
    """Print the features that speak most for matklad and for simonw."""
    verifier = Verifier()
    labels = [True] * len(own) + [False] * len(others)
    verifier.fit([w.text for w in [*own, *others]], labels)
    print("\nwhat carries it (+ matklad, - simonw)")
    for name, found in verifier.weights(12).items():
        print(f"  {name}: " + ", ".join(f"{f!r} {w:+.2f}" for f, w in found))


def main() -> None:
    """Measure and report."""
    if not HANDBOOK.exists():
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="without the second rows")
    quick = parser.parse_args().quick
    np.seterr(all="raise", under="ignore")
    report("style", [*of_handbook(quick=quick), *of_bloggers()])


if __name__ == "__main__":
    main()
