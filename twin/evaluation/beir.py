"""Sets of questions that were made elsewhere, in the layout of BEIR.

In: a folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/<split>.tsv`` (Thakur et al., BEIR,
NeurIPS 2021). Out: its documents as the warehouse takes them, its questions, and its judgements.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.documents import Document
from twin.errors import UsageError
from twin.evaluation.retrieval import Measured, Qrels, Result, Run, Ways, measure
from twin.warehouse.protocol import Warehouse

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Beir:
    """One such set.

    Attributes:
        name: the folder's.
        questions: text by id, of those that are judged.
        qrels: relevance by document's id by question's id.
    """

    folder: Path
    name: str
    split: str
    questions: dict[str, str]
    qrels: Qrels


def read_beir(folder: Path, split: str = "test", limit: int | None = None) -> Beir:
    """Read questions and judgements of a set, the first so many questions if there is a limit.

    Raises:
        UsageError: if a file of it is missing, or a line is not what it must be.
    """
    judged = folder / "qrels" / f"{split}.tsv"
    for path in (folder / "corpus.jsonl", folder / "queries.jsonl", judged):
        if not path.is_file():
            message = f"{folder} is no set in BEIR's layout: {path.relative_to(folder)} is missing"
            raise UsageError(message, "it has corpus.jsonl, queries.jsonl and qrels/<split>.tsv")
    qrels: Qrels = {}
    for number, line in enumerate(judged.read_text(encoding="utf-8").splitlines(), start=1):
        if number == 1 or not line.strip():
            continue
        try:
            question, document, relevance = line.split("\t")
            qrels.setdefault(question, {})[document] = int(relevance)
        except ValueError as error:
            message = f"{judged}, line {number} is no judgement: {line!r:.80}"
            raise UsageError(message, "query-id, corpus-id and score, parted by tabs") from error
    texts = {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
    if missing := sorted(set(qrels) - set(texts)):
        message = f"{judged} judges {len(missing)} questions that are not asked, as in {missing[0]}"
        raise UsageError(message, "is queries.jsonl whole?")
    qrels = dict(list(qrels.items())[:limit])
    asked = {question: texts[question] for question in qrels}
    return Beir(folder=folder, name=folder.name, split=split, questions=asked, qrels=qrels)


def source_of(beir: Beir, document: str) -> str:
    """Return the canonical source of a document of the set."""
    return f"{beir.name}:{document}"


def fill(beir: Beir, warehouse: Warehouse) -> int:
    """Put the documents of a set into a warehouse; what is there already is only compared.

    Returns:
        How many there are.
    """
    held: list[Document] = []
    count = 0
    for row in _rows(beir.folder / "corpus.jsonl"):
        text = row.get("text") or row.get("title") or ""
        if text.strip():
            source = source_of(beir, row["_id"])
            held.append(Document(source=source, title=row.get("title", ""), text=text))
            count += 1
        if len(held) == BATCH:
            warehouse.put_many(held, collection=beir.name)
            held = []
    if held:
        warehouse.put_many(held, collection=beir.name)
    return count


def measure_beir(
    beir: Beir,
    ways: Ways,
    told: Callable[[int, int | None], None] = lambda _done, _all: None,
) -> list[Measured]:
    """Return how well each way finds the judged documents; a document counts as its best passage."""
    runs: dict[str, Run] = {way: {} for way in ways}
    for done, (question, text) in enumerate(beir.questions.items(), start=1):
        for way, ask in ways.items():
            runs[way][question] = _documents(beir, ask(text))
        told(done, len(beir.questions))
    return [one for way, run in runs.items() for one in measure(way, run, beir.qrels)]


def _documents(beir: Beir, results: Sequence[Result]) -> dict[str, float]:
    prefix = source_of(beir, "")
    names = dict.fromkeys(result.source.removeprefix(prefix) for result in results)
    return {name: 1 / place for place, name in enumerate(names, start=1)}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                row["_id"], row["text"]
            except (ValueError, KeyError, TypeError) as error:
                message = f"{path}, line {number} is no row of a BEIR set"
                raise UsageError(message, "each is an object with _id and text") from error
            yield row
