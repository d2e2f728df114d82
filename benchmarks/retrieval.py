"""Twenty questions over three real corpora: dense alone, sparse alone, and the whole.

No question shares a content word with the title of the document it is about. A document's rank is
the rank of its first passage, and for the answer the place of its first citation.

Run: ``python -m benchmarks.retrieval [HOME]``
"""

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from benchmarks.corpora import MAIN, QUESTIONS, SOURCES, ingest, is_the_document
from benchmarks.report import RESULTS, Row, report
from twin.documents import Audience
from twin.home import Home
from twin.points import Filters

DEPTH = 50
NOWHERE = 1000


def rank(sources: Iterable[str], document: str) -> int:
    """Return the place of a document among distinct sources, from 1."""
    for place, source in enumerate(dict.fromkeys(sources), start=1):
        if is_the_document(source, document):
            return place
    return NOWHERE


def measure(home: Path) -> tuple[dict[str, list[int]], int]:
    """Return the rank of the right document for each way and question, and the refusals."""
    with QUESTIONS.open("rb") as file:
        asked = tomllib.load(file)
    ranks: dict[str, list[int]] = {"dense": [], "sparse": [], "whole": [], "answer": []}
    with Home(home) as opened:
        retriever, answerer = opened.retriever, opened.answerer
        store, embedder = opened.index.store, opened.embedder
        everything = Filters(audience=Audience.PRIVATE)
        for entry in asked["question"][:MAIN]:
            question, document = entry["question"], entry["document"]
            queries = [embedder.question(question), embedder.sparse_question(question)]
            dense, sparse = store.search(queries, everything, DEPTH)
            found = retriever.retrieve(question, audience=Audience.PRIVATE, passages=10)
            answer = answerer.answer(question, audience=Audience.PRIVATE)
            ranks["dense"].append(rank((hit.payload.source for hit in dense), document))
            ranks["sparse"].append(rank((hit.payload.source for hit in sparse), document))
            ranks["whole"].append(rank((p.source for p in found.passages), document))
            ranks["answer"].append(rank((s.passage.source for s in answer.sources), document))
        refused = sum(
            not answerer.answer(entry["question"], audience=Audience.PRIVATE).sources
            for entry in asked["unanswerable"]
        )
    return ranks, refused


def main() -> None:
    """Measure and report."""
    if not all(path.exists() for _, path, _ in SOURCES):
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS / "home"
    ingest(home)
    ranks, refused = measure(home)
    rows = [
        Row(f"{way}: first", sum(r <= 1 for r in found), f"of {MAIN}")
        for way, found in ranks.items()
    ]
    rows += [
        Row(
            f"{way}: first or second",
            sum(r <= 2 for r in found),  # noqa: PLR2004 - it says so
            f"of {MAIN}",
            "at least 15" if way == "answer" else "",
        )
        for way, found in ranks.items()
    ]
    rows.append(Row("refused, of ten that nothing answers", refused, "of 10"))
    report("retrieval", rows)


if __name__ == "__main__":
    main()
