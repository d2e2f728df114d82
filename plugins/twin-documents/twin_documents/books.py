"""EPUB: the chapters in the order of the book, one document in all.

In: the bytes of an .epub. Out: `Converted`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bs4 import BeautifulSoup

import twin
from twin_documents.converted import Converted, tags_of
from twin_documents.unpacked import member, open_zip, stated, xml
from twin_files.dates import stated_date
from twin_files.decoding import decode
from twin_files.formats import Markup
from twin_files.pages import markdown

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

    from lxml.etree import _Element

_CONTAINER: Final = "META-INF/container.xml"
_FONTS: Final = (
    "http://www.idpf.org/2008/embedding",
    "http://ns.adobe.com/pdf/enc#RC",
)
"""Algorithms that hide fonts only; any other hides the text."""


def read_book(raw: bytes, limit: int) -> Converted:
    """Return the text of an .epub.

    Raises:
        ReadError: if it is none, has copy protection, or is damaged.
    """
    with open_zip(raw, limit) as archive:
        _refuse_protection(archive)
        container = xml(member(archive, _CONTAINER), _CONTAINER)
        place = next((str(f.get("full-path")) for f in container.iter("{*}rootfile")), "")
        root = xml(member(archive, place), place)
        remarks: dict[str, str] = {}
        chapters = []
        for name in _spine(root, posixpath.dirname(place)):
            try:
                chapters.append(_chapter(member(archive, name)))
            except twin.ReadError as error:
                remarks[name] = error.message
    text = "\n\n".join(filter(None, chapters))
    tags = ", ".join(one.text or "" for one in root.iter("{*}subject"))
    return Converted(
        text=f"{text}\n" if text else "",
        title=stated(root, "title"),
        author=stated(root, "creator"),
        description=stated(root, "description"),
        created=stated_date(stated(root, "date")),
        language=stated(root, "language") or None,
        tags=tags_of(tags),
        remarks=remarks,
    )


def _refuse_protection(archive: zipfile.ZipFile) -> None:
    name = "META-INF/encryption.xml"
    if name not in archive.namelist():
        return
    for method in xml(member(archive, name), name).iter("{*}EncryptionMethod"):
        if method.get("Algorithm") not in _FONTS:
            message = "it has copy protection"
            raise twin.ReadError(message, "take in a copy without it")


def _spine(root: _Element, folder: str) -> Iterator[str]:
    """Yield the names of the chapters in their order, without the table of contents."""
    items = {str(item.get("id")): item for item in root.iter("{*}item")}
    for step in root.iter("{*}itemref"):
        item = items.get(str(step.get("idref")))
        if item is None or "nav" in str(item.get("properties") or "").split():
            continue
        yield posixpath.normpath(posixpath.join(folder, unquote(str(item.get("href")))))


def _chapter(raw: bytes) -> str:
    soup = BeautifulSoup(decode(raw, Markup.HTML), "html.parser")
    for tag in soup.find_all(["head", "script", "style", "nav", "svg", "img"]):
        tag.decompose()
    for link in soup.find_all("a"):
        href = str(link.get("href") or "")
        if not href.startswith(("http://", "https://", "mailto:")):
            link.unwrap()
    return markdown(soup.body or soup).strip()
