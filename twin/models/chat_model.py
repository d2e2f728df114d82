"""A `Speaker` as a LlamaIndex `LLM`.

In: a speaker, its name and the limits that hold where a call names none. Out: the chat model. The last
response of a stream carries, in ``additional_kwargs``, ``finish_reason`` and, where they are known,
``prompt_tokens`` and ``completion_tokens``. While the model is silent, a response with an empty delta
comes a few times a second; what is waited for stands in its ``additional_kwargs["waiting"]``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from twin.models.calls import Call, Ending, Pause
from twin.models.speaker import Message, ModelState, Speaker, Wanted
from twin.models.thinking import without_thoughts

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatMessage, ChatResponse, CompletionResponse


def chat_model(
    speaker: Speaker,
    *,
    kind: str,
    name: str,
    temperature: float,
    max_tokens: int,
    context_window: int,
) -> LLM:
    """Return the chat model.

    Args:
        speaker: says the answers.
        kind: the component, as traces should call it.
        name: of the model, as it is told to a person.
        temperature: where a call names none.
        max_tokens: of an answer, where a call names none.
        context_window: tokens of prompt and answer together.
    """
    model: LLM = _model_class()(
        speaker,
        kind=kind,
        model=name,
        temperature=temperature,
        max_tokens=max_tokens,
        context_window=context_window,
    )
    return model


def conversation(messages: Sequence[ChatMessage]) -> tuple[Message, ...]:
    """Return LlamaIndex's messages as those of a speaker."""
    return tuple(Message(message.role.value, message.content or "") for message in messages)


def responses(call: Call) -> Generator[ChatResponse, None, None]:
    """Yield the parts of a call as LlamaIndex's responses."""
    from llama_index.core.llms import ChatMessage, ChatResponse, MessageRole  # noqa: PLC0415 - heavy

    def response(delta: str, raw: Any = None, **more: Any) -> ChatResponse:
        message = ChatMessage(role=MessageRole.ASSISTANT, content=text)
        return ChatResponse(message=message, delta=delta, raw=raw, additional_kwargs=more)

    text = ""
    ending = Ending(finish_reason="")
    for said in without_thoughts(call.parts()):
        if isinstance(said, str):
            text += said
            yield response(said)
        elif isinstance(said, Pause):
            yield response("", **({"waiting": said.why} if said.why else {}))
        else:
            ending = said
            break
    if not call.gone.is_set() or ending.finish_reason:
        yield response("", {"usage": _usage(ending)}, **_ending(ending))


def _ending(ending: Ending) -> dict[str, Any]:
    known = {"finish_reason": ending.finish_reason, **_usage(ending)}
    return {name: value for name, value in known.items() if value not in {None, ""}}


def _usage(ending: Ending) -> dict[str, int]:
    read, written = ending.prompt_tokens, ending.completion_tokens
    counts = {"prompt_tokens": read, "completion_tokens": written}
    if read is not None and written is not None:
        counts["total_tokens"] = read + written
    return {name: count for name, count in counts.items() if count is not None}


def _closing(
    stream: Generator[ChatResponse, None, None], call: Call
) -> Generator[ChatResponse, None, None]:
    """Yield a stream, and let go of the model whenever the reader leaves.

    LlamaIndex's own wrappers leave that to the garbage collector.
    """
    try:
        yield from stream
    finally:
        call.give_up()


@cache
def _model_class() -> Any:  # noqa: C901 - one class, its methods are short
    from llama_index.core.bridge.pydantic import PrivateAttr  # noqa: PLC0415 - heavy
    from llama_index.core.llms import ChatMessage as Turn  # noqa: PLC0415
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata  # noqa: PLC0415
    from llama_index.core.llms.callbacks import llm_chat_callback  # noqa: PLC0415

    class ChatModel(CustomLLM):
        """A chat model of twin."""

        kind: str
        model: str
        temperature: float
        max_tokens: int
        context_window: int
        _speaker: Speaker = PrivateAttr()

        def __init__(self, speaker: Speaker, **values: Any) -> None:
            super().__init__(**values)
            self._speaker = speaker

        @classmethod
        def class_name(cls) -> str:
            return "ChatModel"

        @property
        def speaker(self) -> Speaker:
            """What says the answers."""
            return self._speaker

        @property
        def checks_length(self) -> bool:
            """Whether it counts a conversation itself, and raises `ContextOverflow` before it is sent."""
            return self._speaker.checks_length

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(
                model_name=self.model,
                context_window=self.context_window,
                num_output=self.max_tokens,
                is_chat_model=True,
            )

        def count_tokens(self, messages: Sequence[ChatMessage]) -> int | None:
            """Return the tokens of a conversation, None where they cannot be counted."""
            ids = self._speaker.token_ids(conversation(messages))
            return None if ids is None else len(ids)

        def token_ids(self, turns: Sequence[tuple[str, str]]) -> list[int] | None:
            """Return the token ids of a conversation, None where they cannot be had."""
            return self._speaker.token_ids([Message(*turn) for turn in turns])

        def state(self) -> ModelState | None:
            """Return what the model says of itself."""
            return self._speaker.state()

        def _open(
            self, messages: Sequence[ChatMessage], limits: dict[str, Any]
        ) -> tuple[Generator[ChatResponse, None, None], Call]:
            call = self._speaker.begin(conversation(messages), self._wanted(limits))

            @llm_chat_callback()
            def spoken(
                model: Any, messages: Sequence[ChatMessage], **limits: Any
            ) -> Generator[ChatResponse, None, None]:
                del model, messages, limits  # they are for whoever traces the call
                return responses(call)

            return _closing(spoken(self, messages, **limits), call), call

        def _wanted(self, limits: dict[str, Any]) -> Wanted:
            temperature, most = limits.get("temperature"), limits.get("max_tokens")
            return Wanted(
                temperature=self.temperature if temperature is None else float(temperature),
                max_tokens=self.max_tokens if most is None else int(most),
            )

        def stream_chat(
            self, messages: Sequence[ChatMessage], **kwargs: Any
        ) -> Generator[ChatResponse, None, None]:
            return self._open(messages, kwargs)[0]

        def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
            *_, last = self.stream_chat(messages, **kwargs)
            return last

        def complete(
            self,
            prompt: str,
            formatted: bool = False,  # noqa: FBT001, FBT002 - the base class has it so
            **kwargs: Any,
        ) -> CompletionResponse:
            *_, last = self.stream_complete(prompt, formatted, **kwargs)
            return last

        def stream_complete(
            self,
            prompt: str,
            formatted: bool = False,  # noqa: FBT001, FBT002 - the base class has it so
            **kwargs: Any,
        ) -> Generator[CompletionResponse, None, None]:
            del formatted
            for response in self.stream_chat([Turn(role="user", content=prompt)], **kwargs):
                yield CompletionResponse(
                    text=response.message.content or "",
                    delta=response.delta,
                    raw=response.raw,
                    additional_kwargs=response.additional_kwargs,
                )

        async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
            stream = await self.astream_chat(messages, **kwargs)
            return [response async for response in stream][-1]

        async def astream_chat(
            self, messages: Sequence[ChatMessage], **kwargs: Any
        ) -> AsyncGenerator[ChatResponse, None]:
            stream, call = self._open(messages, kwargs)

            async def stepping() -> AsyncGenerator[ChatResponse, None]:
                try:
                    while (step := await asyncio.to_thread(next, stream, None)) is not None:
                        yield step
                finally:
                    call.give_up()

            return stepping()

    return ChatModel
