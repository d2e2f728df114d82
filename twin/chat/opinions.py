"""What a person thinks of an answer, as the warehouse keeps it.

In: an `Answer`, and what was done about it: a thumb, what they would have written, a choice between
two. Out: `Feedback`, with all that was sent and shown.
"""

from dataclasses import replace
from datetime import UTC, datetime

from twin.chat.answer import Answer
from twin.chat.drafts import Draft, DraftVariant
from twin.retrieve.passages import Retrieval
from twin.warehouse.feedback import Feedback, FeedbackKind, FeedbackSource


def about(answer: Answer, *, thread_id: str, message_id: str, user: str) -> Feedback:
    """Return what there is to know of an answer, before anything was said of it."""
    given = _shown(answer, thread_id=thread_id, message_id=message_id, user=user)
    question = answer.question or (answer.retrieval.asked or ("",))[0]
    return replace(given, question=question, prompt=answer.prompt, answer=answer.text)


def about_draft(
    draft: Draft, variant: DraftVariant, *, thread_id: str, message_id: str, user: str
) -> Feedback:
    """Return what there is to know of a variant of a draft, before anything was said of it."""
    given = _shown(draft, thread_id=thread_id, message_id=message_id, user=user)
    about_what = draft.brief.about
    return replace(given, question=about_what, prompt=variant.prompt, answer=variant.text)


def side_id(message_id: str, side: int) -> str:
    """Return the id of one of two texts of a message."""
    return f"{message_id}:{side}"


def is_side(message_id: str) -> bool:
    """Return whether an id is that of one of two texts of a message."""
    return ":" in message_id


def thumb(answer: Feedback, thumb_id: str, value: int, comment: str) -> Feedback:
    """Return a thumb: 1 is up, 0 is down."""
    return replace(
        answer,
        id=thumb_id,
        kind=FeedbackKind.THUMB,
        at=_now(),
        value=float(value),
        comment=comment.strip(),
    )


def edit(answer: Feedback, text: str) -> Feedback:
    """Return what the person would have written; a later one of the same answer replaces it."""
    return replace(
        answer,
        id=f"{answer.message_id}:edit",
        kind=FeedbackKind.EDIT,
        at=_now(),
        edited=text.strip(),
    )


def choice(chosen: Feedback, rejected: Feedback, message_id: str) -> Feedback:
    """Return a choice between two answers of one message; choosing anew replaces it."""
    return replace(
        chosen,
        id=f"{message_id}:choice",
        kind=FeedbackKind.CHOICE,
        at=_now(),
        message_id=message_id,
        rejected=rejected.answer,
        rejected_model=rejected.model,
        rejected_adapter=rejected.adapter,
    )


def _shown(made: Answer | Draft, *, thread_id: str, message_id: str, user: str) -> Feedback:
    """Return what an answer and a draft have in common."""
    return Feedback(
        id=message_id,
        kind=FeedbackKind.THUMB,
        at=_now(),
        thread_id=thread_id,
        message_id=message_id,
        user=user,
        question="",
        prompt=(),
        prompt_version=made.prompt_version,
        answer="",
        sources=_sources(made.retrieval),
        model=made.model,
        adapter=made.adapter,
        trace_id=made.trace_id,
        audience=made.retrieval.audience,
    )


def _sources(retrieval: Retrieval) -> tuple[FeedbackSource, ...]:
    """Return all that stood in the prompt: whoever forgets one of them forgets what was said, too."""
    return tuple(
        FeedbackSource(
            document_id=one.document_id, version=one.version, start=one.start, end=one.end
        )
        for one in retrieval.passages
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
