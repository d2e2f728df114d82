"""The entailment model: reads a source and a sentence together, and says whether the one says the other.

In: options. Out: a callable from pairs to probabilities, by a cross-encoder that was trained for natural
language inference, on OpenVINO where it can be. Its weights come from a folder or the hub; where neither
has them it says so, and citations are checked without it.
"""

from __future__ import annotations

from pydantic import Field

from twin.basics.weights import Backend, Device, Download, weights_of
from twin.components import BuildContext, Entailment, EntailmentComponent, Options
from twin.errors import ComponentUnavailable


class NLIOptions(Options):
    """Options of the cross-encoder."""

    model: str = Field(
        default="cross-encoder/nli-MiniLM2-L6-H768",
        description="A name on the hub, or a folder: a classifier one of whose labels is entailment.",
    )
    label: int | None = Field(
        default=None,
        ge=0,
        description="The number of that label; None reads it out of the labels' names.",
    )
    download: Download = True
    backend: Backend = "auto"
    device: Device = ""


def _build(options: NLIOptions, ctx: BuildContext) -> Entailment:
    folder = weights_of(
        options.model,
        ctx.cache,
        download=options.download,
        without="leave chat.entailment out of twin.toml",
    )
    from twin.basics.nli import label_of, load_classifier  # noqa: PLC0415 - not for options

    label = label_of(folder, options.model, options.label)
    classifier = load_classifier(folder, options.device, options.backend, ctx.cache)
    if classifier is None:
        message = f"OpenVINO cannot run {options.model!r}"
        raise ComponentUnavailable(message, 'install openvino, or set backend = "torch"')
    return lambda pairs: classifier(pairs, label)


COMPONENTS = (
    EntailmentComponent(
        name="nli",
        summary="A cross-encoder for natural language inference, over sentence and source",
        options=NLIOptions,
        build=_build,
    ),
)
