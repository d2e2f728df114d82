"""PDF: the words of its pages, in reading order, with what their looks tell of their meaning.

In: the bytes of a .pdf. Out: `Converted`. Larger letters make headings, marks make lists, typewriter
letters make code; links and tables with lines stay. A page without words is a picture of words.
"""

from __future__ import annotations

import io
import logging
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import twin
from twin_documents.converted import Converted, pdf_date, tags_of
from twin_documents.lines import Line, markdown_of
from twin_documents.slides import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from twin_documents.options import DocumentsOptions

_TABLES: Final = {"vertical_strategy": "lines", "horizontal_strategy": "lines"}
_CELLS: Final = 2
"""Rows and columns that make a table; less is a frame around something."""

_STROKES: Final = 4_000
"""Lines and curves of a page among which tables are looked for."""

_OCR: Final = "put text behind its pictures first, as `ocrmypdf` does"


def read_pages(raw: bytes, options: DocumentsOptions) -> Converted:
    """Return the text of a PDF.

    Raises:
        ReadError: if it is none, has a password, is damaged, has too many pages, or has no words
            because it is a scan.
    """
    if b"%PDF-" not in raw[:1024]:
        message = "it is damaged: it does not begin as a PDF does"
        raise twin.ReadError(message, "open it in its program and save it again")
    with _opened(raw) as pdf:
        count = len(pdf.pages)
        if count > options.max_pages:
            message = f"its {count:,} pages are more than max_pages, {options.max_pages:,}"
            raise twin.ReadError(message, "raise max_pages, or split it")
        until = time.monotonic() + options.seconds
        pages: list[list[Line]] = []
        for number, page in enumerate(pdf.pages, 1):
            if time.monotonic() > until:
                message = f"its first {number - 1:,} pages took more than {options.seconds:g} s"
                raise twin.ReadError(message, "raise the option seconds, or split it")
            pages.append(_lines(page))
            page.close()
        said = {str(k): v for k, v in (pdf.metadata or {}).items() if isinstance(v, str)}
    if not any(pages):
        message = f"it has no text on its {count:,} pages: a scan is pictures of words"
        raise twin.ReadError(message, _OCR)
    text = markdown_of(pages)
    return Converted(
        text=text,
        title=said.get("Title", ""),
        author=said.get("Author", ""),
        description=_sensible(said.get("Subject", "")),
        created=pdf_date(said.get("CreationDate")),
        modified=pdf_date(said.get("ModDate")),
        tags=tags_of(said.get("Keywords", "")),
        remarks={
            f"page {n}": f"it has no text; {_OCR}" for n, page in enumerate(pages, 1) if not page
        },
    )


def _sensible(subject: str) -> str:
    return "" if subject.startswith("(") else " ".join(subject.split())


@contextmanager
def _opened(raw: bytes) -> Iterator[Any]:
    import pdfplumber  # noqa: PLC0415 - only PDFs need it
    from pdfminer.pdfdocument import (  # noqa: PLC0415
        PDFPasswordIncorrect,
        PDFTextExtractionNotAllowed,
    )

    # Its remarks on fonts and colours are of no use to a person.
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    try:
        with pdfplumber.open(io.BytesIO(raw), laparams={}) as pdf:
            yield pdf
    except (twin.TwinError, GeneratorExit, MemoryError):
        raise
    except Exception as error:
        # The parsers raise whatever a damaged file makes of them.
        cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
        if isinstance(cause, PDFPasswordIncorrect | PDFTextExtractionNotAllowed):
            message = "it has a password"
            raise twin.ReadError(message, "save it without one") from error
        message = f"it is damaged: {type(cause).__name__}: {cause}"
        raise twin.ReadError(message, "open it in its program and save it again") from error


def _lines(page: Any) -> list[Line]:
    """Return the lines of a page in reading order, tables among them."""
    from pdfminer.layout import LTCurve, LTTextBox, LTTextLine  # noqa: PLC0415 - only PDFs need it

    height = float(page.height)
    links = [
        (h["uri"], (h["x0"], height - h["bottom"], h["x1"], height - h["top"]))
        for h in page.hyperlinks
        if str(h.get("uri", "")).startswith(("http://", "https://", "mailto:"))
    ]
    # A drawing of thousands of strokes is no table, and looking for one in it takes minutes.
    strokes = sum(
        isinstance(item, LTCurve) for item in page.layout
    )  # lines and boxes are curves too
    ruled = page.find_tables(_TABLES) if 0 < strokes <= _STROKES else []
    tables = [
        ((t.bbox[0], height - t.bbox[3], t.bbox[2], height - t.bbox[1]), t.extract())
        for t in ruled
        if len(t.rows) >= _CELLS and len(t.rows[0].cells) >= _CELLS
    ]
    found: list[Line] = []
    loose: list[Line] = []
    for number, item in enumerate(page.layout):
        boxed = isinstance(item, LTTextBox)
        for line in item if boxed else [item]:
            if not isinstance(line, LTTextLine) or any(_inside(line.bbox, b) for b, _ in tables):
                continue
            made = _line(line, number, links)
            if made is not None:
                (found if boxed else loose).append(made)
    found = _marked(found, loose)
    for number, (box, rows) in enumerate(tables, 1):
        cells = [[" ".join((cell or "").split()) for cell in row] for row in rows]
        after = (i for i, one in enumerate(found) if one.top <= box[1] and one.left < box[2])
        # A block of its own, where it stands on the page.
        made = Line(table(cells), box[3], box[1], box[0], 0.0, -number, ready=True)
        found.insert(next(after, len(found)), made)
    return found


def _marked(found: list[Line], loose: list[Line]) -> list[Line]:
    """Give marks of lists that stand by themselves to the lines beside them."""
    for mark in loose:
        beside = [
            line
            for line in found
            if not line.ready
            and line.left > mark.left
            and line.bottom < mark.top
            and line.top > mark.bottom
        ]
        if mark.is_mark and beside:
            min(beside, key=lambda line: line.left).item = True
        elif not mark.is_mark:
            found.append(mark)
    return found


def _line(line: Any, box: int, links: Sequence[tuple[str, tuple[float, ...]]]) -> Line | None:
    from pdfminer.layout import LTChar  # noqa: PLC0415 - only PDFs need it

    text = line.get_text().strip("\n")
    if not text.strip():
        return None
    letters = [one for one in line if isinstance(one, LTChar)]
    sizes = Counter(round(one.size * 2) / 2 for one in letters)
    size = sizes.most_common(1)[0][0] if sizes else 0.0
    mono = sum("mono" in c.fontname.lower() or "courier" in c.fontname.lower() for c in letters)
    return Line(
        _linked(line, links) if links else text,
        line.bbox[3],
        line.bbox[1],
        line.bbox[0],
        size,
        box,
        code=mono * 2 > len(letters),
        letters=len(letters),
    )


def _linked(line: Any, links: Sequence[tuple[str, tuple[float, ...]]]) -> str:
    """Return the text of a line with its links."""
    pieces: list[tuple[str, str]] = []
    for one in line:
        uri = ""
        if hasattr(one, "bbox"):
            across, up = (one.bbox[0] + one.bbox[2]) / 2, (one.bbox[1] + one.bbox[3]) / 2
            uri = next((u for u, b in links if b[0] <= across <= b[2] and b[1] <= up <= b[3]), "")
        elif pieces:
            uri = pieces[-1][0]  # a blank belongs to what stands before it
        if pieces and pieces[-1][0] == uri:
            pieces[-1] = (uri, pieces[-1][1] + one.get_text())
        else:
            pieces.append((uri, one.get_text()))
    text = ""
    for uri, words in pieces:
        bare = words.strip()
        if not uri or not bare:
            text += words
        else:
            tail = words[len(words.rstrip()) :]
            text += f"{words[: len(words) - len(words.lstrip())]}[{bare}]({uri}){tail}"
    return text.strip("\n")


def _inside(inner: tuple[float, ...], outer: tuple[float, ...]) -> bool:
    across, up = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= across <= outer[2] and outer[1] <= up <= outer[3]
