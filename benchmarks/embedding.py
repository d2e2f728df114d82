"""The embedder beside the same model on torch, and beside the CPU's bf16 matrix-multiply peak.

Texts are passages of the sample author, so that anyone can repeat it. They go through the embedder
as the index calls it; torch runs at the best batch size of those tried. All take turns in one run,
and ratios are medians over five rounds. Processor seconds are told too: on a machine that others use
the clock depends on who waits for whom. Torch's threads spin while they wait, which counts as theirs.

Run: ``python -m benchmarks.embedding``
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.report import Row, Taken, median_of, ratio, report, rounds
from twin.basics.embeddings import COMPONENTS, SentenceTransformersOptions, load_torch
from twin.components import BuildContext
from twin.documents import Span
from twin.index.boundaries import split

TIMES = 5
BATCHES = (1, 8, 32)
CHARACTERS = 900
"""Of a text: about 200 tokens."""
SIZES = ((1600, 384, 1536), (1600, 1536, 384), (2048, 2048, 2048))
"""Of the multiplications that stand for the peak: the model's own, and one that is large."""


def passages() -> list[str]:
    """Return passages of the sample author."""
    folder = Path(__file__).parent.parent / "examples" / "sample-author" / "essays"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))]
    return [part.of(t) for t in texts for part in split(t, Span(0, len(t)), CHARACTERS)]


def operations(lengths: Sequence[int], config: Any) -> float:
    """Return the floating-point operations that a transformer of BERT's kind needs.

    Args:
        lengths: tokens of every text, without padding.
        config: as transformers has it.
    """
    width, inner, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    of_a_token = 8 * width * width + 4 * width * inner
    return float(layers * sum(n * of_a_token + 4 * n * n * width for n in lengths))


def _multiplication(size: tuple[int, int, int]) -> tuple[Callable[[], object], float]:
    """Return bf16 multiplications of a size, and how many operations they are."""
    import torch  # noqa: PLC0415 - not for --help

    rows, inner, columns = size
    one = torch.randn(rows, inner).bfloat16()
    other = torch.randn(columns, inner).bfloat16()
    each = 2.0 * rows * inner * columns
    times = max(1, int(40e9 / each))

    def run() -> None:
        for _ in range(times):
            torch.nn.functional.linear(one, other)

    return run, times * each


def main() -> None:
    """Measure and report."""
    texts = passages()
    model = load_torch(SentenceTransformersOptions(device="cpu"))
    with tempfile.TemporaryDirectory() as folder:
        ctx = BuildContext(cache=Path(folder), data=Path(folder))
        options = SentenceTransformersOptions(backend="openvino")
        fast: Any = COMPONENTS[0].build(options, ctx)

        def torch(batch: int) -> Any:
            return model.encode(
                texts, batch_size=batch, normalize_embeddings=True, show_progress_bar=False
            )

        runs: dict[str, Callable[[], object]] = {}
        runs |= {f"torch {batch}": partial(torch, batch) for batch in BATCHES}
        runs["fast"] = lambda: fast.get_text_embedding_batch(texts)
        multiplied = {f"peak {size}": _multiplication(size) for size in SIZES}
        runs |= {name: run for name, (run, _) in multiplied.items()}
        taken = rounds(TIMES, runs)
        question = median_of(100, lambda: fast.get_query_embedding("why does the tide wait?"))
        cosines = (np.asarray(torch(8)) * np.asarray(fast.get_text_embedding_batch(texts))).sum(1)
        lengths = [len(ids) for ids in model.tokenizer(texts, truncation=True)["input_ids"]]
    work = operations(lengths, model[0].auto_model.config)
    # Of each measure the best batch size by that measure.
    slow = min((taken[f"torch {b}"] for b in BATCHES), key=_clock)
    frugal = min((taken[f"torch {b}"] for b in BATCHES), key=_processor)
    quick = taken["fast"]
    peak = [(taken[name], amount) for name, (_, amount) in multiplied.items()]
    by_clock = max((amount / _clock(of), of, amount) for of, amount in peak)
    by_processor = max((amount / _processor(of), of, amount) for of, amount in peak)
    report(
        "embedding",
        [
            Row("texts", len(texts), ""),
            Row("tokens of a text, mean", float(np.mean(lengths)), ""),
            Row("load of the machine, one minute", os.getloadavg()[0], ""),
            Row("torch fp32, best batch size", len(texts) / _clock(slow), "texts/s"),
            Row("OpenVINO", len(texts) / _clock(quick), "texts/s"),
            Row("ratio", ratio(slow, quick), "times", "at least 3.5"),
            Row("ratio of processor seconds", ratio(frugal, quick, "processor"), "times"),
            Row("lowest cosine of the two", float(cosines.min()), "", "at least 0.999"),
            Row("bf16 peak", by_clock[0] / 1e9, "GFLOP/s"),
            Row("share of it", _share(work, quick, by_clock, "seconds"), "", "at least 0.6"),
            Row("bf16 peak of a core", by_processor[0] / 1e9, "GFLOP a processor second"),
            Row("share of it", _share(work, quick, by_processor, "processor"), "", "at least 0.6"),
            Row("one question", question * 1e3, "ms"),
        ],
    )


def _clock(taken: Sequence[Taken]) -> float:
    return median(one.seconds for one in taken)


def _processor(taken: Sequence[Taken]) -> float:
    return median(one.processor for one in taken)


def _share(
    work: float, quick: Sequence[Taken], peak: tuple[float, Sequence[Taken], float], what: str
) -> float:
    """Return which share of the peak the work reached, the median over the rounds."""
    _, of, amount = peak
    return work / amount * ratio(of, quick, what)


if __name__ == "__main__":
    main()
