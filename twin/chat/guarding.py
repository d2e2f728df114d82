"""What stands between a conversation and its model: orders are told apart from questions.

In: a question, and retrieved passages. Out: what to say to a question that is an order, and the
passages as a prompt may have them: without sentences that try to instruct, personal data masked.
The spans of passages, and so citations, are never changed: only what a model reads is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from twin.components import Finder
from twin.documents import Audience
from twin.guard.injection import Channel, attempts, reason, without_orders
from twin.guard.personal import Masking
from twin.prompts.passages import Numbered
from twin.retrieve.filters import EVERYTHING
from twin.retrieve.passages import Passage, Retrieval
from twin.safety import GuardSettings

TOLD: Final = (
    "I answer questions about what I have written, and this reads like an order to me ({why}). "
    "Would you ask it as a question?"
)
"""What is said to an order, in the person's voice, as everything is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What is guarded, and how.

    Attributes:
        questions: whether an order that comes as a question is told so, and no model is asked.
        passages: whether sentences that try to instruct are left out of prompts.
        mask: hides personal data in a text that a model is to read.
    """

    questions: bool = True
    passages: bool = True
    mask: Callable[[str], str] | None = None

    def told(self, question: str) -> str:
        """Return what to say to a question that is an order; empty if it is none."""
        found = attempts(question, Channel.QUESTION) if self.questions else ()
        return TOLD.format(why=reason(found)) if found else ""

    def text(self, text: str) -> str:
        """Return a retrieved text as a model may read it."""
        kept = without_orders(text) if self.passages else text
        return self.mask(kept) if self.mask else kept

    def question(self, question: str) -> str:
        """Return a question as a model may read it."""
        return self.mask(question) if self.mask else question

    def numbered(self, passages: Sequence[Passage]) -> list[Numbered]:
        """Return passages as a prompt shows them, numbered from 1."""
        return [
            Numbered(
                n, self.text(p.text), self.text(p.title), (p.published_at or "")[:10], p.author
            )
            for n, p in enumerate(passages, start=1)
        ]


GUARD: Final = Guard()
"""Everything guarded, nothing masked: as twin.toml says by default."""

UNGUARDED: Final = Guard(questions=False, passages=False)
"""Nothing guarded, to measure what the guard does."""


def guarded_by(wanted: GuardSettings, finders: Callable[[], Sequence[Finder]] = tuple) -> Guard:
    """Return the guard that twin.toml asks for.

    Args:
        wanted: the ``[guard]`` table.
        finders: builds what finds personal data; asked only when there is something to mask.
    """
    mask = Masking(finders) if wanted.masks else None
    return Guard(questions=wanted.questions, passages=wanted.passages, mask=mask)


def nothing(question: str, audience: Audience) -> Retrieval:
    """Return a retrieval in which nothing was looked for."""
    return Retrieval(passages=(), asked=(question,), found=EVERYTHING, audience=audience)
