"""What speaks: the part of a chat model that differs from one kind to the next.

In: a conversation and the limits of one answer. Out: a `Call` that says the answer; and, where the
model can be asked, its tokens and what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from twin.models.calls import Call

if TYPE_CHECKING:
    from llama_index.core.llms import ChatMessage


class Message(NamedTuple):
    """One turn of a conversation.

    Attributes:
        role: ``system``, ``user`` or ``assistant``.
    """

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The limits of one answer.

    Attributes:
        temperature: 0 takes the likeliest token every time.
        max_tokens: after which the answer is cut.
    """

    temperature: float
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """What a chat model says of itself.

    Attributes:
        where: its address, or the path of its weights.
        model: what is served there.
        context: tokens of prompt and answer together; None if it does not tell.
        adapter: the adapter that is asked for; empty for none.
        remarks: what works, but could be better.
    """

    where: str
    model: str
    context: int | None = None
    adapter: str = ""
    remarks: tuple[str, ...] = ()


@runtime_checkable
class Checked(Protocol):
    """A chat model or teacher that can be asked how it is; `twin doctor` does."""

    def state(self) -> ModelState | None:
        """Return what it says of itself, None if there is nothing to ask.

        Raises:
            ModelError: if it cannot answer, or is not what twin.toml says.
        """


@runtime_checkable
class GivesTokens(Protocol):
    """A chat model that can show how it reads a conversation."""

    def token_ids(self, conversation: Sequence[tuple[str, str]]) -> list[int] | None:
        """Return the token ids of a conversation (role and content), its template included.

        The template ends with what begins the assistant's turn.

        Returns:
            None where the served model's tokenizer cannot be asked.

        Raises:
            ModelError: if it should have been there and did not answer.
        """


@runtime_checkable
class CountsTokens(Protocol):
    """A chat model that can say how long a conversation is, by its own tokenizer."""

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int | None:
        """Return the tokens of the conversation as the model would read it, its template included.

        Returns:
            None where the served model's tokenizer cannot be asked.

        Raises:
            ModelError: if it should have been there and did not answer.
        """


@runtime_checkable
class ChecksLength(Protocol):
    """A chat model that may know by itself what is too long for it."""

    @property
    def checks_length(self) -> bool:
        """Whether it counts a conversation itself, and raises `ContextOverflow` before it is sent."""


class Speaker:
    """What says the answer. A subclass fills `begin`, and what else it can."""

    checks_length = False
    """Whether it counts a conversation itself, and raises `ContextOverflow` before it is sent."""

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        """Return the call for one answer; it must not begin before it is read.

        Its parts end with an `Ending`. What fails is raised there as a `ModelError`.
        """
        raise NotImplementedError

    def token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        """Return the token ids of a conversation, None where they cannot be had."""
        del conversation
        return None

    def state(self) -> ModelState | None:
        """Return what the model says of itself, None if there is nothing to ask."""
        return None
