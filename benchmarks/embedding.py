"""The embedder on OpenVINO beside the same model on torch: speed as a ratio, and how far apart.

Texts are passages of the sample author, so that anyone can repeat it. Each backend runs at its best
batch size of those tried, medians of five.

Run: ``python -m benchmarks.embedding``
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import Row, median_of, report
from twin.basics.embeddings import SentenceTransformersOptions, load_torch
from twin.basics.openvino import load_openvino
from twin.documents import Span
from twin.index.boundaries import split

TIMES = 5
BATCHES = (1, 4, 8, 16, 32)
CHARACTERS = 900
"""Of a text: about 200 tokens."""


def passages() -> list[str]:
    """Return passages of the sample author."""
    folder = Path(__file__).parent.parent / "examples" / "sample-author" / "essays"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))]
    return [part.of(t) for t in texts for part in split(t, Span(0, len(t)), CHARACTERS)]


def main() -> None:
    """Measure and report."""
    texts = passages()
    options = SentenceTransformersOptions()
    model = load_torch(options)
    with tempfile.TemporaryDirectory() as folder:
        fast = load_openvino(options, Path(folder), lambda: model)
        if fast is None:
            print("OpenVINO does not run this model: nothing to compare")
            return

        def torch(batch: int) -> Callable[[], Sequence[Sequence[float]]]:
            return lambda: model.encode(
                texts, batch_size=batch, normalize_embeddings=True, show_progress_bar=False
            )

        slow = min(median_of(TIMES, torch(batch)) for batch in BATCHES)
        quick = median_of(TIMES, lambda: fast.encode(texts))
        cosines = (np.asarray(torch(8)()) * np.asarray(fast.encode(texts))).sum(axis=1)
    report(
        "embedding",
        [
            Row("texts of about 200 tokens", len(texts), ""),
            Row("torch fp32, best batch size", len(texts) / slow, "texts/s"),
            Row("OpenVINO", len(texts) / quick, "texts/s"),
            Row("ratio", slow / quick, "times"),
            Row("lowest cosine of the two", float(cosines.min()), "", "at least 0.999"),
        ],
    )


if __name__ == "__main__":
    main()
