"""A GGUF file as the chat model, by llama.cpp in this process.

In: the hook. Out: the language model component `llamacpp`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.llms import LLM

__version__ = "0.1.0"


class LlamaCppOptions(twin.Options):
    """Options of llama.cpp."""

    path: str = Field(default="", description="The GGUF file.")
    adapter: str = Field(default="", description="A LoRA adapter as GGUF, if any.")
    chat_template: str = Field(
        default="", description="A file with a Jinja template; empty takes the model's own."
    )
    context_window: int = Field(
        default=8192, ge=512, description="Tokens of conversation and answer together."
    )
    parallel: int = Field(default=1, ge=1, le=64, description="Answers written at once.")
    threads: int = Field(default=0, ge=0, description="Of the CPU; 0 leaves it to llama.cpp.")
    gpu_layers: int = Field(default=-1, ge=-1, description="-1 takes all that fit.")
    temperature: float = Field(
        default=0.2, ge=0, le=2, description="0 takes the likeliest token every time."
    )
    max_tokens: int = Field(default=700, ge=1, description="Of the answer.")
    stop: tuple[str, ...] = Field(default=(), description="Texts that end an answer.")


def build(options: LlamaCppOptions, ctx: twin.BuildContext) -> LLM:
    """Return the chat model; its file is looked at now, and loaded by the first question."""
    del ctx
    from twin.models.chat_model import chat_model  # noqa: PLC0415 - heavy
    from twin_llamacpp.speaker import LlamaCppSpeaker  # noqa: PLC0415

    speaker = LlamaCppSpeaker(options)
    return chat_model(
        speaker,
        kind="llamacpp",
        name=speaker.name,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=options.context_window,
    )


@twin.hookimpl
def twin_llms() -> Iterator[twin.LLMComponent[LlamaCppOptions]]:
    """Yield the language model."""
    yield twin.LLMComponent(
        name="llamacpp",
        summary="A GGUF file, by llama.cpp in this process",
        options=LlamaCppOptions,
        build=build,
    )
