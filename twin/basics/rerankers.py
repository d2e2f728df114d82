"""The cross-encoder: reads question and passage together, and puts the passages in order.

In: options. Out: LlamaIndex's own sentence-transformers reranker, on OpenVINO where it can be. Its
weights come from a folder or the hub; where neither has them it says so, and retrieval goes on
without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from twin.basics.weights import Backend, Device, Download, weights_of
from twin.components import BuildContext, Options, RerankerComponent
from twin.errors import ComponentUnavailable

if TYPE_CHECKING:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

EVERY = 10_000
"""The reranker puts passages in order; how many are kept is `retrieve.passages`, not its affair."""


class CrossEncoderOptions(Options):
    """Options of the reranker."""

    model: str = Field(
        default="cross-encoder/ms-marco-MiniLM-L-4-v2",
        description="A name on the hub, or a folder.",
    )
    download: Download = True
    backend: Backend = "auto"
    device: Device = ""


def _build(options: CrossEncoderOptions, ctx: BuildContext) -> BaseNodePostprocessor:
    folder = weights_of(
        options.model, ctx.cache, download=options.download, without="set retrieve.rerankers = []"
    )
    from twin.basics.cross_encoders import load_scorer, reranker  # noqa: PLC0415 - not for options

    scorer = load_scorer(folder, options.device, options.backend, ctx.cache)
    if scorer is None:
        message = f"OpenVINO cannot run {options.model!r}"
        raise ComponentUnavailable(message, 'install openvino, or set backend = "torch"')
    return reranker(scorer, options.model, EVERY)


COMPONENTS = (
    RerankerComponent(
        name="cross-encoder",
        summary="A sentence-transformers cross-encoder over the retrieved passages",
        options=CrossEncoderOptions,
        build=_build,
    ),
)
