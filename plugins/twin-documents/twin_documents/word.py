"""Word: through mammoth to HTML, and from there to Markdown.

In: the bytes of a .docx. Out: `Converted`. Headings, lists, tables, links, emphasis and footnotes stay.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Final

from bs4 import BeautifulSoup, Tag

import twin
from twin_documents.converted import Converted, tags_of
from twin_documents.revisions import remarks_on, without_others_changes
from twin_documents.unpacked import member, open_zip, stated, xml
from twin_files.dates import stated_date
from twin_files.pages import markdown

if TYPE_CHECKING:
    import zipfile

_STYLES: Final = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='Quote'] => blockquote:fresh
p[style-name='Intense Quote'] => blockquote:fresh
r[style-name='Verbatim Char'] => code
r[style-name='HTML Code'] => code
"""
_BACK: Final = re.compile(r"#(?:footnote|endnote)-ref-")
_NOTE: Final = re.compile(r"#(?:footnote|endnote)-\d+")


def read_word(raw: bytes, limit: int) -> Converted:
    """Return the text of a .docx.

    Raises:
        ReadError: if it is none, or damaged.
    """
    import mammoth  # noqa: PLC0415 - only Word needs it

    with open_zip(raw, limit) as archive:
        member(archive, "[Content_Types].xml")
        facts = properties(archive, "docProps/core.xml")
        raw, proposed = without_others_changes(raw, archive, author_of(facts))
    try:
        # Pictures have no words of the author; what they show is not looked at.
        html = mammoth.convert_to_html(
            io.BytesIO(raw),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(lambda _image: {}),
            external_file_access=False,
        ).value
    except Exception as error:
        # mammoth raises whatever its parsers raise.
        message = f"it is damaged: {type(error).__name__}: {error}"
        raise twin.ReadError(message, "open it in Word and save it again") from error
    soup = BeautifulSoup(html, "html.parser")
    for picture in soup.find_all("img"):
        if not str(picture.get("alt") or "").strip():
            picture.decompose()
        else:
            picture.replace_with(f"[{picture['alt']}]")
    for link in soup.find_all("a"):
        _mend(link)
    return Converted(text=markdown(soup), remarks=remarks_on(proposed), **facts)


def _mend(link: Tag) -> None:
    """Let notes read as Markdown has them, and drop what leads nowhere outside of the file."""
    href = str(link.get("href") or "")
    if _BACK.match(href):
        link.decompose()
    elif _NOTE.match(href):
        # Notes are numbered as they come, whatever the file calls them.
        link.replace_with(link.get_text())
    elif not href or href.startswith("#"):
        link.unwrap()


def author_of(facts: dict[str, Any]) -> str:
    """Return who wrote a file by what it states, empty if a program put that there."""
    return Converted(text="", author=facts.get("author", "")).sensible().author


def properties(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """Return what a file states of itself, as `Converted` takes it."""
    if name not in archive.namelist():
        return {}
    root = xml(member(archive, name), name)
    return {
        "title": stated(root, "title"),
        "author": stated(root, "initial-creator", "creator"),
        "description": stated(root, "subject", "description"),
        "created": stated_date(stated(root, "created", "creation-date")),
        "modified": stated_date(stated(root, "modified", "date")),
        "language": stated(root, "language") or None,
        "tags": tags_of(stated(root, "keywords", "keyword")),
    }
