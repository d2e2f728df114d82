"""What reading with a wrapped reader gives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import twin_llamahub
from twin.fetch.settings import FetchSettings
from twin.testing.reading import Reading, reading

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Return what reads a source as a new process would."""
    (component,) = twin_llamahub.twin_readers()
    return partial(reading, component, tmp_path, web=FetchSettings())
