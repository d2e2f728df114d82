"""From the decoded text of a file to its writing, and what it states of itself.

In: a text, its format and its path. Out: `Said`. Every reader of files goes through here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

import twin
from twin_files.facts import Facts, stated_facts
from twin_files.formats import Format, Markup
from twin_files.front_matter import FrontMatter, front_matter, org_keywords
from twin_files.titles import heading, name_title


@dataclass(frozen=True, slots=True)
class Said:
    """A text and what it states of itself.

    Attributes:
        text: what is written, after its front matter.
        facts: a title among them, always.
        doubts: what is stated and cannot be used, one sentence each.
    """

    text: str
    facts: Facts
    doubts: tuple[str, ...] = ()


def said(decoded: str, form: Format, path: str, collection: str, max_lines: int) -> Said:
    """Return what a file says.

    Args:
        decoded: its text.
        form: how it is written.
        path: below the root, which names it where it states no title.
        collection: names an ``index.md`` at the root.
        max_lines: more lines, or tags of a page, are refused.

    Raises:
        ReadError: if it is longer than that, or not what its suffix says.
    """
    if form.markup is Markup.NOTEBOOK:
        from twin_files.notebooks import notebook_markdown  # noqa: PLC0415 - only notebooks need it

        decoded = notebook_markdown(decoded)
    _count(decoded, form, max_lines)
    if form.markup is Markup.CODE:
        return Said(decoded, Facts(title=unicodedata.normalize("NFC", path)))
    front = _front(decoded, form)
    facts = stated_facts(front.values)
    text, of_page = decoded[front.body :], Facts()
    if form.markup is Markup.HTML:
        from twin_files.pages import read_page  # noqa: PLC0415 - only pages need it

        page = read_page(text)
        text, of_page = page.text, page.facts
    title = facts.title or _title(text, form, of_page) or name_title(path, collection)
    facts = replace(facts.over(of_page), title=title)
    return Said(text, facts, tuple(filter(None, (front.problem, *facts.doubts))))


def _count(text: str, form: Format, most: int) -> None:
    """Refuse a file whose parsing would take more memory and time than any writing is worth."""
    lines = max(text.count("\n"), text.count("\r")) + 1
    tags = text.count("<") if form.markup is Markup.HTML else 0
    for count, what in ((lines, "lines"), (tags, "tags")):
        if count > most:
            message = f"its {count:,} {what} are more than max_lines, {most:,}"
            raise twin.ReadError(message, "raise max_lines, split it, or leave it out with exclude")


def _front(text: str, form: Format) -> FrontMatter:
    return org_keywords(text) if form.markup is Markup.ORG else front_matter(text)


def _title(text: str, form: Format, of_page: Facts) -> str:
    first = heading(text, form.markup)
    # A page's title often ends in the name of its site, and its first heading may be that name.
    if of_page.title and not (first and of_page.title.casefold().startswith(first.casefold())):
        return of_page.title
    return first
