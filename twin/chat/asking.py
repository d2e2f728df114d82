"""Ask a chat model, and learn what it took.

In: messages as roles and contents, and what is wished. Out: its text, part by part, and its `Usage`.
Whatever a client raises becomes a `ModelError` that names the model.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from twin.chat.wish import Usage
from twin.components import Teacher
from twin.errors import ModelError, TwinError

if TYPE_CHECKING:
    from llama_index.core.llms import LLM, ChatResponse

REWRITTEN = 120
"""Tokens of a rewritten question."""

Message = tuple[str, str]
"""A role (``system``, ``user``) and its content, as sent."""


class Standalone(BaseModel):
    """The form in which a teacher rewrites a question."""

    question: str = Field(description="The question, standing alone.")


def parts(
    llm: LLM, prompt: Sequence[Message], options: Mapping[str, Any]
) -> Generator[str, None, Usage]:
    """Yield what a model says to a prompt, part by part; the usage is what the generator returns.

    A part is empty while nothing comes.

    Raises:
        ModelError: if the model fails.
    """
    from llama_index.core.llms import ChatMessage, MessageRole  # noqa: PLC0415 - heavy

    messages = [ChatMessage(role=MessageRole(role), content=text) for role, text in prompt]
    last: ChatResponse | None = None
    try:
        stream = llm.stream_chat(messages, **options)
        try:
            for response in stream:
                last = response
                # Empty while the model is silent: whoever reads may leave then, too.
                yield response.delta or ""
        finally:
            # Whoever stops listening hangs up on the server, at once.
            if isinstance(stream, Generator):
                stream.close()
    except TwinError:
        raise
    except Exception as error:  # the clients of models raise dozens of kinds
        message = f"the chat model {llm.metadata.model_name} failed: {error}"
        hint = "is models.chat reachable? `twin doctor` asks it"
        raise ModelError(message, hint) from error
    return _usage(last.additional_kwargs if last is not None else {})


def said_nothing(usage: Usage) -> ModelError:
    """Return what to raise where a model ended without a word of an answer."""
    if usage.finish_reason == "length":
        message = "the chat model came to its limit of tokens before it said anything"
        hint = "raise max_tokens: a model that thinks first may need some thousands"
        return ModelError(message, hint)
    message = "the chat model answered nothing"
    return ModelError(message, "is it the right model for models.chat?")


def rewriter(llm: LLM, teacher: Callable[[], Teacher] | None) -> Callable[[str, str], str] | None:
    """Return what rewrites a question by a model, None where none follows instructions.

    Args:
        llm: the chat model; one that only quotes says of itself that it is no chat model.
        teacher: returns the teacher; None if there is none.
    """
    if llm.metadata.is_chat_model:
        options = {"temperature": 0.0, "max_tokens": REWRITTEN}
        return lambda system, user: "".join(
            parts(llm, [("system", system), ("user", user)], options)
        )
    if teacher is None:
        return None
    asked = teacher()
    return lambda system, user: asked.structured(Standalone, system, user).question


def _usage(told: Mapping[str, Any]) -> Usage:
    def count(name: str) -> int | None:
        value = told.get(name)
        return value if isinstance(value, int) else None

    reason = told.get("finish_reason")
    return Usage(
        prompt_tokens=count("prompt_tokens"),
        completion_tokens=count("completion_tokens"),
        finish_reason=reason if isinstance(reason, str) else "",
    )
