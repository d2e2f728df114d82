"""Citations: what a model may point at, and which words of a source it rests on.

In: a stream of text in which a model writes [n]. Out: the same stream with the sources numbered in
the order in which they are cited, and without any [n] that was never retrieved; and the spans of
each source that the citing sentences rest on.
"""

import re
from collections.abc import Iterable, Iterator

from twin.documents import Span
from twin.index.boundaries import sentences

_CITATION = re.compile(r"\[\s*(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\s*\]")
_UNFINISHED = re.compile(r"\s*\[[\d\s,;]{0,24}$")
_AFTER = re.compile(r"[ \t]*$")

_WORDS = re.compile(r"\w+")

SUPPORT = 0.5
"""A sentence of the source supports a cited one if it has at least half of its words."""


class Citations:
    """Renumbers the citations of a stream.

    Args:
        known: the numbers that the prompt gave out.
    """

    def __init__(self, known: Iterable[int]) -> None:
        self._known = set(known)
        self._numbers: dict[int, int] = {}
        self.dropped: list[int] = []
        """Numbers that the model cited and that were never retrieved."""

    @property
    def cited(self) -> dict[int, int]:
        """The number in the prompt to the number in the answer, in the order of the answer."""
        return dict(self._numbers)

    def stream(self, parts: Iterable[str]) -> Iterator[str]:
        """Yield the text with its citations renumbered, as soon as it is certain."""
        held = ""
        for part in parts:
            held += part
            ready, held = self._ready(held)
            if ready:
                yield ready
        if held:
            yield self._renumbered(held)

    def _ready(self, text: str) -> tuple[str, str]:
        """Split into what can be shown and what may be the beginning of a citation."""
        unfinished = _UNFINISHED.search(text) or _AFTER.search(text)
        cut = unfinished.start() if unfinished else len(text)
        return self._renumbered(text[:cut]), text[cut:]

    def _renumbered(self, text: str) -> str:
        return re.sub(rf"[ \t]*{_CITATION.pattern}", self._replace, text)

    def _replace(self, match: re.Match[str]) -> str:
        space = match.group(0)[: match.group(0).index("[")]
        shown = ""
        for digits in re.findall(r"\d+", match.group(1)):
            number = int(digits)
            if number in self._known:
                new = self._numbers.setdefault(number, len(self._numbers) + 1)
                shown += f"[{new}]"
            else:
                self.dropped.append(number)
        return space + shown if shown else ""


def cited_sentences(answer: str) -> Iterator[tuple[str, list[int]]]:
    """Yield each sentence of an answer that carries citations, with their numbers."""
    start = 0
    pending = ""
    for match in re.finditer(rf"(?:\s*{_CITATION.pattern})+[.!?]?", answer):
        text = pending + answer[start : match.start()]
        spans = sentences(text)
        numbers = [int(digits) for digits in re.findall(r"\d+", match.group(0))]
        if spans:
            yield spans[-1].of(text), numbers
        start = match.end()
        pending = ""


def quoted_spans(answer: str, number: int, text: str) -> list[Span]:
    """Return the spans of a source's text that the sentences citing it rest on, in order.

    A sentence that stands in the text word for word gives its exact place. A paraphrase gives the
    sentence of the source that shares most of its words, if that is at least half of them.
    """
    found: list[Span] = []
    for sentence, numbers in cited_sentences(answer):
        if number not in numbers:
            continue
        span = _verbatim(sentence, text) or _nearest(sentence, text)
        if span is not None and span not in found:
            found.append(span)
    return sorted(found)


def _verbatim(sentence: str, text: str) -> Span | None:
    words = sentence.split()
    if not words:
        return None
    pattern = r"\s+".join(re.escape(word) for word in words)
    match = re.search(pattern, text)
    return Span(match.start(), match.end()) if match else None


def _nearest(sentence: str, text: str) -> Span | None:
    words = set(_WORDS.findall(sentence.casefold()))
    if not words:
        return None
    best: tuple[float, Span] | None = None
    for span in sentences(text):
        shared = len(words & set(_WORDS.findall(span.of(text).casefold()))) / len(words)
        if shared >= SUPPORT and (best is None or shared > best[0]):
            best = (shared, span)
    return best[1] if best else None
