"""Rows from the feedback of the chat: what the person would have written, over what was given.

In: feedback at rest. Out: of the person's own acts alone, preference rows: an edited answer over the one that was given, a chosen one
over the other; and of the edits, instruction rows. Their provenance says so; an edit stands in no document,
so the gate `verbatim` does not ask for it. A choice is a model's text: it is never an answer to learn
word for word, and so it is in no instruction set.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from twin.datasets.words import share
from twin.documents import Audience
from twin.samples import Sample, Split
from twin.warehouse.feedback import Feedback, FeedbackKind

PERSON = frozenset(("", "local"))
"""Users who are the person whose twin it is: `twin draft` keeps no name, and a page without logins
keeps that of whoever sits at this machine (`twin.serving.access.LOCAL_USER`)."""


@dataclass(slots=True)
class LeftOut:
    """Counts edits and choices of others, who may log in to the page but are not the person."""

    acts: int = 0


def own_acts(
    feedback: Iterable[Feedback], users: Collection[str], left_out: LeftOut
) -> Iterator[Feedback]:
    """Yield the edits and choices that are the person's own.

    Args:
        feedback: of all users.
        users: names by which the person logs in to the page, besides `PERSON`.
        left_out: counts those of others.
    """
    for one in feedback:
        if one.user in PERSON or one.user in users:
            yield one
        elif one.kind is not FeedbackKind.THUMB:
            left_out.acts += 1


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
        feedback: the person's own (`own_acts`), oldest first; of several acts about one answer the last counts.
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
        pair = (one.edited, one.answer) if edited else (one.answer, one.rejected)
        # Axolotl looks for a text in what the chat template makes of it, which many templates strip: of one
        # that ends with a line end it would find nothing, and train on a single character.
        chosen, rejected = (text.strip() for text in pair)
        if not chosen or chosen == rejected:
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
