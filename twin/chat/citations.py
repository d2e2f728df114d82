"""Citations: what a model may point at, and which words of a source it rests on.

In: a stream of text in which a model writes [n]. Out: the same stream with the sources numbered in
the order in which they are cited, and without any [n] that was never retrieved; and the spans of
each source that the citing sentences rest on.

A number in brackets is a citation wherever it stands, also right behind a word, because models leave
the space out. Several may stand in one bracket (`[1, 2]`, `[1-3]`), and some models write more into it:
`[passage 1]`, `[Source 1]`, `【1†source】`. What looks like a citation must lead to its passage, so where Markdown would make a
link of it (a parenthesis right behind it, a colon behind one that begins a line) a space is put in
between. No citation is what stands in code (between backticks on one line, or in a fence), a bracket
with a 0 in it (passages count from 1, arrays from 0), and a number of more than three digits, which
is a year.
"""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass

from twin.documents import Span
from twin.index.boundaries import sentences, sentences_of

_NUMBER = r"0*[1-9][0-9]{0,2}"
_LABELS = "passages", "sources", "documents", "refs", "and"
_ONE = (
    r"(?:(?:(?:passage|source|document|ref)s?\b\.?(?:[ \t]*#)?|#)[ \t]*)?"
    rf"{_NUMBER}[ \t]*"
)
_LIST = rf"[ \t]*{_ONE}(?:(?:[,;&–-]|and\b)[ \t]*{_ONE})*"
_CITATION = re.compile(rf"\[({_LIST})\]|【({_LIST})(?:†[^】\n]*)?】", re.IGNORECASE)
_MAYBE_CITATION = re.compile(r"\[[0-9a-z \t,;&–#.-]*\Z|【[^】\n]*\Z", re.IGNORECASE)
_CITED = re.compile(r"([0-9]+)(?:[ \t]*[–-][ \t]*([0-9]+))?")
_FENCE = re.compile(r"[ \t]*(`{3,}(?=[^`\n]*(?:\n|\Z))|~{3,})[^\n]*(?:\n|\Z)")
_MAYBE_FENCE = re.compile(r"[ \t]*(?:`{0,2}|~{0,2}|(?:`{3,}[^`\n]*|~{3,}[^\n]*))\Z")
_PLAIN = re.compile(r"[^\s`\[【]+|\n|[^\S\n]+(?=[^\s\[【])|[^\S\n]+(?=\n)")
_SPACE = re.compile(r"[^\S\n]*")

_JOINS = re.compile(r"\s*(?:[,;&]|and)?\s*")
_WORDS = re.compile(r"\w+")

LONGEST_RANGE = 20
"""Passages that one citation may name by its first and its last."""

SUPPORT = 0.5
"""A sentence of the source supports a cited one if it has at least half of its words."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the text that cannot be anything else any more.

    Attributes:
        text: all of it, with the white space before a citation.
        numbers: what it cites, nothing for other text.
        parted: whether a space must keep it from what follows.
    """

    text: str
    numbers: tuple[int, ...] = ()
    parted: bool = False


class _Parts:
    """Cuts a growing text into parts, the same however it grows."""

    def __init__(self) -> None:
        self._held = ""
        self._line_begins = True
        self._fence = ""

    def feed(self, text: str) -> Iterator[_Part]:
        """Yield the parts that are certain now."""
        self._held += text
        yield from self._cut(final=False)

    def end(self) -> Iterator[_Part]:
        """Yield the rest."""
        yield from self._cut(final=True)

    def _cut(self, *, final: bool) -> Iterator[_Part]:
        at = 0
        while at < len(self._held):
            part = self._next(at, final=final)
            if part is None:
                break
            at += len(part.text)
            self._line_begins = part.text.endswith("\n")
            yield part
        self._held = self._held[at:]

    def _next(self, at: int, *, final: bool) -> _Part | None:
        """Return the part that begins at a place, None if what follows could still change it."""
        text = self._held
        if self._line_begins and (self._fence or not final):
            if (
                (self._fence or _MAYBE_FENCE.match(text, at))
                and "\n" not in text[at:]
                and not final
            ):
                return None
            if self._fence:
                return self._fenced(at)
        if self._line_begins and (fence := _FENCE.match(text, at)):
            self._fence = fence[1]
            return _Part(fence[0])
        if plain := _PLAIN.match(text, at):
            return _Part(plain[0])
        return self._special(at, final=final)

    def _special(self, at: int, *, final: bool) -> _Part | None:
        text = self._held
        space = _SPACE.match(text, at)
        start = space.end() if space else at
        if text[start : start + 1] == "`":
            return self._code(at, start, final=final)
        if text[start : start + 1] in {"[", "【"}:
            return self._bracket(at, start, final=final)
        # White space at the end, which goes if the citation behind it goes.
        return _Part(text[at:]) if final else None

    def _fenced(self, at: int) -> _Part:
        line = self._held[at:].split("\n", 1)
        whole = line[0] + ("\n" if len(line) > 1 else "")
        mark = line[0].strip()
        if set(mark) == {self._fence[0]} and len(mark) >= len(self._fence):
            self._fence = ""
        return _Part(whole)

    def _code(self, at: int, start: int, *, final: bool) -> _Part | None:
        """Return code between backticks, or the backticks alone if the line does not close them."""
        text = self._held
        length = len(text) - start - len(text[start:].lstrip("`"))
        ticks = "`" * length
        line_end = text.find("\n", start)
        limit = len(text) if line_end < 0 else line_end
        for close in re.finditer("`+", text[start + length : limit]):
            end = start + length + close.end()
            if close[0] == ticks and (end < len(text) or final):
                return _Part(text[at:end])
        return None if line_end < 0 and not final else _Part(text[at : start + length])

    def _bracket(self, at: int, start: int, *, final: bool) -> _Part | None:
        text = self._held
        cited = _CITATION.match(text, start)
        if cited is None:
            if not final and _may_become_one(text, start):
                return None
            return _Part(text[at : start + 1])
        if cited.end() == len(text) and not final:
            return None
        numbers = tuple(_numbers(cited[1] or cited[2]))
        behind = text[cited.end() : cited.end() + 1]
        parted = behind == "(" or (behind == ":" and self._line_begins)
        return _Part(text[at : cited.end()], numbers, parted)


def _may_become_one(text: str, start: int) -> bool:
    """Return whether a bracket that is not closed yet may still become a citation."""
    begun = _MAYBE_CITATION.match(text, start)
    words = re.findall("[a-z]+", begun[0].lower()) if begun and text[start] == "[" else []
    return begun is not None and all(
        any(label.startswith(word) for label in _LABELS) for word in words
    )


def _numbers(listed: str) -> Iterator[int]:
    """Yield the numbers of a list, and those between two with a dash between them."""
    for match in _CITED.finditer(listed):
        first, last = int(match[1]), int(match[2] or match[1])
        yield from (
            range(first, last + 1) if first <= last < first + LONGEST_RANGE else (first, last)
        )


class Citations:
    """Renumbers the citations of a stream.

    Args:
        known: the numbers that the prompt gave out; what is added to it while the text is being
            written counts.
    """

    def __init__(self, known: Container[int]) -> None:
        self._known = known
        self._numbers: dict[int, int] = {}
        self.dropped: list[int] = []
        """Numbers that the model cited and that were never retrieved."""

    @property
    def cited(self) -> dict[int, int]:
        """The number in the prompt to the number in the answer, in the order of the answer."""
        return dict(self._numbers)

    def stream(self, parts: Iterable[str]) -> Iterator[str]:
        """Yield the text with its citations renumbered, as soon as it is certain.

        An empty part stays one: it says that the model is silent.
        """
        cut = _Parts()
        for part in parts:
            ready = "".join(self._shown(one) for one in cut.feed(part))
            if ready or not part:
                yield ready
        if ready := "".join(self._shown(one) for one in cut.end()):
            yield ready

    def _shown(self, part: _Part) -> str:
        if not part.numbers:
            return part.text
        shown = ""
        for number in part.numbers:
            if number in self._known:
                new = self._numbers.setdefault(number, len(self._numbers) + 1)
                shown += f"[{new}]"
            else:
                self.dropped.append(number)
        space = part.text[: len(part.text) - len(part.text.lstrip())]
        return (space + shown if shown else "") + (" " if part.parted else "")


class Uncited(Citations):
    """Takes the citations out of a stream, and keeps where each of them stood.

    Args:
        known: the numbers that the prompt gave out.
    """

    def __init__(self, known: Container[int]) -> None:
        super().__init__(known)
        self.marks: list[tuple[int, int]] = []
        """The place in the text behind which a citation stood, and its number in the prompt."""
        self._length = 0

    def _shown(self, part: _Part) -> str:
        if not part.numbers:
            self._length += len(part.text)
            return part.text
        self.marks += [(self._length, n) for n in part.numbers if n in self._known]
        return ""


def citation_spans(answer: str) -> Iterator[tuple[Span, tuple[int, ...]]]:
    """Yield the span of each citation of an answer, white space before it included, and its numbers."""
    cut = _Parts()
    at = 0
    for part in (*cut.feed(answer), *cut.end()):
        if part.numbers:
            yield Span(at, at + len(part.text)), part.numbers
        at += len(part.text)


def cited_sentences(answer: str) -> Iterator[tuple[str, list[int]]]:
    """Yield each sentence of an answer that carries citations, with their numbers."""
    cut = _Parts()
    sentence, since, numbers = "", "", list[int]()
    for part in (*cut.feed(answer), *cut.end()):
        if not part.numbers:
            since += part.text
            continue
        if numbers and _JOINS.fullmatch(since):
            numbers += part.numbers
        else:
            yield from _last_sentence(sentence, numbers)
            # The full stop of the sentence before may stand behind its citation.
            sentence, numbers = since.lstrip(" ,;:.!?"), [*part.numbers]
        since = ""
    yield from _last_sentence(sentence, numbers)


def _last_sentence(text: str, numbers: list[int]) -> Iterator[tuple[str, list[int]]]:
    spans = sentences(text)
    if spans and _WORDS.search(spans[-1].of(text)):
        yield spans[-1].of(text), numbers


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
    # Most sentences stand nowhere word for word, which is known without compiling a pattern.
    if not words or not all(word in text for word in words):
        return None
    pattern = r"\s+".join(re.escape(word) for word in words)
    # Whole words only: "yes" does not stand in "yesterday".
    match = re.search(rf"(?<!\w){pattern}(?!\w)", text)
    return Span(match.start(), match.end()) if match else None


def _nearest(sentence: str, text: str) -> Span | None:
    words = set(_WORDS.findall(sentence.casefold()))
    if not words:
        return None
    best: tuple[float, Span] | None = None
    for span in sentences_of(text):
        shared = len(words & set(_WORDS.findall(span.of(text).casefold()))) / len(words)
        if shared >= SUPPORT and (best is None or shared > best[0]):
            best = (shared, span)
    return best[1] if best else None
