"""The title of a text: its first heading, in plain words, or else its file's name.

In: a text and its markup. Out: a title, empty if the text states none. The text stays as it is.
"""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from twin_files.dates import without_date
from twin_files.formats import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES: Final = 20
"""Non-empty lines in which the title's heading must stand; later ones head a section."""

WIDTH: Final = 500
"""Code points of a line that are looked at; a longer heading is no title."""

_HEAD: Final = 50_000
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+)")
_CLOSING = re.compile(r"(?<=\s)#+$")
_SETEXT = re.compile(r" {0,3}=+")
_RULE = re.compile(r"([=\-~^\"'#*+`:.])\1{2,}")
_ASCIIDOC = re.compile(r"= +(.+)")
_ORG = re.compile(r"\* +(.+)")

_CODE = re.compile(r"(`+)(?!`)(.{1,500}?)(?<!`)\1(?!`)")
_LINK = re.compile(
    r"!?\[([^\[\]]{0,300})\](?:\([^()\s]{0,1000}(?:\([^()]{0,300}\)[^()\s]{0,300})?(?:\s[^()]{0,300})?\)|\[[^\[\]]{0,300}\]|(?=\{))"
)
_ATTRIBUTES = re.compile(r"\{(?!=)[#.:%][^{}]{0,500}\}|\{[\w-]{1,50}=[^{}]{0,500}\}")
_HIGHLIGHT = re.compile(r"\{([=+*_^~'\"])([^{}]{1,500}?)\1\}")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]{1,1000})>")
_DUNDER = re.compile(r"(?<!\w)__[a-z0-9]+(?:_[a-z0-9]+)*__(?!\w)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
_STARS = re.compile(r"(\*{1,3}|~~)(?=\S)([^*~]{1,300}?)(?<=\S)\1")
_LINES = re.compile(r"(?<![^\W_])(_{1,3})(?=[^\s_])([^_]{1,300}?(?:_[^_\s]+)*?)(?<=\S)\1(?![^\W_])")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~ ])")


def heading(text: str, markup: Markup) -> str:
    """Return the heading that a text begins with, as plain words; empty if there is none.

    It is the first heading of level 1 among the first non-empty lines, or else a heading of any
    level that is the very first line.
    """
    lines = list(islice(_outside_code(text), LINES * 3))
    if markup is Markup.RESTRUCTURED:
        return plain(_underlined(lines))
    first, seen = "", 0
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        seen += 1
        if seen > LINES:
            break
        level, words = _heading_at(lines, number, markup)
        if level == 1:
            return plain(words)
        if level and seen == 1:
            first = words
    return plain(first)


def plain(inline: str) -> str:
    """Return inline Markdown or Djot as plain words: no emphasis, code, links or attributes."""
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(words)
        return f"\ue000{len(kept) - 1}\ue001"

    inline = inline[: WIDTH * 4].replace("\ue000", "").replace("\ue001", "")
    inline = _CODE.sub(lambda m: keep(_inside(m[2])), inline)
    inline = _ESCAPE.sub(lambda m: keep(m[1]), inline)
    # Python's double underscores are far more often meant than one word in bold.
    inline = _DUNDER.sub(lambda m: keep(m[0]), inline)
    inline = _AUTOLINK.sub(lambda m: keep(m[1]), inline)
    for pattern, result in (
        (_LINK, r"\1"),
        (_LINK, r"\1"),
        (_HIGHLIGHT, r"\2"),
        (_ATTRIBUTES, ""),
        (_TAG, ""),
        (_STARS, r"\2"),
        (_STARS, r"\2"),
        (_LINES, r"\2"),
        (_LINES, r"\2"),
    ):
        inline = pattern.sub(result, inline)
    for number, words in enumerate(kept):
        inline = inline.replace(f"\ue000{number}\ue001", words)
    return " ".join(inline.split())


def name_title(relative: str, collection: str) -> str:
    """Return a title from a path: the file's name without its date and suffix, words separated.

    A README or an index has the name of its folder, at the root that of the collection.
    """
    *folders, name = relative.split("/")
    stem = re.sub(r"(?<=.)\.[^.\s]+$", "", name)
    if stem.lower() in {"readme", "index"}:
        stem = folders[-1] if folders else collection
    bare = without_date(stem)
    if re.fullmatch(r"[\d_.-]+", bare):
        # A name that is nothing but a date or a number reads best as it is.
        return bare
    return re.sub(r"[\s_-]+", " ", bare).strip() or stem


def _outside_code(text: str) -> Iterator[str]:
    """Yield the lines that are neither in a fenced block nor in an HTML comment."""
    fence, comment = "", False
    for line in text[:_HEAD].split("\n"):
        line = line[:WIDTH].rstrip()  # noqa: PLW2901 - the same line, without its end
        if fence:
            if line.lstrip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        if comment:
            comment = "-->" not in line
            continue
        if match := _FENCE.match(line):
            fence = match[1]
            continue
        if line.lstrip().startswith("<!--"):
            comment = "-->" not in line
            continue
        yield line


def _heading_at(lines: list[str], number: int, markup: Markup) -> tuple[int, str]:
    """Return the level of the heading at a line, 0 if there is none, and its words."""
    line = lines[number]
    if markup is Markup.ASCIIDOC and (match := _ASCIIDOC.fullmatch(line)):
        return 1, match[1]
    if markup is Markup.ORG:
        match = _ORG.fullmatch(line)
        return (1, match[1]) if match else (0, "")
    if match := _ATX.fullmatch(line):
        words = match[2]
        if markup is Markup.DJOT:
            words = " ".join([words, *_continued(lines, number)])
        else:
            words = _CLOSING.sub("", words.rstrip())
        return len(match[1]), words
    following = lines[number + 1] if number + 1 < len(lines) else ""
    before = lines[number - 1] if number else ""
    alone = not before.strip() and line.strip() and not line.startswith("    ")
    if markup is not Markup.DJOT and alone and _SETEXT.fullmatch(following):
        return 1, line.strip()
    return 0, ""


def _continued(lines: list[str], number: int) -> Iterator[str]:
    """Yield the rest of a Djot heading, which goes on until a blank line."""
    for line in lines[number + 1 :]:
        if not line.strip():
            return
        yield line.strip().lstrip("#").strip()


def _underlined(lines: list[str]) -> str:
    """Return the first line that is underlined by as many signs as it has letters or more."""
    for line, following in pairwise(lines):
        words = line.strip()
        if words and not _RULE.fullmatch(words) and _RULE.fullmatch(following):
            return words if len(following) >= len(words) else ""
    return ""


def _inside(code: str) -> str:
    """Return a code span without the one space that lets it begin or end with a backtick."""
    if code.startswith(" ") and code.endswith(" ") and code.strip():
        return code[1:-1]
    return code
