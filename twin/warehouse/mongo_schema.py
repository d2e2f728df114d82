"""The collections of a MongoDB warehouse, their indexes, and the one row that orders all writes.

In: a database. Out: `Tables` of a warehouse of this version, with the id of its feed, or a
`WarehouseError`; nothing is changed in a database that is somebody else's.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from twin.errors import WarehouseError

Row = dict[str, Any]

FORMAT: Final = 2
LARGEST_ROW: Final = 15 * 1024 * 1024
"""Bytes of a row; MongoDB's limit is 16 MB, and a command needs a little of it."""

STATE: Final = "warehouse"
"""The id of the row that holds the format, the feed's id and its newest number."""


class Tables(NamedTuple):
    """The collections.

    ``documents`` holds one row a document, tombstones too, with its newest version and its number
    in the feed. ``versions`` holds metadata, ``contents`` the texts and bytes in pieces, ``feedback``
    what people said of answers, ``quarantine`` what is held back.
    """

    state: Collection[Row]
    documents: Collection[Row]
    versions: Collection[Row]
    contents: Collection[Row]
    authors: Collection[Row]
    aliases: Collection[Row]
    cursors: Collection[Row]
    feedback: Collection[Row]
    quarantine: Collection[Row]


def _index(*fields: str, unique: bool = False) -> IndexModel:
    return IndexModel([(field, ASCENDING) for field in fields], unique=unique)


# What is unique by its `_id` already: a version's "<document>:<number>", a slug, a consumer.
INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    "documents": (_index("source", unique=True), _index("seq", unique=True)),
    "versions": (
        _index("document_id", "version", unique=True),
        _index("latest", "source"),
        _index("author_slug"),
        _index("name_slug"),
        _index("url"),
    ),
    "contents": (_index("blob", "number", unique=True), _index("document_id")),
    "aliases": (_index("author"),),
    "feedback": (_index("order"), _index("documents")),
    "quarantine": (_index("source", unique=True), _index("collection")),
}


def tables_of(database: Database[Row]) -> Tables:
    """Return the collections by their names."""
    return Tables(*(database[name] for name in Tables._fields))


def prepare(database: Database[Row], where: str) -> str:
    """Make the collections and indexes that are missing, and return the feed's id.

    Several processes may do it at once; one that is killed in the middle leaves what the next one
    completes.

    Raises:
        WarehouseError: if the database holds something else, or was written by a newer twin.
    """
    tables = tables_of(database)
    found = tables.state.find_one({"_id": STATE})
    if found is None:
        _refuse_strangers(database, where)
        _index_all(database)
        fresh = {"format": FORMAT, "feed": secrets.token_hex(4), "turn": 0, "seq": 0}
        with suppress(DuplicateKeyError):  # another process was first
            tables.state.update_one({"_id": STATE}, {"$setOnInsert": fresh}, upsert=True)
        found = tables.state.find_one({"_id": STATE})
    if found is None or not isinstance(found.get("format"), int):
        message = f"{where}: a database, but not a warehouse"
        raise WarehouseError(message, "choose another name in warehouse.database")
    if found["format"] > FORMAT:
        message = f"{where}: written by a newer twin (format {found['format']}, this one: {FORMAT})"
        raise WarehouseError(message, "update twin: pip install --upgrade twin")
    if found["format"] < FORMAT:
        # What an older twin did not have is added; what it had stays as it is.
        _index_all(database)
        older = {"_id": STATE, "format": {"$lt": FORMAT}}
        tables.state.update_one(older, {"$set": {"format": FORMAT}})
    return str(found["feed"])


def _index_all(database: Database[Row]) -> None:
    for name, indexes in INDEXES.items():
        database[name].create_indexes(list(indexes))


def _refuse_strangers(database: Database[Row], where: str) -> None:
    for name in set(database.list_collection_names()) & set(Tables._fields):
        if database[name].find_one({}) is not None:
            message = f"{where}: its collection {name!r} is not a warehouse's"
            raise WarehouseError(message, "choose another name in warehouse.database")
