"""Raw documents at rest: versioned, unchanged, with their authors and a feed of changes.

In: `twin.documents.Document`s from any reader. Out: `twin.warehouse.protocol.Warehouse`, filled by
the engine that the settings name. This is the only room that holds what was fetched; all that
stands after it can be made again from it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twin.errors import ConfigurationError

if TYPE_CHECKING:
    from twin.settings import WarehouseSettings
    from twin.warehouse.protocol import Warehouse

FILE_NAME: Final = "warehouse.sqlite3"


def open_warehouse(settings: "WarehouseSettings", home: Path) -> "Warehouse":
    """Open the warehouse of a home, making it if it is missing.

    Args:
        settings: the ``[warehouse]`` table of twin.toml.
        home: the folder that holds everything of one twin.

    Raises:
        ConfigurationError: if no engine has that name.
        WarehouseError: if the engine cannot open it.
    """
    engine = _ENGINES.get(settings.engine)
    if engine is None:
        message = f"warehouse.engine: there is no engine {settings.engine!r}"
        raise ConfigurationError(message, f"known engines: {', '.join(sorted(_ENGINES))}")
    return engine(home)


def _sqlite(home: Path) -> "Warehouse":
    from twin.warehouse.sqlite import SQLiteWarehouse  # noqa: PLC0415 - opens nothing unused

    return SQLiteWarehouse(home / FILE_NAME)


_ENGINES: Final[Mapping[str, Callable[[Path], "Warehouse"]]] = {"sqlite": _sqlite}
