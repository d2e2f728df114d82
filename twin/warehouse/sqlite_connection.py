"""One SQLite file, open: a connection behind a lock, for all threads of a process.

In: the path of a warehouse. Out: the connection, to read or in a transaction that writes. What a
warehouse holds (documents, feedback, quarantine) is read and written by the classes on top.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from twin.errors import WarehouseError
from twin.warehouse import sqlite_scrub as scrubbing
from twin.warehouse.sqlite_schema import named_errors, open_database


class Connected:
    """A warehouse's file, made with its folder if it is missing.

    Args:
        path: the file; readable and writable by its owner alone when it is made.

    Raises:
        WarehouseError: if the file cannot be opened, is no warehouse, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = open_database(path)
        self._scrub()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file; closing twice is no error."""
        with self._lock:
            if self._connection is None:
                return
            with named_errors(self._path):
                scrubbing.scrub(self._connection, self._path)
                self._connection.close()
            self._connection = None

    def _scrub(self) -> None:
        """Remove every trace of what was forgotten, if there is any."""
        with self._reading() as connection:
            scrubbing.scrub(connection, self._path)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, named_errors(self._path):
            if self._connection is None:
                message = f"{self._path}: the warehouse is closed"
                raise WarehouseError(message)
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as connection:
            # IMMEDIATE: whoever waits, waits here, and never has to give up half a transaction.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
