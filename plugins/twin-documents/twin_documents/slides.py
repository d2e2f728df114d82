"""PowerPoint: one section a slide, its title the heading.

In: the bytes of a .pptx. Out: `Converted`. Lists, tables, links and the speaker's notes stay.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import twin
from twin_documents.converted import Converted
from twin_documents.unpacked import member, open_zip
from twin_documents.word import properties

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_slides(raw: bytes, limit: int) -> Converted:
    """Return the text of a .pptx.

    Raises:
        ReadError: if it is none, or damaged.
    """
    from pptx import Presentation  # noqa: PLC0415 - only slides need it

    with open_zip(raw, limit) as archive:
        member(archive, "[Content_Types].xml")
        facts = properties(archive, "docProps/core.xml")
    try:
        slides = [list(_blocks(slide)) for slide in Presentation(io.BytesIO(raw)).slides]
    except Exception as error:
        # python-pptx raises whatever its parsers raise.
        message = f"it is damaged: {type(error).__name__}: {error}"
        raise twin.ReadError(message, "open it in PowerPoint and save it again") from error
    remarks = {
        f"slide {number}": "it has no text" for number, blocks in enumerate(slides, 1) if not blocks
    }
    text = "\n\n".join(block for blocks in slides for block in blocks)
    return Converted(text=f"{text}\n" if text else "", remarks=remarks, **facts)


def _blocks(slide: Any) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None and (words := " ".join(title.text_frame.text.split())):
        yield f"## {words}"
    for shape in slide.shapes:
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        notes = frame.text.strip() if frame is not None else ""
        if notes:
            yield "\n".join(f"> {line}" if line.strip() else ">" for line in notes.splitlines())


def _shape(shape: Any) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _shape(inner)
    elif getattr(shape, "has_table", False) and shape.has_table:
        yield table(
            [[" ".join(cell.text.split()) for cell in row.cells] for row in shape.table.rows]
        )
    elif shape.has_text_frame:
        lines = [(p.level, _runs(p)) for p in shape.text_frame.paragraphs]
        lines = [(level, words) for level, words in lines if words]
        if shape.is_placeholder and len(lines) > 1:
            yield "\n".join(f"{'  ' * level}- {words}" for level, words in lines)
        elif lines:
            yield "\n\n".join(words for _, words in lines)


def _runs(paragraph: Any) -> str:
    pieces = []
    for run in paragraph.runs:
        address = run.hyperlink.address
        web = address and address.startswith(("http://", "https://", "mailto:"))
        pieces.append(f"[{run.text}]({address})" if web and run.text.strip() else run.text)
    return " ".join("".join(pieces).split())


def table(rows: list[list[str]]) -> str:
    """Return rows as a table of Markdown; the first is its head."""
    width = max(map(len, rows), default=0)
    full = [[cell.replace("|", "\\|") for cell in row] + [""] * (width - len(row)) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in full]
    lines.insert(1, f"|{' --- |' * width}")
    return "\n".join(lines)
