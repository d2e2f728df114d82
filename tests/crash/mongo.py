"""The warehouse on a MongoDB server: a database for every home.

In: a running server. Out: what twin.toml says of it, and copies of databases.
"""

from pathlib import Path
from typing import Any

from bson.binary import UUID_SUBTYPE, Binary
from pymongo import MongoClient

from tests.crash.scenes import Engine
from twin.warehouse.mongo import MongoWarehouse


class MongoEngine(Engine):
    """Homes whose documents rest on a server.

    Args:
        url: of the server.
        patience: seconds that a command goes on trying while the server is away.
    """

    name = "mongo"

    def __init__(self, url: str, patience: float = 60.0) -> None:
        self._url = url
        self._patience = patience

    def settings(self, home: Path) -> str:
        """Return what twin.toml of a home has to say about the warehouse."""
        place = f'url = "{self._url}"\ndatabase = "{home.name}"\npatience = {self._patience}\n'
        return f'[warehouse]\nengine = "mongo"\n{place}'

    def copy(self, source: Path, target: Path) -> None:
        """Copy a home's database."""
        with MongoClient[dict[str, Any]](self._url) as client:
            names = client[source.name].list_collection_names()
            if not names:
                return
            # The product makes the indexes.
            MongoWarehouse(self._url, target.name).close()
            for name in names:
                rows = list(client[source.name][name].find())
                client[target.name][name].delete_many({})
                if rows:
                    client[target.name][name].insert_many(rows)

    def bury(self, session: Path) -> None:
        """End the transaction of a client that died; the server itself does it after a minute."""
        if session.exists() and session.stat().st_size:
            identity = Binary(bytes.fromhex(session.read_text(encoding="ascii")), UUID_SUBTYPE)
            with MongoClient[dict[str, Any]](self._url) as client:
                client.admin.command({"killSessions": [{"id": identity}]})

    def remove(self, home: Path) -> None:
        """Drop a home's database."""
        with MongoClient[dict[str, Any]](self._url) as client:
            client.drop_database(home.name)
