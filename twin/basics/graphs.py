"""Models converted to OpenVINO: kept in the cache, and run on all cores of the CPU.

In: a torch module with its tokenizer. Out: a graph that gives a row of numbers for every text or
pair. The conversion is made once; from then on neither torch nor transformers is imported, so that
a question is answered in a second instead of ten.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

TOKENS = 1024
"""Of a batch, padding included. 512 to 2048 made no difference; a batch keeps one core for 0.2 s."""

STEP = 8
"""Tokens to a multiple of which a batch is padded. For every shape that it meets, the engine keeps what
it made for it: with any length, 4,000 texts of all lengths left it at 280 MiB and growing, with this at
190 and flat, at the same speed."""

FORMAT = 2
"""Of what lies in the cache; a new one makes it be converted again."""

_FIRST = threading.Lock()

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""What a graph may take; a model that wants more is not converted."""


class Graph:
    """A converted model. Any number of threads may use it at once.

    Args:
        folder: what `converted` wrote.

    Attributes:
        facts: what was written beside it.
        whole: the tokenizer, which cuts nothing off.
    """

    def __init__(self, folder: Path) -> None:
        import openvino  # noqa: PLC0415 - a native library
        from tokenizers import Tokenizer  # noqa: PLC0415

        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        self.whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.whole.no_truncation()
        self.whole.no_padding()
        self._cut = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._cut.no_padding()
        self._cut.enable_truncation(int(self.facts["tokens"]))
        # A batch on each core: cores that share one wait for the slower at every layer, which is
        # dear where others use the machine too. For the same reason none is tied to a core.
        hints = {"PERFORMANCE_HINT": "THROUGHPUT", "ENABLE_CPU_PINNING": False}
        self._compiled = openvino.Core().compile_model(str(folder / "model.xml"), "CPU", hints)
        self._at_once = int(self._compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS"))
        self._inputs = [port.get_any_name() for port in self._compiled.inputs]
        with _FIRST:
            # OpenVINO's Python binding sets itself up in the first call of a process. Two threads that come
            # to it at once wait for each other for ever: one holds the lock of Python, one its own.
            self.run(["."])

    def run(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return a row for every text, or pair of texts, in order; at least one must be given.

        What is over the model's window is cut off: of a pair, from the longer text first.
        """
        import numpy as np  # noqa: PLC0415 - comes with OpenVINO

        encodings = self._cut.encode_batch(list(texts))
        parts = batches([self._padded(len(one.ids)) for one in encodings])
        if len(parts) == 1:
            request = self._compiled.create_infer_request()
            rows = request.infer(self._values([encodings[n] for n in parts[0]]))[0]
            return np.asarray(rows[np.argsort(parts[0])], dtype=np.float32)
        found: dict[int, NDArray[np.float32]] = {}
        running: deque[tuple[Any, Sequence[int]]] = deque()

        def ended() -> Any:
            request, part = running.popleft()
            request.wait()
            found.update(zip(part, request.get_output_tensor(0).data.copy(), strict=True))
            return request

        # Requests of its own: others' batches come between its batches, so that a question does not
        # wait until a library is indexed. And none with a callback: the engine's threads would hold
        # Python's objects, and whoever lets go of the model then holds Python's lock and waits for
        # those threads, which wait for the lock.
        for part in parts:
            full = len(running) == self._at_once
            request = ended() if full else self._compiled.create_infer_request()
            request.start_async(self._values([encodings[n] for n in part]))
            running.append((request, part))
        while running:
            ended()
        return np.stack([found[n] for n in range(len(encodings))])

    def _padded(self, tokens: int) -> int:
        """Return the length that a text of so many tokens has in a batch."""
        return min(-(-tokens // STEP) * STEP, int(self.facts["tokens"]))

    def _values(self, encodings: Sequence[Any]) -> dict[str, NDArray[np.int64]]:
        import numpy as np  # noqa: PLC0415 - comes with OpenVINO

        shape = (len(encodings), self._padded(max(len(one.ids) for one in encodings)))
        values = {name: np.zeros(shape, dtype=np.int64) for name in self._inputs}
        for row, one in enumerate(encodings):
            numbers = zip(INPUTS, (one.ids, one.attention_mask, one.type_ids), strict=True)
            for name, of_text in numbers:
                if name in values:
                    values[name][row, : len(of_text)] = of_text
        return values


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return the numbers of the texts in batches, longest first, so that little is padded.

    Args:
        lengths: of every text, in tokens.
    """
    parts: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda n: lengths[n], reverse=True):
        if not parts or (len(parts[-1]) + 1) * lengths[parts[-1][0]] > TOKENS:
            parts.append([])
        parts[-1].append(number)
    return parts


def opened(folder: Path, open_it: Callable[[Path], T], convert: Callable[[Path], bool]) -> T | None:
    """Return what is kept in a folder, converted first if it is not there or is damaged.

    Args:
        folder: where it is kept.
        open_it: reads it.
        convert: writes it, through `converted`; False if the model cannot be converted.
    """
    if (folder / "facts.json").exists():
        try:
            return open_it(folder)
        except Exception:  # noqa: BLE001 - the engine raises nothing more precise
            # A cache may be damaged (a full disk, a restored backup); it is made again.
            shutil.rmtree(folder, ignore_errors=True)
    return open_it(folder) if convert(folder) else None


def place(cache: Path, kind: str, model: str, weights: str) -> Path:
    """Return the folder of a conversion: one for each kind, model, and version of what made it.

    Args:
        cache: where all conversions are.
        kind: what the graph is for.
        model: its name.
        weights: its folder, whose newest file counts; any other text counts for nothing.
    """
    from importlib.metadata import version  # noqa: PLC0415

    folder = Path(weights)
    changed = 0.0
    if folder.is_dir():
        changed = max(file.stat().st_mtime for file in folder.rglob("*") if file.is_file())
    parts = (FORMAT, kind, model, changed, version("openvino"))
    return cache / f"openvino-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


def converted(module: Any, tokenizer: Any, facts: dict[str, Any], folder: Path) -> bool:
    """Convert a torch module that takes `INPUTS` and gives a row for every text.

    Args:
        module: it runs on the CPU from then on.
        tokenizer: of transformers.
        facts: kept beside the graph; `tokens` is the most that it reads at once.
        folder: where it is to lie. Of several processes one writes it.

    Returns:
        False if its tokenizer is not one of the `tokenizers` library or gives other inputs, or if
        OpenVINO has no equal of something in it.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    names = [name for name in tokenizer.model_input_names if name != "position_ids"]
    if backend is None or not facts["tokens"] or set(names) - set(INPUTS):
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".convert-", dir=folder.parent))
    try:
        if not _written(module, names, draft):
            return False
        backend.save(str(draft / "tokenizer.json"))
        (draft / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
        if not (folder / "facts.json").exists():
            # What a deletion that broke off left would be in the way for ever.
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process was faster
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return (folder / "facts.json").exists()


def _written(module: Any, names: Sequence[str], folder: Path) -> bool:
    import openvino  # noqa: PLC0415 - a native library
    import torch  # noqa: PLC0415 - a second

    example = {name: torch.ones(2, 16, dtype=torch.int64) for name in names}
    with warnings.catch_warnings():
        # Tracing warns of shapes that become constants; what comes out is compared in the tests.
        warnings.simplefilter("ignore")
        try:
            graph = openvino.convert_model(module.cpu().eval(), example_input=example)
        except Exception:  # noqa: BLE001 - of a foreign model tracing may raise anything
            return False
    openvino.save_model(graph, folder / "model.xml", compress_to_fp16=False)
    return True
