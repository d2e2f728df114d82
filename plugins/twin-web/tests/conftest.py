"""A server to read from, and what reading it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_web
from twin.fetch.client import Client
from twin.fetch.settings import FetchSettings
from twin.reading import checked_document
from twin.testing.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHARED = Path(__file__).parents[4] / "shared" / "data"


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
    """What came of reading an address: documents by the end of their source."""

    documents: dict[str, twin.Document]
    ledger: Ledger

    @property
    def only(self) -> twin.Document:
        (document,) = self.documents.values()
        return document


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the checkout, or skip."""
    if not SHARED.is_dir():
        pytest.skip("the real data (../shared/data) does not lie beside the checkout")
    return SHARED


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def read(tmp_path: Path, server: WebServer) -> Iterator[Callable[..., Reading]]:
    """Return what reads an address of the server as a new process would."""
    clients: list[Client] = []

    def reading(source: str = "", reader: str = "web", **options: Any) -> Reading:
        settings = FetchSettings(allow_private=("127.0.0.1",), rate=100, retries=0)
        client = Client(settings, tmp_path / "web")
        clients.append(client)
        [component] = [c for c in twin_web.twin_readers() if c.name == reader]
        ledger = Ledger()
        context = twin.BuildContext(
            cache=tmp_path / "cache",
            data=tmp_path / "readers" / reader,
            report=ledger,
            get_client=lambda: client,
        )
        built = component.build(component.options(**options), context)
        address = source if "://" in source else f"{server.url}{source}"
        found = [checked_document(d) for d in built.lazy_load_data(address)]
        here = f"https://127.0.0.1:{server.port}"
        return Reading({d.source.removeprefix(here): d for d in found}, ledger)

    yield reading
    for client in clients:
        client.close()
