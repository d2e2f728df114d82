"""What whoever asks wishes beyond the question, and what was said before it.

In: the settings of a page, or the arguments of a caller. Out: a `Wish` and `Turn`s that the
`Answerer` takes. A wish never widens what its asker may see.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from twin.retrieve.filters import EVERYTHING, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a question is to be answered; the defaults leave everything to twin.toml.

    Attributes:
        passages: how many are put before the model; None as `retrieve.passages` says.
        temperature: of the model; None as its own options say.
        max_tokens: of the answer, at the most; None as the model's own options say.
        expand: whether variants of the question are searched for.
        rerank: whether the rerankers order what was found.
        model: the adapter that answers, by its name in twin.toml; empty is `models.chat`.
        filters: chosen beforehand; they narrow those that the question states, and are never
            dropped.
    """

    passages: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    expand: bool = True
    rerank: bool = True
    model: str = ""
    filters: Found = EVERYTHING

    def options(self) -> dict[str, float | int]:
        """Return what is wished of the model itself, for its `stream_chat`."""
        wished = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        return {name: value for name, value in wished.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what was answered, earlier in the same conversation.

    Attributes:
        question: as it was understood: standing alone.
        answer: as it was shown.
    """

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the model says it took.

    Attributes:
        prompt_tokens: None where it does not say.
        completion_tokens: None where it does not say.
        finish_reason: ``stop``, or ``length`` if the answer was cut off; empty if it does not say.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    finish_reason: str = ""


UNKNOWN = Usage()
"""Of a model that says nothing of what it took."""

NO_WISH = Wish()
"""Everything as twin.toml says."""

History = Sequence[Turn]
"""The turns before a question, oldest first."""
