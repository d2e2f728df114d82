"""A chat model that says what a test tells it to.

In: answers, in parts. Out: the same, one answer after the other, and what was asked.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata


class Speaking(CustomLLM):
    """Says one answer after the other, part by part, and keeps what it was asked.

    Attributes:
        answers: each in parts; after the last comes the first again.
        asked: the prompts so far.
        listens: whether it is a chat model, which follows instructions.
        fails: whether the line breaks off at the end of an answer.
    """

    answers: list[list[str]] = []  # noqa: RUF012 - a pydantic field
    asked: list[str] = []  # noqa: RUF012
    listens: bool = False
    fails: bool = False

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            model_name="speaking", context_window=100_000, is_chat_model=self.listens
        )

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:  # noqa: FBT001, FBT002
        raise AssertionError((prompt, formatted))

    def stream_complete(
        self,
        prompt: str,
        formatted: bool = False,  # noqa: FBT001, FBT002
        **_: Any,
    ) -> Iterator[CompletionResponse]:
        del formatted
        self.asked.append(prompt)
        text = ""
        for part in self.said(prompt):
            text += part
            yield CompletionResponse(text=text, delta=part)
        if self.fails:
            message = "the cable was cut"
            raise OSError(message)

    def said(self, prompt: str) -> Iterable[str]:
        """Return the parts of what it says to a prompt."""
        del prompt
        return self.answers[(len(self.asked) - 1) % len(self.answers)]
