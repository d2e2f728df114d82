"""The vocabulary of datasets: one row, and what a curator says of it.

In: nothing. Out: `Sample`, `Split`, `Removal`, `Curation` and `Curator`, which the room of datasets, its curators
and plugins share. Nothing here opens anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from twin.documents import Audience


class Split(StrEnum):
    """Which part of a set a row is in."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One row: what is asked, and the person's own words.

    Attributes:
        id: the same for the same form of the same span of the same version.
        form: ``instruction``, ``continuation``, ``rewrite``, ``context`` or ``preference``.
        prompt: the messages before the answer, as ``(role, content)``.
        target: the person's own text: the answer, or what is chosen. ``text[start:end]`` of that
            version, unless `verbatim` is False.
        rejected: what is not chosen; None in an instruction set.
        document_id: of the document that the target is from; empty for feedback without sources.
        start: in code points, of the document's text.
        topic: a tag, a folder or the title's leading word: what coverage is counted by.
        prompt_by: who wrote the instruction: ``template``, ``teacher`` or ``person``.
        rejected_by: where the rejected text is from, as in ``corruption:hedging+lists`` or
            ``others:<document id>``; empty in an instruction set.
        verbatim: False for what the person wrote in the chat, which stands in no document.
        cited: the number of the passage of the context that the target is in, where the answer is to
            cite it; 0 where it is not.
        feedback_id: of the feedback that it is from; empty if it is from none.
        reads: other documents whose words stand in the prompt.
    """

    id: str
    split: Split
    form: str
    prompt: tuple[tuple[str, str], ...]
    target: str
    rejected: str | None = None
    document_id: str
    version: int
    start: int
    end: int
    title: str = ""
    topic: str = ""
    kind: str = ""
    audience: Audience = Audience.PUBLIC
    published_at: str | None = None
    language: str | None = None
    prompt_by: str = "template"
    rejected_by: str = ""
    verbatim: bool = True
    cited: int = 0
    feedback_id: str = ""
    reads: tuple[str, ...] = ()

    @property
    def instruction(self) -> str:
        """What the last message asks."""
        return self.prompt[-1][1] if self.prompt else ""


@dataclass(frozen=True, slots=True)
class Removal:
    """A row that a curator leaves out, and why.

    Attributes:
        sample_id: the row's id.
        reason: the same words for the same reason, so that reasons can be counted.
        detail: what it was in this row, as in the id of the row that it repeats.
    """

    sample_id: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A text that must not be in the training rows: of a benchmark, or a retrieval golden.

    Attributes:
        name: the file that it is from.
        text: a question, an answer or a passage.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """What a curator is given besides the rows.

    Attributes:
        seed: of the set; a curator that chooses does so by it alone.
        language: of the person's writing, in English, as Snowball names it.
        references: texts that must not be in the training rows.
    """

    seed: int = 0
    language: str = "english"
    references: Sequence[Reference] = field(default_factory=tuple)


class Curator(Protocol):
    """Names rows to leave out of a dataset. It never edits one: a target stays what was written."""

    def __call__(self, samples: Sequence[Sample], curation: Curation) -> Iterable[Removal]:
        """Return the rows to leave out, in any order, each at most once.

        Args:
            samples: the rows that are left at this step, of all splits, in the order of the set.
            curation: what else there is to know.
        """
