"""What reading documents gives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import twin_documents
from twin.testing.reading import Reading, reading

if TYPE_CHECKING:
    from collections.abc import Callable

    import twin


def _last(document: twin.Document) -> str:
    return document.source.rpartition("/")[2]


@pytest.fixture
def fixtures() -> Path:
    return Path(__file__).parent / "fixtures"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Return what reads a source as a new process would."""
    (component,) = twin_documents.twin_readers()
    return partial(reading, component, tmp_path, known_by=_last)
