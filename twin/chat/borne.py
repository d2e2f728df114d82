"""A draft as the page shows it: behind each sentence, where the person said it, or that they did not.

In: a variant of a draft, and what was retrieved for it. Out: its text with numbers and marks, what
each number leads to, and what the marks mean.
"""

from dataclasses import dataclass

from twin.chat.drafts import DraftVariant, Rest
from twin.chat.page import day, escaped, source_name
from twin.retrieve.passages import Retrieval

UNWRITTEN = "°"
UNLIKE = "≁"


@dataclass(frozen=True, slots=True)
class Borne:
    """A variant as it is shown.

    Attributes:
        text: with `[n]` behind the sentences that rest on something.
        sources: for each number its name, its line in the list, and what stands beside the text.
        legend: what the marks mean; empty if there are none.
    """

    text: str
    sources: tuple[tuple[str, str, str], ...]
    legend: str


def borne(variant: DraftVariant, retrieval: Retrieval) -> Borne:
    """Return a variant with its marks."""
    told: dict[tuple[str, int], list[Rest]] = {}
    text, done = "", 0
    for one in variant.sentences:
        text += variant.text[done : one.end]
        done = one.end
        for rest in one.rests[:1]:
            # One number a document: its sentences stand beside the text together.
            rests = told.setdefault((rest.document_id, rest.version), [])
            if all(rest.span != known.span for known in rests):
                rests.append(rest)
            text += f" {source_name(list(told).index((rest.document_id, rest.version)) + 1)}"
        text += "" if one.rests else f" {UNWRITTEN}"
        text += f" {UNLIKE}" if one.unlike else ""
    text += variant.text[done:]
    legend = [
        escaped(f"{mark} {meaning}")
        for mark, meaning in (
            (UNWRITTEN, "you have not written this"),
            (UNLIKE, "it does not sound like you"),
        )
        if mark in text
    ]
    sources = tuple(_source(n, rests, retrieval) for n, rests in enumerate(told.values(), start=1))
    return Borne(text, sources, "\n".join(legend))


def _source(n: int, rests: list[Rest], retrieval: Retrieval) -> tuple[str, str, str]:
    name, first = source_name(n), rests[0]
    line = f"{name} {escaped(first.said)}: {escaped(first.title)}"
    where = [escaped(part) for part in (first.said, day(first.published_at)) if part]
    parts = [f"#### {escaped(f'[{n}] {first.title}')}", " · ".join(where), "---"]
    for rest in sorted(rests, key=lambda one: one.span):
        # Bold ends with its paragraph.
        lines = [f"**{escaped(part.strip())}**" for part in _words(rest, retrieval).split("\n\n")]
        parts += [
            *(one for one in lines if one != "****"),
            f"characters {rest.span.start}:{rest.span.end}",
        ]
    parts += ["---", f"`{first.document_id}`\nversion {first.version}"]
    return name, line, "\n\n".join(parts)


def _words(rest: Rest, retrieval: Retrieval) -> str:
    """Return the words that a sentence rests on, out of the passage that has them."""
    for passage in retrieval.passages:
        same = (passage.document_id, passage.version) == (rest.document_id, rest.version)
        if same and passage.start <= rest.span.start and rest.span.end <= passage.end:
            start, end = (place - passage.start for place in rest.span)
            return passage.text[start:end].strip()
    return ""
