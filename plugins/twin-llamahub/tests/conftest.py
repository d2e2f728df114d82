"""What reading with a wrapped reader gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_llamahub
from twin.fetch.client import Client
from twin.fetch.settings import FetchSettings
from twin.reading import checked_document
from twin_llamahub.options import HubOptions

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
    """What came of reading: documents by their sources."""

    documents: dict[str, twin.Document]
    ledger: Ledger

    @property
    def only(self) -> twin.Document:
        (document,) = self.documents.values()
        return document


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    def reading(source: Path | str, **options: Any) -> Reading:
        (component,) = twin_llamahub.twin_readers()
        ledger = Ledger()
        context = twin.BuildContext(
            cache=tmp_path / "cache",
            data=tmp_path / "data",
            report=ledger,
            get_client=lambda: Client(FetchSettings(), tmp_path / "web"),
        )
        reader = component.build(HubOptions(**options), context)
        found = [checked_document(one) for one in reader.lazy_load_data(source)]
        assert len({one.source for one in found}) == len(found)
        return Reading({one.source: one for one in found}, ledger)

    return reading
