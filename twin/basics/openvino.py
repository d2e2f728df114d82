"""The embedder on OpenVINO: the same vectors on a CPU, several times as fast, and without torch.

In: a sentence-transformers model. Out: an encoder that runs its converted graph. The conversion is
made once and kept in the cache; from then on neither torch nor transformers is imported, so that a
question is answered in a second instead of ten.

Vectors differ from torch's by rounding (bf16 where the CPU has it): cosine at least 0.9999.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.basics.embeddings import SentenceTransformersOptions

BATCH = 8
"""Texts at once; small batches of like length waste least on padding, and were fastest on two cores."""

FORMAT = 1
"""Of what lies in the cache; a new one makes it be converted again."""


class OpenVINOEncoder:
    """A converted model, with mean pooling and vectors of length 1.

    Args:
        folder: what `convert` wrote.
    """

    def __init__(self, folder: Path) -> None:
        import openvino  # noqa: PLC0415 - a native library
        from tokenizers import Tokenizer  # noqa: PLC0415

        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        self._maximum = int(facts["tokens"])
        self._whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._cut.no_padding()
        self._cut.enable_truncation(self._maximum)
        core = openvino.Core()
        compiled = core.compile_model(
            str(folder / "model.xml"), "CPU", {"PERFORMANCE_HINT": "LATENCY"}
        )
        self._request = compiled.create_infer_request()
        self._inputs = [port.get_any_name() for port in compiled.inputs]
        self._lock = threading.Lock()

    @property
    def window(self) -> int:
        """The most tokens of a text, special tokens not counted."""
        return self._maximum - int(self._whole.num_special_tokens_to_add(is_pair=False))

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the code-point span of every token, untruncated."""
        encoding = self._whole.encode(text, add_special_tokens=False)
        return [(start, end) for start, end in encoding.offsets if end > start]

    def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of length 1 for every text."""
        encodings = self._cut.encode_batch(list(texts))
        order = sorted(range(len(encodings)), key=lambda n: len(encodings[n].ids), reverse=True)
        vectors: list[list[float]] = [[] for _ in encodings]
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            for place, vector in zip(part, self._batch([encodings[n] for n in part]), strict=True):
                vectors[place] = vector
        return vectors

    def _batch(self, encodings: Sequence[Any]) -> list[list[float]]:
        import numpy as np  # noqa: PLC0415 - comes with OpenVINO

        width = max(len(one.ids) for one in encodings)
        shape = (len(encodings), width)
        values = {name: np.zeros(shape, dtype=np.int64) for name in self._inputs}
        for row, one in enumerate(encodings):
            length = len(one.ids)
            for name, numbers in (
                ("input_ids", one.ids),
                ("attention_mask", one.attention_mask),
                ("token_type_ids", one.type_ids),
            ):
                if name in values:
                    values[name][row, :length] = numbers
        with self._lock:
            hidden = np.array(self._request.infer(values)[0])
        mask = values["attention_mask"][:, :, None].astype(np.float32)
        pooled = (hidden * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1e-9)
        norms = np.linalg.norm(pooled, axis=1, keepdims=True)
        rows: list[list[float]] = (pooled / np.maximum(norms, 1e-12)).tolist()
        return rows


def load_openvino(
    options: SentenceTransformersOptions, cache: Path, load: Callable[[], Any]
) -> OpenVINOEncoder | None:
    """Return the model on OpenVINO, None if it has parts that are not known to run there.

    Args:
        options: the model.
        cache: where the conversion is kept.
        load: returns the sentence-transformers model, for the first time.
    """
    folder = cache / f"openvino-{_key(options)}"
    if (folder / "facts.json").exists():
        try:
            return OpenVINOEncoder(folder)
        except Exception:  # noqa: BLE001 - the engine raises nothing more precise
            # A cache may be damaged (a full disk, a restored backup); it is made again.
            shutil.rmtree(folder, ignore_errors=True)
    return OpenVINOEncoder(folder) if convert(load(), folder) else None


def _key(options: SentenceTransformersOptions) -> str:
    """Return what identifies the weights: the name, and for a folder its newest file."""
    from importlib.metadata import version  # noqa: PLC0415

    from twin.basics.embeddings import weights  # noqa: PLC0415

    place = Path(weights(options.model))
    changed = 0.0
    if place.is_dir():
        changed = max(file.stat().st_mtime for file in place.rglob("*") if file.is_file())
    parts = (FORMAT, options.model, changed, version("openvino"))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def convert(model: Any, folder: Path) -> bool:
    """Convert a sentence-transformers model into a folder.

    Returns:
        False if the model is more than a transformer with mean pooling and normalisation.
    """
    modules = [type(part).__name__ for part in model]
    if modules[:2] != ["Transformer", "Pooling"] or set(modules[2:]) - {"Normalize"}:
        return False
    pooling = getattr(model[1], "pooling_mode", None)
    mean = pooling == "mean" or getattr(model[1], "pooling_mode_mean_tokens", False)
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if not mean or backend is None or not model.max_seq_length:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".convert-", dir=folder.parent))
    try:
        _write(model, backend, draft)
        if not (folder / "facts.json").exists():
            # What a deletion that broke off left would be in the way for ever.
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process was faster
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return (folder / "facts.json").exists()


def _write(model: Any, backend: Any, folder: Path) -> None:
    import openvino  # noqa: PLC0415 - a native library
    import torch  # noqa: PLC0415 - a second

    names = [n for n in model.tokenizer.model_input_names if n != "position_ids"]
    example = {name: torch.ones(2, 16, dtype=torch.int64) for name in names}
    with warnings.catch_warnings():
        # Tracing warns of shapes that become constants; what comes out is compared in the tests.
        warnings.simplefilter("ignore")
        graph = openvino.convert_model(model[0].auto_model.cpu().eval(), example_input=example)
    openvino.save_model(graph, folder / "model.xml", compress_to_fp16=False)
    backend.save(str(folder / "tokenizer.json"))
    facts = {"tokens": int(model.max_seq_length)}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
