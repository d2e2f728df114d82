"""Archives to write, and what reading them gives."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import twin
import twin_archives
from twin.reading import checked_document

SHARED = Path(__file__).parents[4] / "shared" / "data" / "exports"


@dataclass
class Ledger:
    """A report that keeps what it is told."""

    skips: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)

    def skipped(self, item: str, reason: str) -> None:
        self.skips.append((item, reason))

    def failed(self, item: str, reason: str) -> None:
        self.failures.append((item, reason))

    def reason(self, item: str) -> str:
        """Return why an item was skipped."""
        (found,) = [reason for name, reason in self.skips if name == item]
        return found


@dataclass
class Reading:
    """What came of reading an archive."""

    documents: dict[str, twin.Document]
    ledger: Ledger

    @property
    def only(self) -> twin.Document:
        (document,) = self.documents.values()
        return document


Read = Callable[..., Reading]


@pytest.fixture(scope="session")
def real_exports() -> Path:
    """Return the folder of real exports beside the checkout, or skip."""
    if not SHARED.is_dir():
        pytest.skip("the real data (../shared/data) does not lie beside the checkout")
    return SHARED


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def reading(name: str, source: Path | str, **options: Any) -> Reading:
        (component,) = (c for c in twin_archives.twin_readers() if c.name == name)
        ledger = Ledger()
        context = twin.BuildContext(cache=tmp_path / "cache", data=tmp_path / "data", report=ledger)
        reader = component.build(component.options(**options), context)
        found = [checked_document(d) for d in reader.lazy_load_data(source)]
        assert len({d.source for d in found}) == len(found)
        return Reading({d.source: d for d in found}, ledger)

    return reading


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Path], Path]:
    def zipping(root: Path) -> Path:
        """Pack a folder or a file into a ZIP of the same name."""
        path = tmp_path / "packed" / f"{root.stem if root.is_file() else root.name}.zip"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            files = [root] if root.is_file() else sorted(p for p in root.rglob("*") if p.is_file())
            for file in files:
                archive.write(file, file.relative_to(root.parent))
        return path

    return zipping
