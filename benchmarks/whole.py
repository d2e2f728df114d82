"""Retrieval from the question to the passages, without a language model, over many chunks.

Filters by rules, dense and sparse search, fusion, passages cut from the warehouse, and the reranker
over 27 of them, beside the bare time of the two models that it calls, one after the other and with
the same inputs. No cross-encoder can be had offline, so this one has the default's shape and random
weights: as fast, and no better than chance.

Run: ``python -m benchmarks.whole [--chunks N] [--cache FOLDER]``
"""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from benchmarks.report import Row, report, slowest
from benchmarks.search import filled, questions
from benchmarks.windows import MOST, arguments, audience_of, chunks, points, texts
from twin.basics import rerankers
from twin.basics.rerankers import CrossEncoderOptions
from twin.components import BuildContext
from twin.documents import Audience, Document
from twin.home import Home
from twin.retrieve.retriever import Limits, Parts, Retriever
from twin.warehouse import open_warehouse

if TYPE_CHECKING:
    from twin.index.embedder import Embedder

PASSAGES = 9
"""Passages that are asked for, so that 27 are reranked."""

QUESTIONS = 30


def random_cross_encoder(folder: Path) -> Path:
    """Write a cross-encoder of the default's shape with random weights, and return its folder."""
    import torch  # noqa: PLC0415 - heavy
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification  # noqa: PLC0415

    from twin.basics.embeddings import SentenceTransformersOptions, weights  # noqa: PLC0415

    torch.manual_seed(7)
    tokenizer = AutoTokenizer.from_pretrained(weights(SentenceTransformersOptions().model))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=384,
        num_hidden_layers=4,
        num_attention_heads=12,
        intermediate_size=1536,
        num_labels=1,
    )
    tokenizer.save_pretrained(folder)
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


class Watched:
    """A loaded cross-encoder that keeps the pairs that it was given last."""

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer
        self.pairs: Sequence[tuple[str, str]] = ()

    def predict(self, pairs: Sequence[tuple[str, str]], **options: Any) -> Any:
        """Return the scores of the pairs."""
        self.pairs = list(pairs)
        return self.scorer.predict(pairs, **options)


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that it takes, and those of the processor."""
    begun, worked = perf_counter(), process_time()
    run()
    return perf_counter() - begun, process_time() - worked


def measure(
    parts: Parts, embedder: "Embedder", reranker: Any
) -> dict[str, list[tuple[float, float]]]:
    """Return the seconds of every way for every question."""
    # LlamaIndex's reranker has no public place for its model.
    scorer = Watched(reranker._model)  # noqa: SLF001
    reranker._model = scorer  # noqa: SLF001
    limits = Limits(passages=PASSAGES)
    without = Retriever(parts, limits)
    found = Parts(
        store=parts.store,
        embedder=embedder,
        warehouse=parts.warehouse,
        rerankers=[("cross-encoder", lambda: reranker)],
    )
    whole = Retriever(found, limits)
    asked = questions()[:QUESTIONS]
    seconds: dict[str, list[tuple[float, float]]] = {"without": [], "whole": [], "bare": []}

    def ask(retriever: Retriever, question: str) -> None:
        retriever.retrieve(question, audience=Audience.PRIVATE)

    def bare(question: str) -> None:
        embedder.model.get_query_embedding(question)
        scorer.scorer.predict(scorer.pairs)

    ask(whole, asked[-1])  # to load and warm up
    for question in asked:
        # With a space more each way embeds it anew: the embedder keeps the questions it has seen.
        seconds["without"].append(timed(partial(ask, without, question)))
        seconds["whole"].append(timed(partial(ask, whole, f"{question} ")))
        seconds["bare"].append(timed(partial(bare, question)))
    return seconds


def main() -> None:
    """Measure and report."""
    given = arguments(main.__doc__ or "", MOST)
    with Home(given.cache) as home, tempfile.TemporaryDirectory(prefix="twin-whole-") as folder:
        place = Path(folder)
        store = filled(place / "store", points(home.embedder, chunks(given.chunks)))
        with open_warehouse(home.settings.warehouse, place) as warehouse:
            documents = [
                Document(
                    source=text.source,
                    text=text.text,
                    author=text.author,
                    kind=text.kind,
                    platform=text.platform,
                    audience=audience_of(text),
                    tags=text.tags,
                )
                for text in texts()
            ]
            warehouse.put_many(documents, collection="benchmark")
            parts = Parts(store=store, embedder=home.embedder, warehouse=warehouse)
            options = CrossEncoderOptions(model=str(random_cross_encoder(place / "model")))
            ctx = BuildContext(cache=place, data=place)
            reranker = rerankers.COMPONENTS[0].build(options, ctx)
            seconds = measure(parts, home.embedder, reranker)
        store.close()
    pairs = zip(seconds["whole"], seconds["bare"], strict=True)
    ratios = [(one[0] / other[0], one[1] / other[1]) for one, other in pairs]
    walls = {way: [wall for wall, _ in found] for way, found in seconds.items()}
    report(
        f"whole-{given.chunks}",
        [
            Row("chunks", given.chunks, ""),
            Row("the two models alone, median", median(walls["bare"]) * 1000, "ms"),
            Row("the whole, median", median(walls["whole"]) * 1000, "ms"),
            Row("ratio, median", median(r for r, _ in ratios), "times", "at most 1.25"),
            Row("the same, of the processor", median(r for _, r in ratios), "times"),
            Row("without the reranker, median", median(walls["without"]) * 1000, "ms"),
            Row("without the reranker, p95", slowest(walls["without"]) * 1000, "ms", "at most 30"),
            Row(
                "the same, of the processor",
                slowest([busy for _, busy in seconds["without"]]) * 1000,
                "ms",
            ),
        ],
    )


if __name__ == "__main__":
    main()
