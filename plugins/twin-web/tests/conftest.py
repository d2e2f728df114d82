"""A server to read from, and what reading it gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin_web
from twin.testing.reading import Reading, reading
from twin.testing.web_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import twin

SHARED = Path(__file__).parents[4] / "shared" / "data"


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
def read(tmp_path: Path, server: WebServer) -> Callable[..., Reading]:
    """Return what reads an address of the server; its documents are known by their paths."""
    here = f"https://127.0.0.1:{server.port}"

    def known_by(document: twin.Document) -> str:
        return document.source.removeprefix(here)

    def reading_with(source: str = "", reader: str = "web", **options: Any) -> Reading:
        [component] = [c for c in twin_web.twin_readers() if c.name == reader]
        address = source if "://" in source else f"{server.url}{source}"
        return reading(component, tmp_path, address, known_by=known_by, **options)

    return reading_with
