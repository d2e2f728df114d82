"""Tracked changes that others proposed, and nobody has accepted.

In: the bytes of a .docx, or the XML of an .odt, and who wrote it. Out: the file as its author has it:
what another put in goes, what another struck out stays. The author's own changes are left as they are.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Final

from lxml import etree

import twin
from twin_documents.unpacked import member, xml

if TYPE_CHECKING:
    from lxml.etree import _Element

_PARTS: Final = re.compile(r"word/(?:document|footnotes|endnotes)\d*\.xml")
_MARKS: Final = (b":ins ", b":del ", b":moveFrom ", b":moveTo ")


def without_others_changes(
    raw: bytes, archive: zipfile.ZipFile, author: str
) -> tuple[bytes, dict[str, int]]:
    """Return a file without the changes of others, and how many there were of whom.

    Args:
        raw: the file.
        archive: the same, opened.
        author: who wrote it; where that is not known, nobody's changes are another's.

    Raises:
        ReadError: if a part of it is damaged.
    """
    times: Counter[str] = Counter()
    changed: dict[str, bytes] = {}
    for name in filter(_PARTS.fullmatch, archive.namelist() if author else []):
        content = member(archive, name)
        if not any(mark in content for mark in _MARKS):
            continue
        root = xml(content, name)
        found = list(root.iter("{*}ins", "{*}del", "{*}moveFrom", "{*}moveTo"))
        others = [one for one in found if not _same(_who(one), author)]
        for one in others:
            times[_who(one)] += 1
            _undo(one)
        if others:
            changed[name] = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return (_packed(archive, changed) if changed else raw), dict(times)


def undo_others_changes(root: _Element, author: str) -> dict[str, int]:
    """Take the changes of others out of an OpenDocument text, and return how many there were of whom.

    Args:
        root: of its ``content.xml``; it is changed.
        author: who wrote it; where that is not known, nobody's changes are another's.
    """
    put_in: set[str] = set()
    struck: dict[str, str] = {}
    times: Counter[str] = Counter()
    for region in root.iter("{*}changed-region") if author else ():
        creator = next(region.iter("{*}creator"), None)
        who = (creator.text or "").strip() if creator is not None else ""
        number = next((str(v) for k, v in region.attrib.items() if _local(k) == "id"), "")
        kinds = {_local(child.tag) for child in region}
        if _same(who, author) or not kinds & {"insertion", "deletion"}:
            continue
        times[who] += 1
        if "insertion" in kinds:
            put_in.add(number)
        else:
            paragraphs = [*region.iter("{*}p", "{*}h")]
            # What says who it was and when is no part of what was struck out.
            struck[number] = " ".join("".join(one.itertext()) for one in paragraphs)
    if times:
        _restore(root, put_in, struck)
    return dict(times)


def _restore(root: _Element, put_in: set[str], struck: dict[str, str]) -> None:
    within: set[str] = set()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            element.text = None if within else element.text
            continue
        name = _local(element.tag)
        number = next((str(v) for k, v in element.attrib.items() if _local(k) == "change-id"), "")
        if name == "change-start" and number in put_in:
            within.add(number)
        elif name == "change-end":
            within.discard(number)
        elif name == "change" and number in struck:
            element.tail = struck[number] + (element.tail or "")
        element.tail = None if within else element.tail


def remarks_on(times: dict[str, int]) -> dict[str, str]:
    """Return what is to be told of the changes of others."""
    return {
        f"changes of {who}": f"{count} changes that another proposed are left out; accept them first"
        for who, count in times.items()
    }


def _who(change: _Element) -> str:
    return next((str(value) for key, value in change.attrib.items() if _local(key) == "author"), "")


def _local(name: str | bytes) -> str:
    return str(name).rpartition("}")[2]


def _same(who: str, author: str) -> bool:
    """Return whether two names may be one person's: all parts of the one are parts of the other."""
    parts = [set(twin.author_slug(name).split("-")) for name in (who, author)]
    return not who or parts[0] <= parts[1] or parts[1] <= parts[0]


def _undo(change: _Element) -> None:
    parent = change.getparent()
    if parent is None:
        return
    if _local(change.tag) in {"del", "moveFrom"}:
        at = parent.index(change)
        for child in list(change):
            for text in child.iter("{*}delText"):
                text.tag = text.tag.replace("}delText", "}t")
            parent.insert(at, child)
            at += 1
    parent.remove(change)


def _packed(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in dict.fromkeys(archive.namelist()):
            packed.writestr(name, changed.get(name) or member(archive, name))
    return target.getvalue()
