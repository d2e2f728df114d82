"""From the bytes of a file to its text and what it states.

In: bytes, a path, a format. Out: `Text`. Code is its bytes, decoded; nothing is dropped or replaced.
"""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import dataclass, replace

import twin
from twin_files.decoding import decode
from twin_files.facts import Facts, stated_facts
from twin_files.formats import Format, Markup
from twin_files.front_matter import FrontMatter, front_matter, org_keywords
from twin_files.titles import heading, name_title


@dataclass(frozen=True, slots=True)
class Text:
    """A text and what it states of itself.

    Attributes:
        doubts: what is stated and cannot be used, one sentence each.
    """

    text: str
    facts: Facts
    doubts: tuple[str, ...] = ()


def text_of(raw: bytes, path: str, form: Format, collection: str, max_lines: int) -> Text:
    """Return the text of a file.

    Raises:
        ReadError: if it cannot be decoded, or is too long to be parsed.
    """
    decoded = decode(raw, form.markup)
    if form.markup is Markup.CODE:
        if raw.startswith(codecs.BOM_UTF8):
            # It is one of the bytes of the file, so it is one of the characters.
            decoded = raw.decode("utf-8")
        return Text(decoded, Facts(title=unicodedata.normalize("NFC", path)))
    lines = max(decoded.count("\n"), decoded.count("\r")) + 1
    tags = decoded.count("<") if form.markup is Markup.HTML else 0
    if max(lines, tags) > max_lines:
        message = f"its {max(lines, tags):,} lines or tags are more than max_lines, {max_lines:,}"
        raise twin.ReadError(message, "raise max_lines, or leave it out with exclude")
    front = _front(decoded, form)
    facts = stated_facts(front.values)
    text, of_page = decoded[front.body :], Facts()
    if form.markup is Markup.HTML:
        from twin_files.pages import read_page  # noqa: PLC0415 - only pages need it

        page = read_page(text)
        text, of_page = page.text, page.facts
    title = facts.title or of_page.title or heading(text, form.markup)
    facts = facts.over(of_page)
    doubts = tuple(filter(None, (front.problem, *facts.doubts)))
    return Text(text, replace(facts, title=title or name_title(path, collection)), doubts)


def _front(text: str, form: Format) -> FrontMatter:
    return org_keywords(text) if form.markup is Markup.ORG else front_matter(text)
