"""A folder to write into, and what reading it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_files
from twin.reading import checked_document
from twin_files.options import FilesOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Ledger:
    """A report that keeps what it is told."""

    skips: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def skipped(self, item: str, reason: str) -> None:
        self.skips[item] = reason

    def failed(self, item: str, reason: str) -> None:
        self.failures[item] = reason


@dataclass
class Reading:
    """What came of reading a folder: documents by their path, and what was left out."""

    documents: dict[str, twin.Document]
    ledger: Ledger

    @property
    def only(self) -> twin.Document:
        (document,) = self.documents.values()
        return document


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    def reading(source: Path | str = "", **options: Any) -> Reading:
        (component,) = twin_files.twin_readers()
        ledger = Ledger()
        context = twin.BuildContext(cache=tmp_path / "cache", data=tmp_path / "data", report=ledger)
        reader = component.build(FilesOptions(**options), context)
        found = [checked_document(d) for d in reader.lazy_load_data(source or tmp_path / "root")]
        return Reading({d.source.split("/", 1)[1]: d for d in found}, ledger)

    return reading


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def writing(relative: str, content: str | bytes = "Some words.\n") -> Path:
        path = tmp_path / "root" / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writing
