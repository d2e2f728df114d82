"""Every warehouse engine passes the same suite."""

from functools import partial
from pathlib import Path

import pytest

from twin.testing.warehouse import WarehouseContract
from twin.testing.warehouse_fixtures import Opener
from twin.warehouse.sqlite import SQLiteWarehouse


class TestSQLite(WarehouseContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return partial(SQLiteWarehouse, tmp_path / "home" / "warehouse.sqlite3")
