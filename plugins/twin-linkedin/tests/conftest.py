"""An export to write, and what reading it gives."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_linkedin
from twin.reading import checked_document
from twin_linkedin.options import LinkedInOptions

if TYPE_CHECKING:
    from collections.abc import Callable


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
    """What came of reading an export."""

    documents: dict[str, twin.Document]
    ledger: Ledger

    @property
    def only(self) -> twin.Document:
        (document,) = self.documents.values()
        return document


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    def reading(source: Path | str, **options: Any) -> Reading:
        (component,) = twin_linkedin.twin_readers()
        ledger = Ledger()
        context = twin.BuildContext(cache=tmp_path / "cache", data=tmp_path / "data", report=ledger)
        reader = component.build(LinkedInOptions(**options), context)
        found = [checked_document(d) for d in reader.lazy_load_data(source)]
        assert len({d.source for d in found}) == len(found)
        return Reading({d.source: d for d in found}, ledger)

    return reading


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Path], Path]:
    def zipping(root: Path) -> Path:
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(root.rglob("*")):
                if file.is_file():
                    archive.write(file, Path(root.name) / file.relative_to(root))
        return path

    return zipping
