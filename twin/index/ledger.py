"""What the index has confirmed: which version of which document it holds, and made how.

In: confirmations. Out: what is still to do. It is written after the points are, so that a crash in
between repeats work and never loses any.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import IndexError


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One document as the index holds it.

    Attributes:
        fingerprint: what decides how a text becomes points (cleaners, parsers, embedder).
        metadata_hash: of what besides the text reaches the index.
    """

    document_id: str
    version: int
    metadata_hash: str
    fingerprint: str
    points: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that could not be indexed; it is tried again at every sync."""

    document_id: str
    reason: str


class Ledger:
    """The file that holds the entries.

    One that is damaged is begun anew: an empty ledger has the next sync look at everything again,
    and what the index already holds is confirmed without embedding.

    Args:
        path: the SQLite file; its folder is made.

    Raises:
        IndexError: if it cannot be opened, as one that may not be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._lock = threading.Lock()
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                message = f"the ledger {path} cannot be opened: {error}"
                raise IndexError(message, "is the disk full, or the home not yours?") from error
            _remove(path)
            self._connection = _opened(path)

    def get(self, document_ids: Sequence[str]) -> dict[str, Entry]:
        """Return the entries of some documents; those that have none are left out."""
        found = {}
        with self._using() as connection:
            for identity in document_ids:
                row = connection.execute(
                    "SELECT * FROM entries WHERE document_id = ?", (identity,)
                ).fetchone()
                if row:
                    found[identity] = _entry(row)
        return found

    def confirm(self, entries: Iterable[Entry], gone: Iterable[str] = ()) -> None:
        """Record what the index now holds, and what it holds no longer; failures are settled."""
        kept = list(entries)
        dropped = [(identity,) for identity in gone]
        settled = [*((entry.document_id,) for entry in kept), *dropped]
        with self._using() as connection, connection:
            connection.executemany(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
                [
                    (e.document_id, e.version, e.metadata_hash, e.fingerprint, e.points)
                    for e in kept
                ],
            )
            connection.executemany("DELETE FROM entries WHERE document_id = ?", dropped)
            connection.executemany("DELETE FROM failures WHERE document_id = ?", settled)

    def fail(self, failure: Failure) -> None:
        """Record a document that could not be indexed."""
        with self._using() as connection, connection:
            connection.execute(
                "INSERT OR REPLACE INTO failures VALUES (?, ?)",
                (failure.document_id, failure.reason),
            )

    def failures(self) -> list[Failure]:
        """Return the documents that could not be indexed."""
        with self._using() as connection:
            rows = connection.execute("SELECT * FROM failures ORDER BY 1").fetchall()
        return [Failure(*row) for row in rows]

    def outdated(self, fingerprint: str) -> list[str]:
        """Return the documents that were indexed in another way than the settings now say."""
        with self._using() as connection:
            rows = connection.execute(
                "SELECT document_id FROM entries WHERE fingerprint <> ? ORDER BY 1", (fingerprint,)
            ).fetchall()
        return [row[0] for row in rows]

    def entries(self) -> Iterator[Entry]:
        """Yield every entry."""
        with self._using() as connection:
            rows = connection.execute("SELECT * FROM entries ORDER BY 1").fetchall()
        yield from map(_entry, rows)

    def counts(self) -> tuple[int, int]:
        """Return how many documents and points the index holds."""
        with self._using() as connection:
            row = connection.execute(
                "SELECT count(*), coalesce(sum(points), 0) FROM entries"
            ).fetchone()
        return int(row[0]), int(row[1])

    def clear(self) -> None:
        """Forget everything: the index is about to be made anew."""
        with self._using() as connection, connection:
            connection.execute("DELETE FROM entries")
            connection.execute("DELETE FROM failures")

    def close(self) -> None:
        """Close the file; closing twice is no error."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection; a file found damaged goes, and with it this ledger.

        It is not begun anew here: a sync that is under way would confirm its rest alone, and what
        it had confirmed before would never be looked at again.

        Raises:
            IndexError: if the file is damaged.
        """
        with self._lock:
            try:
                yield self._connection
            except sqlite3.DatabaseError as error:
                if not _damaged(error):
                    raise
                self._connection.close()
                _remove(self._path)
                message = f"the ledger {self._path} was damaged, and was removed"
                hint = "run `twin sync`: it looks at every document anew, and embeds none again"
                raise IndexError(message, hint) from error


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        with connection:
            connection.executescript(
                "CREATE TABLE IF NOT EXISTS entries (document_id TEXT PRIMARY KEY, version INTEGER,"
                " metadata_hash TEXT, fingerprint TEXT, points INTEGER) WITHOUT ROWID;"
                "CREATE TABLE IF NOT EXISTS failures (document_id TEXT PRIMARY KEY, reason TEXT)"
                " WITHOUT ROWID;"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def _damaged(error: sqlite3.DatabaseError) -> bool:
    """Return whether the file itself is broken: what it says can all be found out again."""
    # Its subclasses say that the file is locked or closed, or the disk full: it is whole.
    return type(error) is sqlite3.DatabaseError


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _entry(row: tuple[str, int, str, str, int]) -> Entry:
    identity, version, metadata_hash, fingerprint, points = row
    return Entry(
        document_id=identity,
        version=version,
        metadata_hash=metadata_hash,
        fingerprint=fingerprint,
        points=points,
    )
