"""SciFact through the product's own index and search: dense alone, sparse alone, and both fused.

Documents go into a home as any others do. A document scores as its best passage. The judged test
claims are asked; those of the training half are reported beside them, since nothing was trained and
the choices of fusion were made on them.

Run: ``python -m benchmarks.scifact [--cache FOLDER]``, which keeps the home in the cache's folder.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import ir_measures
from ir_measures import nDCG

from benchmarks.report import SHARED, Row, report
from benchmarks.windows import CACHE
from twin.documents import Audience, Document
from twin.home import Home
from twin.points import Filters
from twin.retrieve.filters import Found
from twin.retrieve.retriever import Limits, Parts, Retriever

DATA = SHARED / "retrieval" / "scifact"
DEPTH = 50
EVERYTHING = Filters(audience=Audience.PRIVATE)
WAYS = ("dense", "sparse", "hybrid")

Run = dict[str, dict[str, float]]


def fill(home: Home) -> None:
    """Take the corpus in; what is there already is only compared."""
    with (DATA / "corpus.jsonl").open(encoding="utf-8") as lines:
        documents = [
            Document(source=f"scifact:{row['_id']}", title=row["title"], text=row["text"])
            for row in map(json.loads, lines)
        ]
    for start in range(0, len(documents), 500):
        home.warehouse.put_many(documents[start : start + 500], collection="scifact")
    home.sync(lambda done, every: print(f"  {done:,} of {every:,}", end="\r", flush=True))


def judged(part: str) -> dict[str, dict[str, int]]:
    """Return the relevant documents of every claim of a part, ``train`` or ``test``."""
    found: dict[str, dict[str, int]] = {}
    for line in (DATA / "qrels" / f"{part}.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        claim, document, relevance = line.split("\t")
        found.setdefault(claim, {})[document] = int(relevance)
    return found


def best(scored: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Return the best score of every document, by the number that SciFact gives it."""
    found: dict[str, float] = {}
    for source, score in scored:
        number = source.removeprefix("scifact:")
        found[number] = max(score, found.get(number, score))
    return found


def runs(home: Home, claims: Mapping[str, str]) -> dict[str, Run]:
    """Return what each way finds for every claim."""
    embedder, store = home.embedder, home.index.store
    limits = Limits(candidates=DEPTH, passages=DEPTH, token_budget=1_000_000)
    retriever = Retriever(Parts(store=store, embedder=embedder, warehouse=home.warehouse), limits)
    found: dict[str, Run] = {way: {} for way in WAYS}
    for number, claim in claims.items():
        queries = [embedder.question(claim), embedder.sparse_question(claim)]
        dense, sparse = store.search(queries, EVERYTHING, DEPTH)
        fused = retriever.retrieve(claim, audience=Audience.PRIVATE, found=Found())
        found["dense"][number] = best((hit.payload.source, hit.score) for hit in dense)
        found["sparse"][number] = best((hit.payload.source, hit.score) for hit in sparse)
        found["hybrid"][number] = best((p.source, p.score) for p in fused.passages)
    return found


def measure(home: Home) -> dict[str, dict[str, float]]:
    """Return the nDCG@10 by part and way."""
    with (DATA / "queries.jsonl").open(encoding="utf-8") as lines:
        texts = {row["_id"]: row["text"] for row in map(json.loads, lines)}
    measured = {}
    for part in ("test", "train"):
        relevant = judged(part)
        found = runs(home, {number: texts[number] for number in relevant})
        measured[part] = {
            way: float(ir_measures.calc_aggregate([nDCG @ 10], relevant, run)[nDCG @ 10])
            for way, run in found.items()
        }
    return measured


def main() -> None:
    """Measure and report."""
    if not DATA.exists():
        print("SciFact does not lie beside the checkout (../shared/data): nothing to measure")
        return
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the home is kept")
    with Home(parser.parse_args().cache / "scifact") as home:
        fill(home)
        measured = measure(home)
    rows = []
    for part, found in measured.items():
        test = part == "test"
        ratio = found["hybrid"] / max(found["dense"], found["sparse"])
        rows += [
            Row(f"{part}: dense, nDCG@10", found["dense"], "", "at least 0.640" if test else ""),
            Row(f"{part}: sparse, nDCG@10", found["sparse"], "", "at least 0.67" if test else ""),
            Row(f"{part}: hybrid, nDCG@10", found["hybrid"], ""),
            Row(
                f"{part}: hybrid to the better one",
                ratio,
                "times",
                "at least 1.05" if test else "",
            ),
        ]
    report("scifact", rows)


if __name__ == "__main__":
    main()
