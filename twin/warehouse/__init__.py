"""Raw documents at rest: versioned, unchanged, with their authors and a feed of changes.

In: `twin.documents.Document`s from any reader. Out: `twin.warehouse.protocol.Warehouse`, filled by
the engine that the settings name. This is the only room that holds what was fetched; all that
stands after it can be made again from it.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twin.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from twin.tables import WarehouseSettings
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
    return engine(settings, home)


def open_place(
    place: str, settings: "WarehouseSettings", home: Path, *, must_exist: bool
) -> "Warehouse":
    """Open a warehouse that a person named on the command line.

    Args:
        place: ``sqlite`` or ``mongo``, as the settings say where; the path of a SQLite warehouse; or
            ``mongodb://HOST:PORT/DATABASE``, without a password.
        settings: the ``[warehouse]`` table of twin.toml.
        home: the folder that holds everything of one twin.
        must_exist: whether a missing file is an error and not made.

    Raises:
        UsageError: if it names nothing that can be opened.
        WarehouseError: if the engine cannot open it.
    """
    if "://" in place:
        address, slash, database = place.partition("://")[2].partition("/")
        database, _, options = database.partition("?")
        if not place.startswith("mongodb") or not slash or not database or "@" in place:
            # The address may hold a password: it is not repeated.
            message = "the address of a warehouse is mongodb://HOST:PORT/DATABASE, without a name"
            hint = "a password belongs in the variable that warehouse.url_env names: say mongo then"
            raise UsageError(message, hint)
        url = f"{place.partition('://')[0]}://{address}/?{options}"
        changes = {"url": url, "url_env": "", "database": database}
        return _mongo(settings.model_copy(update=changes), home)
    if place == "mongo":
        return _mongo(settings, home)
    path = home / FILE_NAME if place == "sqlite" else Path(place).expanduser()
    if must_exist and not path.is_file():
        message = f"{path}: there is no such file"
        raise UsageError(message, "name sqlite, mongo, a file, or mongodb://HOST:PORT/DATABASE")
    return _sqlite_at(path)


def _sqlite(_settings: "WarehouseSettings", home: Path) -> "Warehouse":
    return _sqlite_at(home / FILE_NAME)


def _sqlite_at(path: Path) -> "Warehouse":
    from twin.warehouse.sqlite import SQLiteWarehouse  # noqa: PLC0415 - opens nothing unused

    return SQLiteWarehouse(path)


def _mongo(settings: "WarehouseSettings", _home: Path) -> "Warehouse":
    try:
        from twin.warehouse.mongo import MongoWarehouse  # noqa: PLC0415 - pymongo is an extra
    except ModuleNotFoundError as error:
        if error.name not in {"pymongo", "bson"}:
            raise
        message = "warehouse.engine: mongo needs pymongo, which is not installed"
        raise ConfigurationError(message, "pip install 'twin[mongo]'") from error
    url = settings.url
    if settings.url_env:
        url = os.environ.get(settings.url_env, "")
        if not url:
            message = f"warehouse.url_env: the variable {settings.url_env} is not set"
            raise ConfigurationError(message, "it holds the URL of MongoDB with its password")
    return MongoWarehouse(url, settings.database, patience=settings.patience)


_ENGINES: Final[Mapping[str, Callable[["WarehouseSettings", Path], "Warehouse"]]] = {
    "mongo": _mongo,
    "sqlite": _sqlite,
}
