"""The steps behind an answer, as the page shows them: each with its time, each to be opened.

In: a `Retrieval`, and later the `Answer`. Out: names and Markdown, in which the text of a document
cannot become markup.
"""

from dataclasses import dataclass

from twin.chat.answer import Answer
from twin.chat.drafts import Draft
from twin.chat.page import day, escaped, fenced, title_of
from twin.documents import Kind
from twin.retrieve.passages import Retrieval


@dataclass(frozen=True, slots=True)
class Stage:
    """One step: its name with its time, and what it did, as Markdown."""

    name: str
    text: str


def summary(retrieval: Retrieval) -> str:
    """Return what all the steps of a retrieval come to, in one line."""
    count = len(retrieval.passages)
    found = "1 passage" if count == 1 else f"{count or 'no'} passages"
    return f"Looked through what was written: {found} ({_time(sum(retrieval.timings.values()))})"


def understood(retrieval: Retrieval) -> str:
    """Return how a follow-up question was understood, empty if it was none."""
    if "follow-up" not in retrieval.timings or not retrieval.asked:
        return ""
    return f"Understood as: {escaped(retrieval.asked[0])}"


def stages(retrieval: Retrieval) -> list[Stage]:
    """Return the steps of a retrieval, in their order."""
    took = retrieval.timings
    steps = []
    if "follow-up" in took:
        steps.append(_stage("Follow-up", took["follow-up"], understood(retrieval)))
    steps.append(_stage("Filters", took.get("filters"), escaped(filters_line(retrieval))))
    variants = [f"- {escaped(text)}" for text in retrieval.asked[1:]]
    steps.append(
        _stage(
            f"Variants: {len(variants) or 'none'}",
            took.get("variants"),
            "\n".join(variants) or "The question alone was searched for\\.",
        )
    )
    searching = sum(took.get(name, 0.0) for name in ("embed", "search", "resolve"))
    steps.append(_stage("Search", searching, _found(retrieval)))
    order = [f"{n}. {escaped(_cell(title_of(p)))}" for n, p in enumerate(retrieval.passages, 1)]
    reranking = took.get("rerank", 0.0) + took.get("context", 0.0)
    steps.append(_stage("Rerank", reranking, "\n".join(order) or "Nothing to put in order\\."))
    return steps


def generation(answer: Answer, trace: str | None = None) -> Stage:
    """Return the step in which the model wrote.

    Args:
        answer: that it wrote.
        trace: the address at which the whole turn can be seen, if somebody watches.
    """
    if not answer.model:
        return Stage(
            "Generation: no model was asked", "Nothing that was written fits the question\\."
        )
    name = answer.adapter or answer.model
    facts = [
        ("Model", answer.model),
        ("Adapter", answer.adapter),
        ("Prompt", answer.prompt_version),
        ("First token after", _time(answer.timings.get("first_token"))),
        ("Tokens read", _count(answer.usage.prompt_tokens)),
        ("Tokens written", _count(answer.usage.completion_tokens)),
    ]
    lines = [f"- {title}: {escaped(value)}" for title, value in facts if value]
    if trace:
        lines.append(f"- [The trace of this answer](<{trace}>)")
    sent = "\n\n".join(f"{role.upper()}\n{text}" for role, text in answer.prompt)
    return _stage(
        f"Generation: {name}",
        answer.timings.get("generate"),
        "\n\n".join(["\n".join(lines), "What was sent:", fenced(sent)]),
    )


def drafting(draft: Draft, trace: str | None = None) -> Stage:
    """Return the step in which the variants of a draft were written.

    Args:
        draft: with what was sent for each.
        trace: the address at which the whole turn can be seen, if somebody watches.
    """
    if not draft.variants:
        return Stage("Generation: nothing was written", "")
    facts = [("Model", draft.model), ("Adapter", draft.adapter), ("Prompt", draft.prompt_version)]
    parts = ["\n".join(f"- {title}: {escaped(value)}" for title, value in facts if value)]
    if trace:
        parts[0] += f"\n- [The trace of this draft](<{trace}>)"
    for variant in draft.variants:
        if variant.prompt:
            sent = "\n\n".join(f"{role.upper()}\n{text}" for role, text in variant.prompt)
            parts += [f"What was sent for variant {variant.number}:", fenced(sent)]
    took = sum(s for name, s in draft.timings.items() if name.startswith("variant "))
    return _stage(f"Generation: {draft.adapter or draft.model}", took, "\n\n".join(parts))


def filters_line(retrieval: Retrieval) -> str:
    """Return the filters of a retrieval in words."""
    found = retrieval.found
    parts = [
        *(f"by {author}" for author in found.authors),
        *(f"{kind.value}s only" if kind is not Kind.CODE else "code only" for kind in found.kinds),
        *(f"on {platform}" for platform in found.platforms),
    ]
    if found.since:
        parts.append(f"from {day(found.since)}")
    if found.until:
        parts.append(f"before {day(found.until)}")
    return f"{', '.join(parts) or 'none'} (audience: {retrieval.audience.value})"


def notes(retrieval: Retrieval) -> str:
    """Return what a person should know of a retrieval."""
    return "\n\n".join(escaped(f"Note: {note}") for note in retrieval.notes)


def _found(retrieval: Retrieval) -> str:
    if not retrieval.passages:
        return "No passage was found\\."
    rows = "\n".join(
        f"| {escaped(_cell(title_of(p)))} | {day(p.published_at)} | {p.similarity:.2f} |"
        for p in retrieval.passages
    )
    return f"| Passage | Written | Similarity |\n| :-- | :-- | --: |\n{rows}"


def _stage(name: str, seconds: float | None, text: str) -> Stage:
    return Stage(f"{name} ({_time(seconds)})" if seconds is not None else name, text)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _cell(text: str) -> str:
    return " ".join(text.split())
