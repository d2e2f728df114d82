"""OpenDocument text: its XML becomes HTML, and that Markdown.

In: the bytes of an .odt. Out: `Converted`. Headings, lists, tables, links and notes stay.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from bs4 import BeautifulSoup

import twin
from twin_documents.converted import Converted
from twin_documents.revisions import remarks_on, undo_others_changes
from twin_documents.unpacked import member, open_zip, xml
from twin_documents.word import author_of, properties
from twin_files.pages import markdown

if TYPE_CHECKING:
    from lxml.etree import _Element

_DEEPEST: Final = 200
"""Elements within elements; no office suite writes more."""

_BLOCKS: Final = {
    "p": "p",
    "list": "ul",
    "list-item": "li",
    "list-header": "li",
    "table": "table",
    "table-row": "tr",
    "table-cell": "td",
}
_DROPPED: Final = frozenset(
    {
        "tracked-changes",
        "annotation",
        "sequence-decls",
        "forms",
        "note-citation",
        "table-of-content",
    }
)
_CHARACTERS: Final = {"tab": "\t", "line-break": "<br>", "s": " "}


def read_open_text(raw: bytes, limit: int) -> Converted:
    """Return the text of an .odt.

    Raises:
        ReadError: if it is none, is encrypted, or damaged.
    """
    with open_zip(raw, limit) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names:
            manifest = xml(member(archive, "META-INF/manifest.xml"), "META-INF/manifest.xml")
            if next(manifest.iter("{*}encryption-data"), None) is not None:
                message = "it is encrypted"
                raise twin.ReadError(message, "save it without a password")
        root = xml(member(archive, "content.xml"), "content.xml")
        facts = properties(archive, "meta.xml")
    proposed = undo_others_changes(root, author_of(facts))
    body = next(root.iter("{*}text"), None)
    html = _html(body, _strong(root), 0) if body is not None else ""
    text = markdown(BeautifulSoup(html, "html.parser"))
    return Converted(text=text, remarks=remarks_on(proposed), **facts)


def _strong(root: _Element) -> dict[str, str]:
    """Return the styles that stand for emphasis, each with its tag."""
    found = {}
    for style in root.iter("{*}style"):
        name = _attribute(style, "name")
        for said in style.iter("{*}text-properties"):
            if _attribute(said, "font-weight") == "bold":
                found[name] = "strong"
            elif _attribute(said, "font-style") == "italic":
                found[name] = "em"
    return found


def _html(element: _Element, styles: dict[str, str], depth: int) -> str:
    if depth > _DEEPEST:
        message = f"its markup is nested more than {_DEEPEST} deep"
        raise twin.ReadError(message, "open it in its program and save it again")
    inside = escape(element.text or "", quote=False)
    for child in element:
        if isinstance(child.tag, str):
            inside += _child(child, styles, depth)
        inside += escape(child.tail or "", quote=False)
    return inside


def _child(child: _Element, styles: dict[str, str], depth: int) -> str:
    name = child.tag.rpartition("}")[2]
    if name in _DROPPED:
        return ""
    if name in _CHARACTERS:
        times = _attribute(child, "c") if name == "s" else "1"
        return _CHARACTERS[name] * min(int(times) if times.isdigit() else 1, 100)
    inside = _html(child, styles, depth + 1)
    if name == "h":
        level = _attribute(child, "outline-level")
        level = level if level in {"1", "2", "3", "4", "5", "6"} else "6"
        return f"<h{level}>{inside}</h{level}>"
    if name == "a":
        href = _attribute(child, "href")
        outside = href.startswith(("http://", "https://", "mailto:"))
        return f'<a href="{escape(href)}">{inside}</a>' if outside else inside
    return _note(name, inside) or _tagged(child, name, inside, styles)


def _note(name: str, inside: str) -> str:
    if name == "note":
        return f" ({inside})"
    return inside.replace("<p>", "").replace("</p>", " ").strip() if name == "note-body" else ""


def _tagged(child: _Element, name: str, inside: str, styles: dict[str, str]) -> str:
    tag = styles.get(_attribute(child, "style-name")) if name == "span" else _BLOCKS.get(name)
    return f"<{tag}>{inside}</{tag}>" if tag and inside.strip() else inside


def _attribute(element: _Element, name: str) -> str:
    return next(
        (str(v) for k, v in element.attrib.items() if str(k).rpartition("}")[2] == name), ""
    )
