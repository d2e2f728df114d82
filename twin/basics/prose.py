"""The words of a Markdown text: without code, addresses, markup and what stands in front of it.

In: a text. Out: its prose, its headings, the words of its links. Nothing here keeps offsets: it is
for finding out what a text is about, never for citing.
"""

import re
from typing import Final

_FRONT: Final = re.compile(r"\A---\r?\n.*?^---\s*$", re.MULTILINE | re.DOTALL)
_FENCE: Final = re.compile(
    r"^[ \t>]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_INDENTED: Final = re.compile(r"(?:(?<=\n\n)|\A)(?:(?: {4}|\t)[^\n]*\n?)+")
_CODE: Final = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_IMAGE: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK: Final = re.compile(r"\[([^\[\]]*)\](?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*[^)]*\)|\[[^\]]*\])")
_ADDRESS: Final = re.compile(r"<?\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.[\w.]+\b")
_REFERENCE: Final = re.compile(r"^\s{0,3}\[[^\]]+\]:\s.*$", re.MULTILINE)
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_MARKUP: Final = re.compile(
    r"^[ \t]*(?:[-*+>|]|\d{1,3}[.)])[ \t]+|\*\*|__|(?<!\w)[*_]|[*_](?!\w)|\|", re.MULTILINE
)


def without_code(text: str) -> str:
    """Return a text without front matter, code blocks, inline code and comments."""
    for pattern in (_FRONT, _FENCE, _INDENTED, _COMMENT):
        text = pattern.sub("\n", text)
    # Something stood there, so what is on both sides of it is not one phrase.
    return _CODE.sub(" ; ", text)


def prose(text: str, *, headed: bool = True) -> str:
    """Return the words of a text: no code, no addresses, no markup; of a link its words.

    Args:
        text: Markdown.
        headed: whether the headings are part of it; many write every word of them large.
    """
    if not headed:
        text = _HEADING.sub("", without_code(text))
    plain = _REFERENCE.sub("", _IMAGE.sub(" ", without_code(text)))
    plain = _ADDRESS.sub(" ", _LINK.sub(r"\1", plain))
    return _MARKUP.sub(" ", _TAG.sub(" ", _HEADING.sub(r"\1.\n", plain)))


def headings(text: str) -> list[str]:
    """Return the headings of a text, in order, without their markup."""
    found = _HEADING.findall(without_code(text))
    return [plain for one in found if (plain := " ".join(prose(one).split()))]


def linked(text: str) -> list[str]:
    """Return the words of the links of a text, in order; not those of pictures."""
    plain = _IMAGE.sub(" ", without_code(text))
    return [" ".join(words.split()) for words in _LINK.findall(plain) if words.strip()]
