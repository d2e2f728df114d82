"""The kinds of document that are read, and whose a folder is.

In: a path. Out: its kind, or whether the reader `documents` should have it.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Final

from twin_files.formats import format_of

MEDIA: Final = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".docm": "application/vnd.ms-word.document.macroEnabled.12",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".epub": "application/epub+zip",
    ".rtf": "application/rtf",
}
"""Suffix, in lower case and with its dot, to media type."""

OLD: Final = {".doc": ".docx", ".ppt": ".pptx"}
"""What Office wrote before 2007, and what it is to be saved as."""

SUFFIXES: Final = (*MEDIA, *OLD)

ZIPPED: Final = frozenset({".docx", ".docm", ".pptx", ".odt", ".epub"})

_LOOKS: Final = 2_000
"""Files of a folder that are looked at; whatever lies there, the answer comes at once."""


def suffix_of(path: str | PurePath) -> str:
    """Return the suffix of a path in lower case, with its dot."""
    return PurePath(path).suffix.lower()


def recognises(path: Path) -> bool:
    """Return whether `path` is a document, or a folder of documents and nothing else to read."""
    if not path.is_dir():
        return suffix_of(path) in SUFFIXES
    found, looks = False, 0
    for here, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if ".git" in names or (Path(here) / ".git").exists():
            return False
        for name in names:
            looks += 1
            if looks > _LOOKS or format_of(name) is not None:
                return False
            found = found or suffix_of(name) in SUFFIXES
    return found
