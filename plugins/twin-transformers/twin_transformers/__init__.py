"""A local checkpoint or adapter as the chat model, by transformers in this process.

In: the hook. Out: the language model component `transformers`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.llms import LLM

__version__ = "0.1.0"


class TransformersOptions(twin.Options):
    """Options of a local checkpoint."""

    path: str = Field(default="", description="A folder: a checkpoint, an adapter, or a run.")
    base: str = Field(
        default="",
        description="The checkpoint below an adapter; empty takes what the adapter names.",
    )
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto", description="auto takes the checkpoint's own."
    )
    temperature: float = Field(
        default=0.2, ge=0, le=2, description="0 takes the likeliest token every time."
    )
    max_tokens: int = Field(default=700, ge=1, description="Of the answer.")


def build(options: TransformersOptions, ctx: twin.BuildContext) -> LLM:
    """Return the chat model; its folder is looked at now, and loaded by the first question."""
    del ctx
    from twin.models.chat_model import chat_model  # noqa: PLC0415 - heavy
    from twin_transformers.speaker import TransformersSpeaker  # noqa: PLC0415

    speaker = TransformersSpeaker(options)
    return chat_model(
        speaker,
        kind="transformers",
        name=speaker.name,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=speaker.checkpoint.context or 4096,
    )


@twin.hookimpl
def twin_llms() -> Iterator[twin.LLMComponent[TransformersOptions]]:
    """Yield the language model."""
    yield twin.LLMComponent(
        name="transformers",
        summary="A local checkpoint or LoRA adapter, by transformers in this process",
        options=TransformersOptions,
        build=build,
    )
