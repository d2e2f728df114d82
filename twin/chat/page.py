"""What the chat page shows of a source, as Markdown.

In: a `Source`. Out: Markdown in which the text of a document cannot become markup:
no heading, link, picture or directive of a passage acts on the page, and its words stand there as
they were written, the quoted ones in bold. Code is shown as code, behind a fence longer than its own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from markdown_it import MarkdownIt

from twin.chat.answer import Source
from twin.chat.citations import citation_spans
from twin.documents import Kind, Span
from twin.errors import TwinError
from twin.retrieve.passages import Passage

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_INVISIBLE = re.compile("[\u200b\u2028\u2029\x00]")
_JOINER = "\u2060"
"""A word joiner: it has no width, and keeps what stands on its two sides on one line."""
# What CommonMark counts as white space: next to anything else, ** may fail to make bold.
_SPACE = " \t\r\f\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Some lines of a passage: prose, or code with its language ("" if it states none)."""

    span: Span
    language: str | None


def escaped(text: str) -> str:
    """Return text as Markdown that shows exactly this text, on its own lines."""
    shown = _PUNCTUATION.sub(r"\\\1", _INVISIBLE.sub("", text))
    return re.sub(r"^[ \t]+", _indent, shown, flags=re.MULTILINE)


def apology(error: TwinError) -> str:
    """Return an error as the sentences that a person reads."""
    sentences = [error.message, error.hint]
    return "\n\n".join(
        escaped(f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}")
        for text in sentences
        if text
    )


def source_name(n: int) -> str:
    """Return the name of the element that shows a source.

    Chainlit turns every occurrence of an element's name in its message into a link to it, in code and
    in addresses as well. So the name is the citation itself with a sign behind it that nobody sees,
    and that nothing else in an answer has.
    """
    return f"[{n}]{_JOINER}"


def linked(text: str) -> str:
    """Return an answer in which the citations, and nothing that looks like one, lead to their sources."""
    for span, _ in reversed(list(citation_spans(text))):
        text = f"{text[: span.end]}{_JOINER}{text[span.end :]}"
    return text


def source_markdown(source: Source) -> str:
    """Return what stands beside the answer for a source: its origin, and the quoted words in place.

    Args:
        source: as the answer cites it.
    """
    passage = source.passage
    origin = [passage.author, day(passage.published_at)]
    described = " · ".join(escaped(part) for part in origin if part)
    title = escaped(f"[{source.n}] {' '.join(title_of(passage).split())}")
    offset = passage.start
    quotes = [Span(start - offset, end - offset) for start, end in source.quotes]
    place = (
        f"`{passage.document_id}`\n"
        f"version {passage.version}, characters {passage.start}:{passage.end}"
    )
    return "\n\n".join(
        [
            f"#### {title}",
            "\n".join(part for part in (described, _links(passage)) if part),
            "---",
            *_passage(passage, quotes),
            "---",
            place,
        ]
    )


def sources_line(sources: Sequence[Source]) -> str:
    """Return the list of sources that ends an answer, each a link to what stands beside it."""
    lines = []
    for source in sources:
        passage = source.passage
        parts = [title_of(passage), day(passage.published_at)]
        described = ", ".join(escaped(part).strip() for part in parts if part)
        lines.append(f"{source_name(source.n)} {described}")
    return "\n".join(lines)


def title_of(passage: Passage) -> str:
    """Return the title of a passage's document, or where it came from."""
    return passage.title.strip() or passage.source


def day(published: str | None) -> str:
    """Return a date as people write it: ``17 May 2022``; empty if there is none."""
    if not published:
        return ""
    try:
        when = date.fromisoformat(published[:10])
    except ValueError:
        return published
    return f"{when.day} {when:%B %Y}"


def _links(passage: Passage) -> str:
    """Return where the passage can be read, and where else the same piece was published."""
    return " \u00b7 ".join(_link(url, passage) for url in (passage.url or "", *passage.also_at))


def _link(url: str, passage: Passage) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # it is no address at all, as in "https://[draft]/"
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return escaped(passage.source)
    address = re.sub(r"[<>\\\s]", lambda m: f"%{ord(m[0]):02X}", url)
    return f"[{escaped(parts.hostname)}](<{address}>)"


def _passage(passage: Passage, quotes: Sequence[Span]) -> Iterator[str]:
    for part in _parts(passage):
        if part.language is None:
            if text := _prose(passage.text, part.span, quotes):
                yield text
        else:
            yield from _code(passage.text, part, quotes)


def _parts(passage: Passage) -> Iterator[_Lines]:
    """Yield the passage in parts: prose and code take turns."""
    text = passage.text
    if passage.kind is Kind.CODE:
        suffix = re.search(r"\.(\w{1,8})$", passage.source)
        yield _Lines(Span(0, len(text)), suffix[1] if suffix else "")
        return
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
    done = 0
    for token in MarkdownIt("commonmark").parse(text):
        if token.type != "fence" or token.map is None:
            continue
        first, last = token.map
        begin = starts[first]
        end = starts[last] if last < len(starts) else len(text)
        if begin > done:
            yield _Lines(Span(done, begin), None)
        language = re.match(r"[\w+-]*", token.info.strip())
        # The fence itself is shown by a fence of ours.
        inner = Span(starts[min(first + 1, len(starts) - 1)], end)
        closed = re.search(r"(?:^|[\r\n])[^\S\r\n]*(?:`{3,}|~{3,})\s*$", inner.of(text))
        stop = inner.start + closed.start() if closed else end
        yield _Lines(Span(inner.start, max(inner.start, stop)), language[0] if language else "")
        done = end
    if done < len(text):
        yield _Lines(Span(done, len(text)), None)


def _prose(text: str, span: Span, quotes: Sequence[Span]) -> str:
    """Return prose as it was written, with the quoted words in bold."""
    shown: list[str] = []
    start = span.start
    for line in span.of(text).split("\n"):
        shown.append(_line(text, Span(start, start + len(line)), quotes))
        start += len(line) + 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(shown)).strip("\n")


def _line(text: str, line: Span, quotes: Sequence[Span]) -> str:
    marked: list[Span] = []
    for quote in quotes:
        start, end = max(quote.start, line.start), min(quote.end, line.end)
        while start < end and text[start] in _SPACE:
            start += 1
        while end > start and text[end - 1] in _SPACE:
            end -= 1
        if start >= end:
            continue
        # Bold begins and ends at white space, or Markdown may not take it for bold.
        while start > line.start and text[start - 1] not in _SPACE:
            start -= 1
        while end < line.end and text[end] not in _SPACE:
            end += 1
        if marked and not text[marked[-1].end : start].strip():
            marked[-1] = Span(marked[-1].start, max(end, marked[-1].end))
        else:
            marked.append(Span(start, end))
    shown, done = "", line.start
    for mark in marked:
        shown += f"{_piece(text[done : mark.start], first=done == line.start)}"
        shown += f"**{_piece(mark.of(text), first=False)}**"
        done = mark.end
    return (shown + _piece(text[done : line.end], first=done == line.start)).rstrip(" \t\r")


def _piece(text: str, *, first: bool) -> str:
    """Return a part of a line; only what begins a line can be an indentation."""
    shown = _PUNCTUATION.sub(r"\\\1", _INVISIBLE.sub("", text))
    return re.sub(r"^[ \t]+", _indent, shown) if first else shown


def _indent(match: re.Match[str]) -> str:
    return "\u00a0" * len(match[0].expandtabs(4))


def _code(text: str, part: _Lines, quotes: Sequence[Span]) -> Iterator[str]:
    """Yield code, with the lines that are quoted in a block of their own."""
    span, language = part.span, part.language or ""
    done = span.start
    for quote in quotes:
        start, end = max(quote.start, done), min(quote.end, span.end)
        if start >= end:
            continue
        start = max(text.rfind("\n", span.start, start) + 1, done)
        found = text.find("\n", end, span.end)
        end = span.end if found < 0 else found
        if text[done:start].strip():
            yield fenced(text[done:start], language)
        yield "**Quoted:**"
        yield fenced(text[start:end], language)
        done = end
    if text[done : span.end].strip():
        yield fenced(text[done : span.end], language)


def fenced(code: str, language: str = "") -> str:
    """Return text as code, behind a fence longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    body = code.strip("\r\n")
    return f"{fence}{language}\n{body}\n{fence}"
