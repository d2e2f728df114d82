"""The text of a page, run by run: what stands together in one block.

In: a tree. Out: `Run`s in the order of the page, each with its words and the tags around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from bs4 import Tag
from bs4.element import NavigableString, PreformattedString

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD: Final = re.compile(r"\w+")

_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_BREAKS: Final = frozenset({"br", "hr"})

_UNREAD: Final = [
    "audio",
    "button",
    "canvas",
    "embed",
    "head",
    "iframe",
    "img",
    "input",
    "math",
    "noscript",
    "object",
    "picture",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "title",
    "video",
]
_DEPTH: Final = 200
"""Tags inside each other that are followed; what is nested deeper is no writing."""

_CONTEXT: Final = 4
"""Tags whose names and classes tell one place of a page from another."""


@dataclass(eq=False)
class Run:
    """Text that stands together in one block, between two breaks.

    Attributes:
        block: the nearest tag that makes a block.
        strings: the pieces of the text, as they stand in the tree.
        kept: whether it is part of the writing.
        headline: whether it is the page's title, which is no part of the text.
    """

    block: Tag
    strings: list[NavigableString] = field(default_factory=list)
    kept: bool = False
    headline: bool = False

    @cached_property
    def text(self) -> str:
        """The text with single spaces."""
        return " ".join("".join(self.strings).split())

    @cached_property
    def words(self) -> list[str]:
        """The words of the text."""
        return WORD.findall(self.text)

    @cached_property
    def linked(self) -> float:
        """How much of the text is links, from 0 to 1."""
        inside = sum(len(s) for s in self.strings if s.find_parent("a") is not None)
        return inside / max(1, sum(map(len, self.strings)))

    @cached_property
    def place(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The names and classes of the block and of what it stands in."""
        return tuple(
            (tag.name, classes(tag)) for tag in (self.block, *self.block.parents)[:_CONTEXT]
        )

    def within(self, *names: str) -> Tag | None:
        """Return the nearest tag of these names that holds the run, its block included."""
        return self.block if self.block.name in names else self.block.find_parent(list(names))


def classes(tag: Tag) -> tuple[str, ...]:
    """Return the classes of a tag."""
    found = tag.get("class") or ()
    return (found,) if isinstance(found, str) else tuple(found)


def drop_unread(tree: Tag) -> None:
    """Take out of the tree what is never shown as text."""
    for tag in tree.find_all(_UNREAD):
        tag.decompose()


def runs_of(tree: Tag) -> list[Run]:
    """Return the runs of a tree that have words."""
    found: list[Run] = []
    _collect(tree.children, tree, found, None, 0)
    return [run for run in found if run.words]


def _collect(
    nodes: Iterable[object], block: Tag, found: list[Run], run: Run | None, depth: int
) -> Run | None:
    """Append the runs of `nodes`, and return the one that is still open after them."""
    for node in nodes:
        if isinstance(node, NavigableString):
            if isinstance(node, PreformattedString):
                continue
            if run is None:
                run = Run(block)
                found.append(run)
            run.strings.append(node)
        elif not isinstance(node, Tag) or depth > _DEPTH:
            continue
        elif block.name == "pre":
            # A block of code is one whole, whatever a highlighter made of its lines.
            run = _collect(node.children, block, found, run, depth + 1)
        elif node.name in _BREAKS:
            run = None
        elif node.name in _BLOCKS:
            _collect(node.children, node, found, None, depth + 1)
            run = None
        else:
            run = _collect(node.children, block, found, run, depth + 1)
    return run
