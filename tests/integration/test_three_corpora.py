"""Three real corpora in one home, by the command line: nothing lost, nothing done twice.

The questions were written before anything was tuned, by somebody who had not seen the retriever; none
shares a content word with the title of its document.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.corpora import Ingested, ingest, twin
from benchmarks.retrieval import measure
from twin.home import Home


@pytest.fixture(scope="module")
def home(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert shared_data.is_dir()
    return tmp_path_factory.mktemp("corpora") / "home"


@pytest.fixture(scope="module")
def first(home: Path) -> list[Ingested]:
    return ingest(home)


def test_every_file_is_counted_and_none_is_lost(first: list[Ingested], shared_data: Path) -> None:
    for done in first[:2]:
        [source] = done.report["sources"]
        files = [p for p in (shared_data / "authors" / done.corpus).rglob("*") if p.is_file()]
        counted = source["found"] + len(source["skipped"]) + len(source["failed"])
        assert counted == len(files)
        assert source["failed"] == []
        assert all("LICENSE" in skip["item"] for skip in source["skipped"])
    [dump] = first[2].report["sources"]
    assert (dump["found"], dump["new"] + len(dump["held"]), dump["failed"]) == (76, 76, [])
    # Who writes about prompts may be taken for one who gives orders; of 810 documents three are.
    held = [hold["item"] for done in first for hold in done.report["sources"][0]["held"]]
    assert len(held) <= 3, held


def test_authors_are_right(first: list[Ingested], home: Path) -> None:
    assert len(first) == 3
    with Home(home) as opened:
        counts = {author.name: author.documents for author in opened.warehouse.authors()}
    assert counts == {
        "Simon Willison": 532,
        "matklad": 202,
        "Paul Iusztin": 50,
        "Maxime Labonne": 26,
    }


def test_dates_are_those_that_the_source_states(first: list[Ingested], home: Path) -> None:
    assert first
    dated: Counter[str] = Counter()
    with Home(home) as opened:
        for summary in opened.warehouse.summaries():
            corpus = summary.collection.partition(":")[2]
            named = re.search(r"/(\d{4}-\d{2}-\d{2})[-_]", summary.source)
            assert summary.published_at == (named.group(1) if named else None)
            dated[corpus] += summary.published_at is not None
    assert dated == {"matklad-posts": 201, "handbook": 2, "simonw-til": 0}


def test_a_second_run_does_nothing(first: list[Ingested], home: Path) -> None:
    again = ingest(home)
    for before, after in zip(first, again, strict=True):
        [then], [now] = before.report["sources"], after.report["sources"]
        assert now["unchanged"] == then["found"]
        assert (now["new"], now["changed"], now["missing"]) == (0, 0, 0)
        assert after.report["index"]["embedded"] == 0
    synced = json.loads(twin(home, "sync", "--json").stdout)
    assert (synced["indexed"], synced["embedded"]) == (0, 0)


def test_no_word_is_left_unembedded(first: list[Ingested], home: Path) -> None:
    """Every word that no cleaner leaves out lies in a piece that fits the embedder's window."""
    assert first
    from twin.index.passages import excluded_spans

    with Home(home) as opened:
        index = opened.index
        index.prepare()
        pieces: dict[str, list[tuple[int, int]]] = {}
        for _, payload in index.store.scroll():
            pieces.setdefault(payload.document_id, []).append((payload.start, payload.end))
        sampled = [s for n, s in enumerate(opened.warehouse.summaries()) if n % 10 == 0]
        for summary in sampled:
            document = opened.warehouse.get(summary.id).document
            covered = bytearray(len(document.text))
            for start, end in pieces[summary.id]:
                covered[start:end] = b"\1" * (end - start)
            for start, end in excluded_spans(document, index.recipe.cleaners):
                covered[start:end] = b"\1" * (end - start)
            bare = [m.group() for m in re.finditer(r"\S", document.text) if not covered[m.start()]]
            assert bare == [], document.source


def test_the_right_document_is_cited_first_or_second(first: list[Ingested], home: Path) -> None:
    assert first
    ranks, refused = measure(home)
    assert len(ranks["answer"]) == 20
    # 20 each when this was written; 15 was asked for.
    assert sum(rank <= 2 for rank in ranks["answer"]) >= 19
    assert sum(rank <= 2 for rank in ranks["whole"]) >= 19
    # Half of the ten ask about what is nowhere in the corpora; the rest are near misses.
    assert refused >= 4
