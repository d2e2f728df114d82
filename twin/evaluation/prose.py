"""From Markdown to prose: what is left when everything that formatting and platforms add is gone.

In: a document's text as the warehouse keeps it (Markdown or Djot). Out: paragraphs of plain prose,
and windows of so many words cut from them at sentence ends. Whoever compares styles must not compare
file formats, so headings, code, tables, quotations of others, addresses and typography go, and so
does what recurs from document to document (a newsletter's greeting, a platform's footer).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from twin.index.boundaries import sentences

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
CODE = "code"
"""Stands for code inside a sentence: that there is some is syntax, what it says is topic."""

SHORTEST = 8
"""Words of a paragraph that no sentence mark ends; below, it is a caption, a button or a label."""

SHINGLE = 5
REPEATED = 0.5
"""A paragraph of whose five-word shingles so many stand in another document is boilerplate."""

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_DJOT = re.compile(r"^[ \t]*(?:\{[^}\n]*\}|:{3,}.*)$|^:[ \t]+", re.MULTILINE)
_SPECIALS = re.compile(r"\{[^}\s]*\}|\[\^[^\]]*\]|<[^<>\s]+>")
_LINKS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_DASHES = re.compile(r"\s+-{1,3}\s+|\s*(?:---|[—―])\s*|\s+–\s+|(?<=[a-z])--(?=[a-z])")
_QUOTES = str.maketrans({"‘": "'", "’": "'", "\u201a": "'", "“": '"', "”": '"', "„": '"', "`": "'"})
_LEFT_OUT = frozenset(("heading_open", "blockquote_open", "table_open"))
_ENDS = (".", "!", "?", ":", ";", '."', '?"', '!"', ".)", "?)", "!)")
_GLUED = re.compile(r"(?<=[a-z)][.!?:])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Window:
    """So many words of one document, cut at sentence ends where there are any.

    Attributes:
        text: paragraphs, each on a line.
        document: which document it is of.
    """

    text: str
    document: str


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only where something is parsed

    return MarkdownIt("commonmark").enable("table")


def paragraphs(markdown: str) -> list[str]:
    """Return the prose of a text, a paragraph each, in plain typography."""
    text = _FRONT_MATTER.sub("", markdown)
    tokens = _parser().parse(_DJOT.sub("", text))
    found: list[str] = []
    inside = 0
    for token in tokens:
        if token.type in _LEFT_OUT:
            inside += 1
        elif token.type.replace("_close", "_open") in _LEFT_OUT:
            inside -= 1
        elif token.type == "inline" and not inside:
            found += [plain for line in _lines(token) if _is_prose(plain := plain_text(line))]
    return found


def _lines(token: Token) -> Iterator[str]:
    """Yield the text of an inline token, cut where a line is broken on purpose."""
    line = ""
    for child in token.children or ():
        if child.type in {"text", "text_special"}:
            line += child.content
        elif child.type == "code_inline":
            line += CODE
        elif child.type == "softbreak":
            line += " "
        elif child.type == "hardbreak":
            yield line
            line = ""
    yield line


def plain_text(text: str) -> str:
    """Return a text in plain typography: no addresses, emoji, curly quotes or styled letters.

    Letters of the mathematical alphabets, which some use as bold, become letters (NFKC). All dashes
    between words become one, because it is the editor that makes one of them out of another.
    """
    text = _LINKS.sub(" ", _SPECIALS.sub(" ", text))
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = _DASHES.sub(" — ", text)
    text = "".join(c if _is_plain(c) else " " for c in text)
    text = _GLUED.sub(" ", re.sub(r"[*\[\]]", "", text).replace("_", " "))
    return re.sub(r" (?=[,.;:!?](?:\s|$))", "", " ".join(text.split()))


def _is_plain(character: str) -> bool:
    # Variation selectors are marks that belong to emoji.
    return unicodedata.category(character)[0] in "LMNPZ" and not "\ufe00" <= character <= "\ufe0f"


def _is_prose(text: str) -> bool:
    words = len(WORD.findall(text))
    return words >= SHORTEST or (words > 2 and text.endswith(_ENDS))  # noqa: PLR2004 - a sentence


def own_paragraphs(documents: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the prose of every document, without what recurs from one to another.

    Args:
        documents: Markdown by document. Of a paragraph that is in several, none is kept: it would
            let a verifier know the author by what they paste and not by how they write.
    """
    found = {key: paragraphs(text) for key, text in documents.items()}
    runs = {key: [shingles(one) for one in texts] for key, texts in found.items()}
    spread: Counter[int] = Counter()
    for sets in runs.values():
        spread.update(set().union(*sets))
    kept: dict[str, list[str]] = {}
    for key, texts in found.items():
        kept[key] = [
            text
            for text, own in zip(texts, runs[key], strict=True)
            if sum(spread[one] > 1 for one in own) <= REPEATED * len(own)
        ]
    return kept


def shingles(text: str) -> set[int]:
    """Return what tells one text from another: runs of five words, hashed."""
    words = [word.casefold() for word in WORD.findall(text)]
    size = min(SHINGLE, len(words))
    return {hash(tuple(words[i : i + size])) for i in range(len(words) - size + 1)}


def windows(texts: Sequence[str], size: int, document: str = "") -> list[Window]:
    """Return windows of at least `size` words, which do not overlap and end with a sentence.

    Args:
        texts: paragraphs in order.
        size: words. What is left at the end and has fewer is left out.
        document: which document they are of.
    """
    found: list[Window] = []
    held: list[str] = []
    count = 0
    for sentence, ends in _sentences(texts):
        held.append(sentence + ("\n" if ends else " "))
        count += len(WORD.findall(sentence))
        if count >= size:
            found.append(Window("".join(held).strip(), document))
            held, count = [], 0
    return found


def _sentences(texts: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield every sentence, and whether its paragraph ends with it."""
    for text in texts:
        spans = [span for span in sentences(text) if span.of(text).strip()]
        for span in spans:
            yield span.of(text).strip(), span is spans[-1]


def clipped(texts: Sequence[str], size: int) -> str:
    """Return the first sentences of paragraphs up to `size` words or the end of the text."""
    found = windows(texts, size)
    return found[0].text if found else "\n".join(texts)
