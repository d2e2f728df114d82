"""Vectors that were computed before, by embedder and embedded text.

In: texts. Out: their vectors, computed only where the cache has none. The cache can be deleted at
any time; it is made again.
"""

import contextlib
import math
import sqlite3
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from twin.documents import sha256
from twin.errors import PluginError

Vector = Sequence[float]

_MANY = 500  # SQLite's default limit of variables in a statement is 999 in old builds.


class VectorCache:
    """A file of vectors by fingerprint and text.

    Args:
        path: the SQLite file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def embed(
        self,
        fingerprint: str,
        texts: Sequence[str],
        compute: Callable[[list[str]], Sequence[Vector]],
    ) -> tuple[list[Vector], int]:
        """Return the vector of every text, and how many had to be computed.

        Args:
            fingerprint: what identifies the embedder.
            texts: what to embed; equal texts are embedded once.
            compute: embeds the texts that are not in the cache, given longest first.

        Raises:
            PluginError: if it gives too many or too few vectors, or one that is no vector.
        """
        keys = [_key(fingerprint, text) for text in texts]
        known = self._read(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            # Texts of like length in one batch waste least on padding.
            order = sorted(missing, key=lambda key: len(missing[key]), reverse=True)
            vectors = compute([missing[key] for key in order])
            check(vectors, len(order))
            fresh = dict(zip(order, vectors, strict=True))
            self._write(fresh)
            known |= fresh
        return [known[key] for key in keys], len(missing)

    def missing(self, fingerprint: str, texts: Sequence[str]) -> list[str]:
        """Return the texts that have no vector yet, each once, in the order given."""
        keys = {text: _key(fingerprint, text) for text in texts}
        known = self._read(list(keys.values()))
        return [text for text, key in keys.items() if key not in known]

    def remember(self, fingerprint: str, texts: Sequence[str], vectors: Sequence[Vector]) -> None:
        """Keep vectors that were computed elsewhere.

        Raises:
            PluginError: as for `embed`.
        """
        check(vectors, len(texts))
        keys = (_key(fingerprint, text) for text in texts)
        self._write(dict(zip(keys, vectors, strict=True)))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, check_same_thread=False, timeout=30)
            connection.execute("PRAGMA journal_mode=WAL")
            # A lost entry is computed again, so a power cut may take the last ones, not the file.
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)"
                " WITHOUT ROWID"
            )
            self._connection = connection
        return self._connection

    def _read(self, keys: list[str]) -> dict[str, Vector]:
        found: dict[str, Vector] = {}
        with self._lock, self._mended():
            connection = self._open()
            for start in range(0, len(keys), _MANY):
                part = keys[start : start + _MANY]
                marks = ",".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({marks})",  # noqa: S608 - only marks
                    part,
                )
                for key, blob in rows:
                    vector = array("f")
                    vector.frombytes(blob)
                    found[key] = vector
        return found

    def _write(self, vectors: dict[str, Vector]) -> None:
        rows = [(key, array("f", vector).tobytes()) for key, vector in vectors.items()]
        with self._lock, self._mended(), self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    @contextlib.contextmanager
    def _mended(self) -> Iterator[None]:
        """Begin with an empty file where this one is broken: all of it can be made again."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            # Its subclasses say that the file is locked or closed, or the disk full: it is whole.
            if type(error) is not sqlite3.DatabaseError:
                raise
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


def _key(fingerprint: str, text: str) -> str:
    return sha256(f"{fingerprint}\0{text}")


def check(vectors: Sequence[Vector], wanted: int) -> None:
    """Refuse what would stay in the cache for good.

    Raises:
        PluginError: if there are not as many vectors as texts, or one holds what is no number.
    """
    if len(vectors) != wanted:
        message = f"the embedder gave {len(vectors)} vectors for {wanted} texts"
        raise PluginError(message, "it must give one for each text, in order")
    if not all(len(vector) and math.isfinite(math.fsum(vector)) for vector in vectors):
        message = "the embedder gave a vector that is empty or not finite"
        raise PluginError(message, "is the model whole, and fit for this device?")
