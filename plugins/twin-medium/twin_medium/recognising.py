"""Whether a file or folder comes from Medium.

In: a path. Out: yes or no, after a look at as little as tells. Only the standard library is needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import twin

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = 200_000
"""Bytes of a page in which it says where it comes from; scripts may stand before that."""

_EXPORTED: Final = re.compile(rb'class="h-entry".*medium\.com', re.DOTALL)
_SAVED: Final = re.compile(
    rb'<meta[^>]{0,200}(?:og:site_name[^>]{0,200}content="?Medium\b'
    rb'|content="?Medium"?[^>]{0,200}og:site_name'
    rb"|com\.medium\.reader|al:android:app_name[^>]{0,100}Medium)",
    re.IGNORECASE,
)


def recognises(path: Path) -> bool:
    """Return whether `path` is an export of Medium, or a page saved or exported from it."""
    if path.suffix.lower() in {".html", ".htm"}:
        with path.open("rb") as file:
            head = file.read(HEAD)
        return is_exported(head) or bool(_SAVED.search(head))
    with twin.open_export(path) as whole:
        export = whole.beneath("posts/*.html")
        if export is None or "posts.csv" in export:
            return False
        return is_exported(export.read(export.matching("posts/*.html")[0]))


def is_exported(raw: bytes) -> bool:
    """Return whether a page is a post as the export writes it."""
    return bool(_EXPORTED.search(raw))
