"""The cross-encoder on OpenVINO beside torch fp32: a question with 27 passages.

The model has the size of ms-marco-MiniLM-L-4 and random weights, since no real ones come with a
package: its speed is that of the real one, its order means nothing. All take turns in one run;
ratios are medians over five rounds.

Run: ``python -m benchmarks.rerank``
"""

import os
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.embedding import passages
from benchmarks.report import Row, ratio, report, rounds
from twin.basics.cross_encoders import load_scorer, load_torch_scorer
from twin.basics.embeddings import PACKAGED, SentenceTransformersOptions, weights

TIMES = 5
PAIRS = 27
"""What a reranker is given for nine passages."""
QUESTION = "What does the author think of tides, and of those who wait for them?"
LAYERS = 4


def random_model(folder: Path) -> None:
    """Write a cross-encoder of four layers, 384 wide, with random weights.

    Args:
        folder: where it is to lie. Its tokenizer is that of the packaged embedder.
    """
    import torch  # noqa: PLC0415 - not for --help
    from transformers import (  # noqa: PLC0415 - likewise
        AutoTokenizer,
        BertConfig,
        BertForSequenceClassification,
    )

    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=384,
        num_hidden_layers=LAYERS,
        num_attention_heads=12,
        intermediate_size=1536,
        num_labels=1,
        initializer_range=0.1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(weights(SentenceTransformersOptions().model))
    tokenizer.model_max_length = 512
    tokenizer.save_pretrained(folder)


def main() -> None:
    """Measure and report."""
    pairs = [(QUESTION, text) for text in passages()[:PAIRS]]
    with tempfile.TemporaryDirectory() as folder:
        random_model(Path(folder) / "model")
        place = str(Path(folder) / "model")
        slow = load_torch_scorer(place, "cpu")
        fast = load_scorer(place, "cpu", "openvino", Path(folder) / "cache")
        if fast is None:
            print(f"OpenVINO does not run this model ({PACKAGED}'s tokenizer): nothing to compare")
            return
        taken = rounds(
            TIMES,
            {
                "torch": lambda: slow.predict(pairs, show_progress_bar=False),
                "fast": lambda: fast.predict(pairs),
            },
        )
        apart = float(np.abs(slow.predict(pairs) - fast.predict(pairs)).max())
        lengths = [len(ids) for ids in slow.tokenizer(pairs)["input_ids"]]
    report(
        "rerank",
        [
            Row("pairs", len(pairs), ""),
            Row("tokens of a pair, mean", float(np.mean(lengths)), ""),
            Row("load of the machine, one minute", os.getloadavg()[0], ""),
            Row("torch fp32", median(t.seconds for t in taken["torch"]) * 1e3, "ms"),
            Row("OpenVINO", median(t.seconds for t in taken["fast"]) * 1e3, "ms"),
            Row("ratio", ratio(taken["fast"], taken["torch"]), "times", "at most 0.35"),
            Row(
                "ratio of processor seconds",
                ratio(taken["fast"], taken["torch"], "processor"),
                "times",
                "at most 0.35",
            ),
            Row("scores apart, at most", apart, "of 1"),
        ],
    )


if __name__ == "__main__":
    main()
