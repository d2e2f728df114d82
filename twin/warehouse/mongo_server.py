"""A MongoDB server as the warehouse needs it: patient, atomic, and with errors that say where.

In: a URL, a database's name, and what to read or write. Out: the results. Calls that a lost
connection, an election or another writer interrupted are made again, with growing, random pauses,
until the patience is spent; a write is one transaction, acknowledged by the majority's journals.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from bson.errors import BSONError
from pymongo import MongoClient, ReadPreference
from pymongo.client_session import ClientSession
from pymongo.errors import ConfigurationError as MongoConfigurationError
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from twin.errors import ConfigurationError, WarehouseError
from twin.warehouse.mongo_schema import STATE, Row, Tables, prepare, tables_of

T = TypeVar("T")

OPENING_SECONDS: Final = 5.0
"""The patience while opening: whoever mistyped an address should not wait long."""

FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 2.0
SELECTION_MS: Final = 2000
SOCKET_MS: Final = 60_000

ABANDONED_SECONDS: Final = 90.0
"""The patience with other writers. One that was killed in the middle of a transaction is in the way
until the server ends that, after 60 s (its ``transactionLifetimeLimitSeconds``)."""

MAJORITY: Final = WriteConcern("majority", j=True)

NO_TRANSACTIONS: Final = {20, 263}
"""IllegalOperation and OperationNotSupportedInTransaction: what a standalone server answers."""

PASSING: Final = {6, 7, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
"""Codes of what passes: hosts that cannot be reached, elections, shutdowns, write conflicts."""

WRITE_CONFLICT: Final = 112
DUPLICATE: Final = 11000

PASSING_LABELS: Final = ("TransientTransactionError", "RetryableWriteError")

UNKNOWN_COMMIT: Final = ("UnknownTransactionCommitResult",)
"""The commit alone is done again, which the server knows to be the same one."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Unit:
    """One transaction that writes: everything in it happens, or nothing.

    Attributes:
        number: the newest number of the feed, as this transaction sees it.
    """

    tables: Tables
    session: "ClientSession"
    number: int

    def next_number(self) -> int:
        """Take the next number of the feed."""
        self.number += 1
        return self.number


class Server:
    """A connected database that is a warehouse.

    Args:
        url: where the server is, with credentials if it wants them; it is never shown.
        database: the name of the database.
        patience: seconds that a call goes on trying.

    Raises:
        ConfigurationError: if the URL is none.
        WarehouseError: if the server cannot be reached, has no transactions, or the database is
            something else.
    """

    def __init__(self, url: str, database: str, *, patience: float) -> None:
        self.where = f"MongoDB {hosts_of(url)}, database {database!r}"
        self._patience = OPENING_SECONDS
        self._turn = threading.Lock()
        with self.named():
            self._client: MongoClient[Row] | None = MongoClient(
                url,
                appname="twin",
                serverSelectionTimeoutMS=SELECTION_MS,
                connectTimeoutMS=SELECTION_MS,
                socketTimeoutMS=SOCKET_MS,
                retryWrites=True,
                retryReads=True,
            )
        try:
            found = self._client.get_database(
                database,
                read_preference=ReadPreference.PRIMARY,
                read_concern=ReadConcern("majority"),
                write_concern=MAJORITY,
            )
            self.tables = tables_of(found)
            self._patiently(self._need_transactions)
            self.feed = self._patiently(lambda: prepare(found, self.where))
        except BaseException:
            self.close()
            raise
        self._patience = patience

    def close(self) -> None:
        """Disconnect; doing it twice is no error."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def read(self, body: Callable[[], T]) -> T:
        """Return what `body` reads; it may be called several times."""
        return self._patiently(body)

    def snapshot(self, body: Callable[[ClientSession], T]) -> T:
        """Return what `body` reads in a session, all of it as of one moment."""

        def once() -> T:
            with self.connected().start_session() as session:
                # The end of the session aborts it, which for a reader is as good as a commit and
                # does not wait for the majority.
                session.start_transaction(read_concern=ReadConcern("snapshot"))
                return body(session)

        return self._patiently(once)

    def write(self, body: Callable[[Unit], T]) -> T:
        """Do what `body` writes in one transaction; it may be called several times.

        Every transaction changes the same row, so that of two which overlap one fails and is done
        again, whatever process they are of: the order of the feed's numbers is the order of the
        commits, and nobody can see a number while a smaller one is still to come.

        The first attempt changes that row last of all: a process that is killed before leaves
        nothing behind that others must wait for. Where that met another writer, the next attempts
        begin with it, so that a long transaction gets its turn among short ones.
        """
        attempts = 0

        def once() -> T:
            nonlocal attempts
            attempts += 1
            with self.connected().start_session() as session:
                session.start_transaction(
                    read_concern=ReadConcern("snapshot"), write_concern=MAJORITY
                )
                if attempts > 1:
                    self._take_turn(session)
                state = self.tables.state.find_one({"_id": STATE}, session=session)
                if state is None:
                    message = f"{self.where}: the warehouse was removed"
                    raise WarehouseError(message, "open it again: it is made anew, empty")
                unit = Unit(self.tables, session, state["seq"])
                result = body(unit)
                self._take_turn(session, unit.number)
                self._patiently(session.commit_transaction, only=UNKNOWN_COMMIT)
                return result

        # Threads of one process queue here and do not meet as conflicts on the server.
        with self._turn:
            try:
                return self._patiently(once)
            except WarehouseError as error:
                # What another writer stored first looks like a duplicate to whoever overlaps it.
                if attempts > 1 or not _is_duplicate(error.__cause__):
                    raise
            return self._patiently(once)

    def _take_turn(self, session: ClientSession, number: int | None = None) -> None:
        """Change the row that orders the writes; a conflict if another transaction did."""
        newest = {} if number is None else {"$set": {"seq": number}}
        self.tables.state.update_one(
            {"_id": STATE}, {"$inc": {"turn": 1}, **newest}, session=session
        )

    @contextmanager
    def named(self) -> Iterator[None]:
        """Turn what pymongo raises inside the block into a `WarehouseError` that says where."""
        try:
            yield
        except DocumentTooLarge as error:
            message = f"{self.where}: metadata too large for a row of 16 MB ({error})"
            raise WarehouseError(message, "its reader must give less of them") from error
        except (PyMongoError, BSONError) as error:
            message = f"{self.where}: {_brief(error)}"
            raise WarehouseError(message, _hint(error)) from error

    def connected(self) -> "MongoClient[Row]":
        """Return the client; refuse if it was closed."""
        if self._client is None:
            message = f"{self.where}: the warehouse is closed"
            raise WarehouseError(message)
        return self._client

    def _patiently(self, call: Callable[[], T], only: tuple[str, ...] = ()) -> T:
        """Call until it succeeds, fails for good, or the patience is spent.

        Args:
            call: what may be called again.
            only: the labels of errors that are tried again; by default all that may pass.
        """
        self.connected()
        first = 0.0
        attempt = 0
        while True:
            try:
                return call()
            except (PyMongoError, BSONError) as error:
                first = first or time.monotonic()
                deadline = first + self._patience_with(error)
                again = passing(error) if not only else _labelled(error, only)
                pause = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311
                if not again or time.monotonic() + pause > deadline:
                    if only:
                        raise
                    with self.named():
                        raise
                log.info("%s: %s; again in %.2f s", self.where, _brief(error), pause)
                attempt += 1
                time.sleep(pause)
                self.connected()

    def _patience_with(self, error: Exception) -> float:
        is_conflict = isinstance(error, OperationFailure) and error.code == WRITE_CONFLICT
        return max(self._patience, ABANDONED_SECONDS) if is_conflict else self._patience

    def _need_transactions(self) -> None:
        with self.connected().start_session() as session:
            session.start_transaction()
            try:
                self.tables.state.find_one({"_id": STATE}, session=session)
            except OperationFailure as error:
                if error.code not in NO_TRANSACTIONS:
                    raise
                message = f"{self.where}: the server has no transactions ({_brief(error)})"
                hint = "make it a replica set of one: mongod --replSet rs0, then rs.initiate()"
                raise WarehouseError(message, hint) from error


def hosts_of(url: str) -> str:
    """Return the hosts of a URL as they may be shown: without a name or a password.

    Raises:
        ConfigurationError: if it is no URL of MongoDB. What is wrong with it is not repeated: it
            could be a part of the password.
    """
    if url.startswith("mongodb+srv://"):
        # Its hosts stand in the DNS; the name before them is what a person knows.
        return url.rpartition("@")[2].removeprefix("mongodb+srv://").partition("/")[0]
    try:
        nodes = parse_uri(url)["nodelist"]
    except (PyMongoError, ValueError):
        message = "the URL of the warehouse is no MongoDB URL"
        hint = "as in mongodb://127.0.0.1:27017; reserved characters of a password as %XX"
        raise ConfigurationError(message, hint) from None
    return ",".join(f"{host}:{port}" if port else str(host) for host, port in nodes)


def passing(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    if _labelled(error, UNKNOWN_COMMIT):
        return False  # it was committed again for as long as the patience lasted
    return (
        isinstance(error, ConnectionFailure | WaitQueueTimeoutError)
        or (isinstance(error, OperationFailure) and error.code in PASSING)
        or _labelled(error, PASSING_LABELS)
    )


def _labelled(error: Exception, labels: tuple[str, ...]) -> bool:
    return isinstance(error, PyMongoError) and any(map(error.has_error_label, labels))


def _is_duplicate(error: BaseException | None) -> bool:
    details = error.details if isinstance(error, OperationFailure) else None
    codes = {one.get("code") for one in (details or {}).get("writeErrors", ())}
    return isinstance(error, DuplicateKeyError) or DUPLICATE in codes


def _brief(error: Exception) -> str:
    """Return an error's own words without the server's whole answer or the topology."""
    return str(error).partition(", full error:")[0].partition(", Timeout:")[0]


def _hint(error: Exception) -> str:
    if _labelled(error, UNKNOWN_COMMIT):
        return "whether the last write was kept is unknown; to write the same again does no harm"
    if isinstance(error, ServerSelectionTimeoutError | ConnectionFailure):
        return "is the server running, and is warehouse.url (or what url_env names) right?"
    if isinstance(error, MongoConfigurationError):
        return "check warehouse.url, or what url_env names"
    code = error.code if isinstance(error, OperationFailure) else None
    return {
        13: "the user needs the role readWrite on this database",
        18: "check the name and password in the variable that url_env names",
        112: "other processes are writing without a pause; try again when they have finished",
    }.get(code or 0, "")
