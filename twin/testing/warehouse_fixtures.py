"""What the parts of the warehouse's contract share.

In: the fixture `opener` of a subclass. Out: an open warehouse, closed after the test, and documents
to put into it.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from twin.documents import Document
from twin.warehouse.protocol import Warehouse

Opener = Callable[[], Warehouse]

COLLECTION = "file:notes"


def note(name: str = "tide", text: str = "The tide waits for nobody.\n", **fields: Any) -> Document:
    """Return a document as a reader of notes would make it; `fields` are those of `Document`."""
    return Document(source=f"file:notes/{name}.md", text=text, **fields)


class WarehouseFixtures:
    """Gives the tests a warehouse."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Return what opens the engine's warehouse; a subclass must override this."""
        message = "a subclass of WarehouseContract must have a fixture `opener`"
        raise NotImplementedError(message)

    @pytest.fixture
    def warehouse(self, opener: Opener) -> Iterator[Warehouse]:
        """Open the warehouse, and close it after the test."""
        with opener() as opened:
            yield opened
