"""An endpoint of Amazon SageMaker that hosts TGI, as the chat model.

In: the hook. Out: the language model component `sagemaker`. What is heavy is imported by `build`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_index.core.llms import LLM

__version__ = "0.1.0"


class SageMakerOptions(twin.Options):
    """Options of an endpoint."""

    endpoint: str = Field(default="", description="Its name.")
    component: str = Field(default="", description="The inference component, if it has several.")
    region: str = Field(default="", description="Empty takes the one of your AWS configuration.")
    profile: str = Field(
        default="", description="Of your AWS configuration; empty for the default."
    )
    address: str = Field(default="", description="Of the service, where it is not AWS's own.")
    adapter: str = Field(default="", description="The LoRA adapter, as the endpoint names it.")
    tokenizer: str = Field(
        default="", description="A folder with the chat template; an adapter needs it."
    )
    context_window: int = Field(default=8192, ge=512, description="Tokens that the model reads.")
    temperature: float = Field(
        default=0.2, ge=0, le=2, description="0 takes the likeliest token every time."
    )
    max_tokens: int = Field(default=700, ge=1, description="Of the answer.")
    timeout: float = Field(default=60, gt=0, description="Seconds between two tokens.")
    first_token: float = Field(default=120, gt=0, description="Seconds until the first token.")
    retries: int = Field(
        default=4, ge=0, description="Further attempts while it is throttled; none after a token."
    )
    patience: float = Field(
        default=30, ge=0, description="Seconds that waiting for further attempts may take."
    )

    @model_validator(mode="after")
    def _an_adapter_needs_text(self) -> Self:
        if self.adapter and not self.tokenizer:
            message = "an adapter is sent text: tokenizer names the folder of its chat template"
            raise ValueError(message)
        return self


def build(options: SageMakerOptions, ctx: twin.BuildContext) -> LLM:
    """Return the chat model; nothing is sent before the first question."""
    del ctx
    from twin.models.chat_model import chat_model  # noqa: PLC0415 - heavy
    from twin_sagemaker.speaker import SageMakerSpeaker  # noqa: PLC0415

    if not options.endpoint:
        message = "sagemaker has no endpoint"
        raise twin.ComponentUnavailable(message, "endpoint is its name in SageMaker")
    name = f"{options.endpoint}+{options.adapter}" if options.adapter else options.endpoint
    return chat_model(
        SageMakerSpeaker(options),
        kind="sagemaker",
        name=name,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        context_window=options.context_window,
    )


@twin.hookimpl
def twin_llms() -> Iterator[twin.LLMComponent[SageMakerOptions]]:
    """Yield the language model."""
    yield twin.LLMComponent(
        name="sagemaker",
        summary="An endpoint of Amazon SageMaker that hosts TGI",
        options=SageMakerOptions,
        build=build,
    )
