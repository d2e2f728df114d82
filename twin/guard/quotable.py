"""Which sentences can be quoted as an answer: prose that states something of its own.

In: the text of a passage, and the question. Out: the spans of sentences. Neither crumbs nor listings
are among them; nor what answers nothing, which is also what is left of text that was written to be
repeated rather than read:

- a question, and what leads up to one in its paragraph: the answer, if there is one, comes after it;
- a byline: a paragraph that is nothing but a few words and a date;
- a paragraph out of which the guard took a sentence: what stands around an order serves it;
- an echo: a sentence that gives the question's own words back. Words that the question has inside
  quotation marks are looked for, and may be given back.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from twin.documents import Span
from twin.index.boundaries import blocks, sentences
from twin.prompts.passages import LEFT_OUT

FEWEST_WORDS: Final = 4
"""Words of a sentence that can be quoted."""

LONGEST: Final = 600
"""Characters of a run; more is a listing, or a paragraph that should be read at its place."""

ECHO: Final = 8
"""So many words of the question in a row, or all that a sentence has, are an echo of it. Fewer are
chance, or the words that any answer to it needs."""

BYLINE: Final = 10
"""Words of a byline, at the most."""

_MARKER = re.compile(r"(?:(?:[-*+>]|\d{1,3}[.)])[ \t]+)+")
_NOT_PROSE = re.compile(r"^(?:#|\||```|~~~|:::|!\[|</?\w+|\[[^\]]+\]:|[-*_]{3,}\s*$|import |from )")
_AMBIGUOUS = re.compile(
    r"`|\[[ \t]*(?:(?:passage|source|document|ref)s?\b\.?[ \t]*#?|#)?[ \t]*\d[\d \t,;&–#-]*"
    r"(?:and\b[^\]\n]*)?\]|【[^】\n]*\d",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?？؟][)\]*_]*$")
_UNMARKED = re.compile(
    r"(?:what|who|whose|where|when|why|how|which)(?:'s|’s| is| are| was| were| do| does| did| can| could"
    r"| would| should| will| many| much) [^.!:;]*$",
    re.IGNORECASE,
)
"""A question without its mark; one that ends in a full stop is rather a statement."""
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)?\.? {_MONTH}\.?,? \d{{4}}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?…。！？][)\]”\"*_]*$")
_SOUGHT = re.compile(r"“[^”\n]+”|\"[^\"\n]+\"|«[^»\n]+»|„[^“\n]+“")


def quotable(text: str, question: str = "") -> list[Span]:
    """Return the sentences of a passage that can be quoted in answer to a question, in order."""
    asked = _words(_SOUGHT.sub(" ", question))
    found = []
    for paragraph in _paragraphs(text):
        if (
            _byline(paragraph, text)
            or _asks(paragraph[-1].of(text))
            or any(LEFT_OUT in s.of(text) for s in paragraph)
        ):
            continue
        for span in paragraph:
            sentence = span.of(text)
            if prose(sentence) and not _asks(sentence) and not _echo(sentence, asked):
                marker = _MARKER.match(sentence)
                found.append(Span(span.start + (marker.end() if marker else 0), span.end))
    return found


def _paragraphs(text: str) -> Iterator[list[Span]]:
    """Yield the sentences of each paragraph, every item of a list being one."""
    for block, _ in blocks(text, Span(0, len(text))):
        paragraph: list[Span] = []
        for span in sentences(text, block):
            if paragraph and _MARKER.match(span.of(text)):
                yield paragraph
                paragraph = []
            paragraph.append(span)
        if paragraph:
            yield paragraph


def prose(sentence: str) -> bool:
    """Return whether a sentence is one, and neither a crumb nor part of a listing."""
    if _NOT_PROSE.match(sentence) or len(sentence) > LONGEST:
        return False
    # Its own [1] would be read as a citation, and half of a code span as the end of one.
    if _AMBIGUOUS.search(re.sub(r"(`+)[^`]+\1", "", sentence)):
        return False
    # A link's address says nothing, so only its words count.
    plain = re.sub(r"\]\([^)]*\)", "]", sentence)
    return len(re.findall(r"[^\W\d_]{2,}", plain)) >= FEWEST_WORDS and not plain.endswith(":")


def _byline(paragraph: Sequence[Span], text: str) -> bool:
    sentence = paragraph[0].of(text)
    return (
        len(paragraph) == 1
        and len(sentence.split()) <= BYLINE
        # A list of titles with their dates is one of contents, and may be what is asked for.
        and not _MARKER.match(sentence)
        and not _ENDS.search(sentence)
        and bool(_DATE.search(sentence))
    )


def _asks(sentence: str) -> bool:
    return bool(_ASKS.search(sentence) or _UNMARKED.match(sentence))


def _echo(sentence: str, asked: str) -> bool:
    said = _words(sentence).split()
    size = min(ECHO, len(said))
    return any(f" {' '.join(said[n : n + size])} " in asked for n in range(len(said) - size + 1))


def _words(text: str) -> str:
    return " ".join(["", *re.findall(r"\w+", text.casefold()), ""])
