"""Rows from the feedback of the chat: what the person would have written, over what was given.

In: feedback at rest. Out: preference rows: an edited answer over the one that was given, a chosen one
over the other; and of the edits, instruction rows. Their provenance says so; an edit stands in no document,
so the gate `verbatim` does not ask for it. A choice is a model's text: it is never an answer to learn
word for word, and so it is in no instruction set.
"""

from collections.abc import Iterable, Iterator, Mapping

from twin.datasets.words import share
from twin.documents import Audience
from twin.samples import Sample, Split
from twin.warehouse.feedback import Feedback, FeedbackKind


def corrections(
    feedback: Iterable[Feedback],
    kind: str,
    splits: Mapping[str, Split],
    *,
    audience: Audience,
    test: float,
    seed: int,
) -> Iterator[Sample]:
    """Yield the rows that feedback gives.

    Args:
        feedback: oldest first; of several acts about one answer the last counts.
        kind: ``sft`` or ``dpo``.
        splits: of documents: a row whose sources are held back is held back too, and one whose
            sources are in several splits is left out.
        audience: nothing above it is taken.
        test: share of the threads without known sources that are held back.
        seed: decides which.
    """
    last: dict[tuple[str, str], Feedback] = {}
    for one in feedback:
        wanted = one.kind is FeedbackKind.EDIT or (one.kind, kind) == (FeedbackKind.CHOICE, "dpo")
        if wanted and one.audience in audience.visible and one.prompt:
            last[one.thread_id, one.message_id or one.id] = one
    for one in last.values():
        of_sources = {splits[s.document_id] for s in one.sources if s.document_id in splits}
        if len(of_sources) > 1:
            continue
        held = share("feedback", seed, one.thread_id) < test
        split = of_sources.pop() if of_sources else Split.TEST if held else Split.TRAIN
        edited = one.kind is FeedbackKind.EDIT
        chosen, rejected = (one.edited, one.answer) if edited else (one.answer, one.rejected)
        if not chosen.strip() or chosen.strip() == rejected.strip():
            continue
        yield Sample(
            id=f"feedback-{one.id}",
            split=split,
            form="preference" if kind == "dpo" else "correction",
            prompt=one.prompt,
            target=chosen,
            rejected=rejected if kind == "dpo" else None,
            document_id="",
            version=0,
            start=0,
            end=0,
            title=" ".join(one.question.split())[:120],
            topic="",
            kind="feedback",
            audience=one.audience,
            published_at=one.at[:10],
            prompt_by="person",
            rejected_by=f"feedback:{one.kind.value}" if kind == "dpo" else "",
            verbatim=False,
            feedback_id=one.id,
            reads=one.documents,
        )
