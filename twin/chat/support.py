"""Whether an answer's sentences are supported by what they cite.

In: the text of an answer, and its sources. Out: a `SentenceSupport` a sentence, with its span in the
answer's text and, where it is not supported, a reason that a person understands.

A sentence is compared with the sentences of the passages it cites, one, two or three in a row. It is
supported by the run that shares enough of its words (or is near enough in meaning, where an embedder
is given) and that contradicts none of what can be compared exactly: every number, every name, and
what is denied. An entailment model, where there is one, has the last word on what is left.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twin.chat.bearing import Entails, Run, Similar, judged, runs_of
from twin.chat.citations import citation_spans
from twin.chat.fences import unfenced
from twin.documents import Span
from twin.index.boundaries import sentences, trim

if TYPE_CHECKING:
    from twin.chat.answer import Source

__all__ = ["Entails", "SentenceSupport", "Similar", "check_support"]

HEADING: Final = re.compile(r"#{1,6}[ \t]")
"""Begins a line that names what follows, and states nothing."""

FEWEST: Final = 4
"""Words of a sentence that states something; "So we left." does, "Yes." does not."""


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """A sentence of an answer, and whether what it cites supports it.

    Attributes:
        start: of the sentence in the answer's text, in code points.
        end: likewise; citations behind the sentence are not part of it.
        numbers: the sources that it cites; of a sentence that cites nothing, those of the next
            citation in its paragraph.
        supported: whether they support it.
        reason: why not; empty if they do.
    """

    start: int
    end: int
    numbers: tuple[int, ...]
    supported: bool
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "start": self.start,
            "end": self.end,
            "numbers": list(self.numbers),
            "supported": self.supported,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class _Cited:
    span: Span
    numbers: tuple[int, ...]
    own: bool


def check_support(
    text: str,
    sources: Sequence["Source"],
    *,
    similar: Similar | None = None,
    entails: Entails | None = None,
) -> tuple[SentenceSupport, ...]:
    """Return every sentence of an answer that states something, and whether it is supported.

    Code and headings state nothing.

    Args:
        text: the answer, with citations as ``[n]``.
        sources: what the numbers mean.
        similar: gives cosines; without it, words alone count.
        entails: has the last word, but for what is quoted word for word: a sentence is supported
            if one of the source's runs that its words and facts allow entails it, at a half or more.
    """
    known = {source.n: runs_of(source.n, source.passage) for source in sources}
    checked = []
    for cited in _cited(text):
        sentence = cited.span.of(text)
        words = re.findall(r"[^\W_]+", sentence)
        asks = sentence.rstrip(" *_”\"'").endswith((":", "?"))
        if len(words) < FEWEST or asks or HEADING.match(sentence):
            continue
        reason = _reason(cited, text, known, similar, entails)
        checked.append(
            SentenceSupport(*cited.span, cited.numbers, supported=not reason, reason=reason)
        )
    return tuple(checked)


def _cited(text: str) -> Iterator[_Cited]:
    """Yield the sentences with what they cite; one without citation takes those that come next."""
    blank = unfenced(text)
    found: list[tuple[int, tuple[int, ...]]] = []
    ends: list[int] = []
    for span, numbers in citation_spans(text):
        blank = blank[: span.start] + " " * (span.end - span.start) + blank[span.end :]
        found.append((span.start, numbers))
        ends.append(span.end)
    spans = [part for span in sentences(blank) for part in _parted(blank, span, ends)]
    own: list[tuple[int, ...]] = [()] * len(spans)
    for start, numbers in found:
        # Behind a sentence, or within it: to the last one that began before.
        at = max((n for n, span in enumerate(spans) if span.start <= start), default=0)
        if spans:
            own[at] = (*own[at], *(n for n in numbers if n not in own[at]))
    for at, span in enumerate(spans):
        if own[at]:
            yield _Cited(span, own[at], own=True)
            continue
        later: tuple[int, ...] = ()
        for n in range(at + 1, len(spans)):
            if re.search(r"\n[ \t]*\n", text[span.end : spans[n].start]):
                break
            if later := own[n]:
                break
        yield _Cited(span, later, own=False)


def _parted(blank: str, span: Span, ends: Sequence[int]) -> Iterator[Span]:
    """Yield a sentence, cut behind citations where another begins: a title has no full stop."""
    start = span.start
    for end in ends:
        words = re.findall(r"[^\W_]+", blank[start:end]) if start < end < span.end else []
        if len(words) >= FEWEST and not re.match(r"\s*[a-z,;:.)\]–—]", blank[end:]):
            yield trim(blank, Span(start, end))
            start = end
    yield trim(blank, Span(start, span.end))


def _reason(
    cited: _Cited,
    text: str,
    known: dict[int, list[Run]],
    similar: Similar | None,
    entails: Entails | None,
) -> str:
    sentence = cited.span.of(text)
    dangling = [n for n in cited.numbers if n not in known]
    if dangling:
        return f"it cites [{dangling[0]}], which is not there"
    if not cited.numbers:
        return "it cites nothing"
    runs = [run for n in cited.numbers for run in known[n]]
    reason = judged(_citations_out(sentence), runs, similar, entails).reason
    if reason and not cited.own:
        return "it cites nothing, and what is cited next does not say it"
    return reason


def _citations_out(text: str) -> str:
    for span, _ in reversed(list(citation_spans(text))):
        text = text[: span.start] + " " + text[span.end :]
    return text
