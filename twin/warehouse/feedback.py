"""What people said of answers: thumbs, edits and choices, with all that was sent and shown.

In: `Feedback` from the page or the command line. Out: the same, oldest first, from either engine, as
a JSON value that JSONL carries, and the time under which an engine orders it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from twin.documents import Audience
from twin.errors import WarehouseError


class FeedbackKind(StrEnum):
    """What the person did."""

    THUMB = "thumb"
    """Up or down, perhaps with a comment."""
    EDIT = "edit"
    """Wrote what they would have written."""
    CHOICE = "choice"
    """Chose one of two answers side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackSource:
    """A passage that stood in the prompt: an exact span of a version of a document."""

    document_id: str
    version: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One act of a person about one answer.

    Attributes:
        id: the same act keeps its id; storing it again replaces what was stored.
        at: ISO 8601; without an offset it is UTC.
        thread_id: the conversation.
        message_id: the answer in it.
        user: who did it; empty where nobody logs in.
        prompt: role and content of every message, as they were sent.
        prompt_version: the template, as in ``answer@1``.
        answer: what the model gave; of a choice, the chosen one.
        rejected: of a choice, the other one.
        edited: of an edit, what the person would have written.
        value: of a thumb, 1.0 for up and 0.0 for down.
        sources: the passages that stood in the prompt. When one of their documents is forgotten the
            feedback goes with it, because the prompt and the answer repeat its words.
        model: the model that answered, as the settings name it.
        adapter: of that model; empty for none.
        rejected_model: the model of the other answer.
        rejected_adapter: the adapter of the other answer.
        trace_id: of the turn; empty where nothing was traced.
        audience: for whom the answer was made; nothing above it stood in the prompt.
    """

    id: str
    kind: FeedbackKind
    at: str
    thread_id: str
    message_id: str
    user: str = ""
    question: str
    prompt: tuple[tuple[str, str], ...]
    prompt_version: str
    answer: str
    rejected: str = ""
    edited: str = ""
    value: float | None = None
    comment: str = ""
    sources: tuple[FeedbackSource, ...] = ()
    model: str = ""
    adapter: str = ""
    rejected_model: str = ""
    rejected_adapter: str = ""
    trace_id: str = ""
    audience: Audience

    @property
    def documents(self) -> tuple[str, ...]:
        """The ids of the documents that it repeats words of, each once."""
        return tuple(dict.fromkeys(source.document_id for source in self.sources))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


class FeedbackStore(Protocol):
    """Feedback at rest; every warehouse is one."""

    def put_feedback(self, feedback: Feedback) -> None:
        """Store an act of a person; the same id replaces what was stored.

        Raises:
            WarehouseError: if it has no id, its time is none, its value is not between 0 and 1, it
                is not Unicode text, or the engine cannot write.
        """

    def feedback(
        self, *, kind: FeedbackKind | None = None, since: str | None = None
    ) -> Iterator[Feedback]:
        """Yield feedback, oldest first.

        Args:
            kind: only of this kind.
            since: only from this time on, ISO 8601; without an offset it is UTC.

        Raises:
            WarehouseError: if `since` is no time.
        """

    def delete_feedback(self, feedback_id: str) -> bool:
        """Forget one act; return whether it was there."""


@cache
def _reader() -> TypeAdapter[Feedback]:
    return TypeAdapter(Feedback)


def read_feedback(line: str | bytes) -> Feedback:
    """Return the feedback in a JSON value.

    Raises:
        WarehouseError: if it is none.
    """
    try:
        return _reader().validate_json(line)
    except ValidationError as error:
        what = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, what["loc"]))
        message = f"not feedback: {where}: {what['msg']}"
        raise WarehouseError(message) from error


def moment_of(text: str, what: str) -> str:
    """Return a time in UTC to the microsecond, so that times order as texts.

    Raises:
        WarehouseError: if it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{what}: {text!r:.60} is no ISO 8601 time"
        raise WarehouseError(message, "as in 2026-03-14T09:30:00+00:00") from error
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")


def checked(feedback: Feedback) -> Feedback:
    """Return feedback as it may be stored, its time in UTC.

    Raises:
        WarehouseError: as `FeedbackStore.put_feedback` says.
    """
    if not feedback.id:
        message = "feedback without an id"
        raise WarehouseError(message, "give it one that stays when the person changes their mind")
    if feedback.value is not None and not 0 <= feedback.value <= 1:
        message = f"feedback {feedback.id!a}: its value is {feedback.value}"
        raise WarehouseError(message, "0.0 is thumbs down, 1.0 is thumbs up")
    return replace(feedback, at=moment_of(feedback.at, f"feedback {feedback.id!a}"))


def feedback_line(feedback: Feedback) -> str:
    """Return feedback as a JSON value without line breaks; `read_feedback` is the way back.

    Raises:
        WarehouseError: if it is not Unicode text.
    """
    line = json.dumps(feedback.as_json(), ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError as error:
        message = f"feedback {feedback.id!a}: it holds a lone surrogate, which is not Unicode text"
        raise WarehouseError(message) from error
    return line
