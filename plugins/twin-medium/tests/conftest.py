"""An export to write, and what reading it gives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import twin_medium
from twin.testing.reading import Reading, reading
from twin.testing.reading import zipped as pack

if TYPE_CHECKING:
    from collections.abc import Callable


SHARED = Path(__file__).parents[4] / "shared" / "data" / "exports"


@pytest.fixture(scope="session")
def real_exports() -> Path:
    """Return the folder of real exports beside the checkout, or skip."""
    if not SHARED.is_dir():
        pytest.skip("the real data (../shared/data) does not lie beside the checkout")
    return SHARED


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """Return what reads a source as a new process would."""
    (component,) = twin_medium.twin_readers()
    return partial(reading, component, tmp_path)


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[[Path], Path]:
    """Return what packs a folder into a ZIP."""
    return partial(pack, path=tmp_path / "export.zip")
