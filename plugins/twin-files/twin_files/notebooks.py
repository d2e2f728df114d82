"""Jupyter notebooks: what the person wrote in their cells, as Markdown.

In: the JSON of an .ipynb (https://nbformat.readthedocs.io, formats 3 and 4). Out: Markdown: prose as
it stands, code in fences, and front matter where the first cell is one. What a program answered (the
outputs) is nobody's writing and stays away.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICKS: Final = re.compile(r"`{3,}")
_LANGUAGE: Final = re.compile(r"[\w+#.-]{1,30}")
_MAGIC: Final = re.compile(r"%%(bash|sh|html|javascript|js|latex|perl|ruby|sql|svg|R)\b")
"""The first line of a cell in another language, as IPython marks it."""


def notebook_markdown(text: str) -> str:
    """Return the prose and the code of a notebook, in its order.

    Raises:
        ReadError: if it is no notebook.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"it is no notebook: {error}"
        raise twin.ReadError(message, "save it again in Jupyter") from error
    cells = list(_cells(found))
    if not cells and not _is_notebook(found):
        message = "it is JSON, and no notebook: it has no cells"
        raise twin.ReadError(message, "save it again in Jupyter")
    language = _language(found)
    parts = [_front(cells[0])] if cells else []
    parts += [_written(cell, language) for cell in cells]
    return "\n\n".join(part for part in parts if part) + "\n" if any(parts) else ""


def _is_notebook(found: object) -> bool:
    return isinstance(found, dict) and ("nbformat" in found or isinstance(found.get("cells"), list))


def _cells(found: object) -> Iterator[dict[str, Any]]:
    """Yield the cells; format 3 keeps them one level deeper, in worksheets."""
    if not isinstance(found, dict):
        return
    sheets = found.get("worksheets")
    for holder in (found, *(sheets if isinstance(sheets, list) else ())):
        cells = holder.get("cells") if isinstance(holder, dict) else None
        yield from (cell for cell in cells or () if isinstance(cell, dict))


def _language(found: dict[str, Any]) -> str:
    """Return the language of its code; empty if it states none."""
    metadata = found.get("metadata")
    for place, key in (("language_info", "name"), ("kernelspec", "language")):
        stated = metadata.get(place) if isinstance(metadata, dict) else None
        name = stated.get(key) if isinstance(stated, dict) else None
        if isinstance(name, str) and _LANGUAGE.fullmatch(name):
            return name.lower()
    return ""


def _source(cell: dict[str, Any]) -> str:
    """Return what a cell says: one string, or a list of its lines with their ends."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source.strip("\n") if isinstance(source, str) else ""


def _front(cell: dict[str, Any]) -> str:
    """Return the first cell if it is front matter, which Quarto and Jupyter Book keep as raw text."""
    source = _source(cell)
    return source if cell.get("cell_type") == "raw" and source.startswith(("---", "+++")) else ""


def _written(cell: dict[str, Any], language: str) -> str:
    kind, source = cell.get("cell_type"), _source(cell)
    if not source.strip():
        return ""
    if kind == "markdown":
        return source
    if kind == "heading":
        level = cell.get("level")
        return f"{'#' * level if isinstance(level, int) and level in range(1, 7) else '#'} {source}"
    if kind != "code":
        return ""
    magic = _MAGIC.match(source)
    longest = max((len(ticks) for ticks in _TICKS.findall(source)), default=2)
    fence = "`" * (longest + 1)
    stated = str(cell.get("language") or language)
    return f"{fence}{magic[1].lower() if magic else stated}\n{source}\n{fence}"
