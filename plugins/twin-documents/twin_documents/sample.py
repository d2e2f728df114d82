"""Small documents, for checks and for trying things out.

In: a folder, and which edition. Out: a Word file, a PDF and an RTF in it, the same to the byte every
time.
"""

from __future__ import annotations

import io
import zipfile
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPES: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>"""
_RELATIONS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>"""
_CORE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">
<dc:title>{title}</dc:title><dc:creator>Ada Wren</dc:creator>
<dcterms:created>2024-03-01T08:00:00Z</dcterms:created></cp:coreProperties>"""


def write_sample(root: Path, edition: int = 1) -> Path:
    """Write documents below `root`, and return it.

    The second edition lacks the RTF, has more to say in a Word file, and has a second one.
    """
    root.mkdir(parents=True, exist_ok=True)
    more = ["In June there is no water at all."] if edition > 1 else []
    files = {
        "ford.docx": word("The ford", ["One wades it in May only.", *more]),
        "weir.pdf": pdf(["It was built in 1841.", "Nobody knows why."]),
    }
    if edition > 1:
        files["bridge.docx"] = word("The bridge", ["Nobody wades any more."])
        (root / "heron.rtf").unlink(missing_ok=True)
    else:
        files["heron.rtf"] = b"{\\rtf1\\ansi{\\info{\\title The heron}}It stood in the weir.\\par}"
    for name, content in files.items():
        (root / name).write_bytes(content)
    return root


def word(title: str, paragraphs: list[str]) -> bytes:
    """Return a Word file: a heading, and paragraphs."""
    styled = f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>{_run(title)}</w:p>'
    body = styled + "".join(f"<w:p>{_run(one)}</w:p>" for one in paragraphs)
    return packed(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELATIONS,
            "docProps/core.xml": _CORE.format(title=escape(title)),
            "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


def _run(text: str) -> str:
    return f"<w:r><w:t>{escape(text)}</w:t></w:r>"


def packed(members: dict[str, str | bytes]) -> bytes:
    """Return a ZIP of some members, the same every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 3, 1, 8, 0, 0)), content)
    return buffer.getvalue()


def pdf(lines: list[str], title: str = "The weir") -> bytes:
    """Return a PDF of one page: a title in large letters, and lines of text."""
    drawn = [f"BT /F1 20 Tf 72 760 Td ({title}) Tj ET"]
    drawn += [f"BT /F1 11 Tf 72 {720 - 30 * n} Td ({line}) Tj ET" for n, line in enumerate(lines)]
    return pdf_of(["\n".join(drawn)], f"/Title ({title}) /CreationDate (D:20240301080000+01'00')")


def pdf_of(pages: list[str], information: str = "") -> bytes:
    """Return a PDF of pages that are drawn by the operators given."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< {information} >>",
    ]
    for number, drawn in enumerate(pages):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {6 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 4 0 R >>\n"
    return made + f"{end}startxref\n{len(made)}\n%%EOF\n".encode("latin-1")
