"""A folder to write into, and what reading it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import twin_files
from twin.testing.reading import Reading, reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import twin


def _path(document: twin.Document) -> str:
    return document.source.split("/", 1)[1]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Return what reads a folder; its documents are known by their paths."""
    (component,) = twin_files.twin_readers()

    def reading_of(source: Path | str = "", **options: Any) -> Reading:
        root = source or tmp_path / "root"
        return reading(component, tmp_path, root, known_by=_path, **options)

    return reading_of


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def writing(relative: str, content: str | bytes = "Some words.\n") -> Path:
        path = tmp_path / "root" / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing
