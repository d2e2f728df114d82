"""Citations: no number that leads nowhere, and what a source does not say is marked.

In: real questions over three real corpora, answered by `quotes`; sentences of two real authors, true
and with one number, name or negation changed; and paraphrases of the sample author's sentences, which
were written before the check was first run. Out: a table.

Run: ``python -m benchmarks.support [HOME]``; the entailment model of its twin.toml counts, if one is set
"""

import random
import re
import sys
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from html import unescape
from pathlib import Path

from benchmarks.corpora import QUESTIONS, SOURCES, ingest
from benchmarks.injection import AUTHORS
from benchmarks.mutations import Changed, changes, sample
from benchmarks.report import RESULTS, Row, report
from twin.chat.answer import Answer, Source
from twin.chat.citations import citation_spans
from twin.chat.support import SentenceSupport, check_support
from twin.documents import Audience, Kind, document_id
from twin.home import Home
from twin.retrieve.passages import Passage

ROOT = Path(__file__).parent.parent
PARAPHRASES = ROOT / "tests" / "fixtures" / "paraphrases.toml"
SAMPLE = ROOT / "examples" / "sample-author"
SEED = 20261125
ANSWERS = 200
MARKED = 100
AROUND = 1500
"""Characters of a passage: about what a retrieved one has."""


def source(text: str) -> Source:
    """Return a text as the only source of an answer."""
    passage = Passage(
        document_id=document_id("file:notes/one.md"),
        version=1,
        start=0,
        end=len(text),
        text=text,
        title="",
        source="file:notes/one.md",
        url=None,
        author="",
        author_slug="",
        kind=Kind.ARTICLE,
        platform="file",
        published_at=None,
        score=1.0,
        similarity=1.0,
    )
    return Source(1, passage, ())


Check = Callable[[str, Sequence[Source]], tuple[SentenceSupport, ...]]


def marked(sentence: str, text: str, check: Check) -> bool:
    """Return whether a sentence that cites a text is marked as unsupported."""
    found = check(f"{sentence} [1]", [source(text)])
    return not found or any(not one.supported for one in found)


def true_and_false(
    dice: random.Random,
) -> tuple[list[tuple[Changed, str]], list[tuple[Changed, str]]]:
    """Return changed sentences and true ones, each with the passage that the true one is of."""
    files = [
        p for folder in AUTHORS for p in sorted(folder.rglob("*")) if p.suffix in {".md", ".dj"}
    ]
    dice.shuffle(files)
    found: list[Changed] = []
    around: dict[int, str] = {}
    for file in files[:250]:
        text = file.read_text(encoding="utf-8", errors="replace")
        for one in changes(text, dice):
            start = max(0, one.span.start - AROUND // 2)
            around[id(one)] = text[start : one.span.end + AROUND // 2]
            found.append(one)
    false = sample(found, MARKED, dice)
    said = {one.true for one in false}
    true = sample([one for one in found if one.true not in said], MARKED // 2, dice)
    return [(one, around[id(one)]) for one in false], [(one, around[id(one)]) for one in true]


def paraphrases() -> list[tuple[str, str]]:
    """Return the paraphrases, each with the whole piece that it restates."""
    entries = tomllib.loads(PARAPHRASES.read_text(encoding="utf-8"))["paraphrase"]
    return [(entry["text"], _piece(entry["piece"])) for entry in entries]


def _piece(name: str) -> str:
    text = (SAMPLE / name).read_text(encoding="utf-8")
    body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", "", body))


def questions(home: Home, dice: random.Random) -> list[str]:
    """Return real questions: those of the fixtures, and those that the page's starters ask."""
    with QUESTIONS.open("rb") as file:
        asked = tomllib.load(file)
    found = [one["question"] for one in (*asked["question"], *asked["unanswerable"])]
    titles = [s.title for s in home.warehouse.summaries() if s.title.strip()]
    dice.shuffle(titles)
    starters = [
        title if title.endswith("?") else f"What did you write about “{title}”?" for title in titles
    ]
    return [*found, *starters][:ANSWERS]


def dangling(answer: Answer) -> int:
    """Return how many citations of an answer lead nowhere."""
    known = {one.n for one in answer.sources}
    return sum(n not in known for _, numbers in citation_spans(answer.text) for n in numbers)


def _changed_row(changed: Sequence[tuple[Changed, str]], check: Check) -> list[Row]:
    rows = []
    total = sum(marked(one.text, text, check) for one, text in changed)
    rows.append(Row("false sentences marked", total, f"of {len(changed)}", "at least 90"))
    for kind in ("number", "name", "negation"):
        some = [(one, text) for one, text in changed if one.kind == kind]
        count = sum(marked(one.text, text, check) for one, text in some)
        rows.append(Row(f"of these with another {kind}", count, f"of {len(some)}"))
    return rows


def main() -> None:
    """Measure and report."""
    if not all(path.exists() for _, path, _ in SOURCES):
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS / "home"
    ingest(folder)
    dice = random.Random(SEED)  # noqa: S311 - not for secrets
    with Home(folder) as home:
        made_by = home.registry.entailment()
        entails = made_by[1]() if made_by else None
        check = partial(check_support, similar=home.embedder.similar, entails=entails)
        answered = leading_nowhere = sentences = unsupported = 0
        asked = questions(home, dice)
        for question in asked:
            answer = home.answerer.answer(question, audience=Audience.PRIVATE)
            answered += bool(answer.sources)
            leading_nowhere += dangling(answer)
            support = check(answer.text, answer.sources)
            if answer.sources:
                sentences += len(support)
                unsupported += sum(not one.supported for one in support)
        changed, true = true_and_false(dice)
        said = paraphrases()
        rows = [
            Row("answers by quotes", len(asked), "", "at least 200"),
            Row("of these with sources", answered, f"of {len(asked)}"),
            Row("citations that lead nowhere", leading_nowhere, "", "0"),
            Row("quoted sentences marked as unsupported", unsupported, f"of {sentences}"),
            *_changed_row(changed, check),
            Row(
                "supported sentences marked",
                sum(marked(one.true, text, check) for one, text in true)
                + sum(marked(sentence, text, check) for sentence, text in said),
                f"of {len(true) + len(said)}",
                "at most 5",
            ),
            Row(
                "of these paraphrases",
                sum(marked(sentence, text, check) for sentence, text in said),
                f"of {len(said)}",
            ),
        ]
        dice = random.Random(SEED + 1)  # noqa: S311
        spoiled = [
            (one, text)
            for sentence, text in said
            for one in sample(list(changes(sentence, dice)), 1, dice)
        ]
        count = sum(marked(one.text, text, check) for one, text in spoiled)
        rows.append(Row("false paraphrases marked", count, f"of {len(spoiled)}"))
    report("support", rows)


if __name__ == "__main__":
    main()
