"""The same piece in several places: a post of one's own blog that was published on a platform too.

In: the change feed. Out: which documents are copies of which original. Every document stays in the
warehouse as it is; the index takes in the original alone, and a citation names the other places.

Two texts by one author are the same piece if the smaller one's word sequences are nearly all in the
other one. To find candidates without comparing everything with everything, each text is remembered
by the smallest hashes of its sequences (a bottom-k sketch: Broder, "On the resemblance and
containment of documents", 1997).
"""

from __future__ import annotations

import re
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from twin.documents import Audience, Kind
from twin.errors import WarehouseError
from twin.warehouse.protocol import StoredDocument, Warehouse

LENGTH: Final = 5
"""Words of a sequence; as usual for near-duplicates of prose."""

KEPT: Final = 64
"""Hashes of a sketch. Of two texts that share four fifths of their sequences, fewer than a quarter of
the hashes agree once in a million."""

CANDIDATE: Final = 0.25
"""Share of the hashes that must agree before two texts are compared."""

COMPARED: Final = 20
"""Candidates that a text is compared with, the most alike first. Of a thousand near-equal texts each
is so found to be a copy of another without comparing all with all."""

SAME: Final = 0.8
"""Share of the smaller text's sequences that the larger one must have."""

SHORTEST: Final = 40
"""Words; a shorter text says the same as another by chance."""

SIZES: Final = 0.5
"""The smaller text has at least this share of the larger one's words: a quotation is no copy."""

PAGE: Final = 500
PLATFORMS: Final = frozenset(
    {"dev.to", "devto", "facebook", "hashnode", "linkedin", "medium", "substack", "x"}
)
"""Where pieces are published a second time."""

_OPENNESS = {Audience.PRIVATE: 0, Audience.FRIENDS: 1, Audience.PUBLIC: 2}
_WORD = re.compile(r"\w+")
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|https?://\S+")

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS pieces (document_id TEXT PRIMARY KEY, version INTEGER, author TEXT,
    openness INTEGER, stated TEXT, platform INTEGER, published TEXT, source TEXT, url TEXT)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hashes (value INTEGER, document_id TEXT, PRIMARY KEY (value, document_id))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hashes_of ON hashes (document_id);
CREATE TABLE IF NOT EXISTS pairs (a TEXT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS place (cursor TEXT);
"""


@dataclass(frozen=True, slots=True)
class _Piece:
    document_id: str
    version: int
    author: str
    openness: int
    stated: str
    platform: int
    published: str
    source: str
    url: str


class Copies:
    """What is known of copies, kept in a file that can be made again.

    Args:
        path: the SQLite file; its folder is made.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = _opened(path)
        self._groups: tuple[object, dict[str, str], dict[str, list[_Piece]]] | None = None

    def refresh(self, warehouse: Warehouse) -> Mapping[str, str]:
        """Look at what changed, and return the original of every copy, by their ids."""
        with self._lock:
            self._follow(warehouse)
            return self._known()[1]

    def also_at(self, document_id: str, audience: Audience) -> tuple[str, ...]:
        """Return the addresses of an original's copies that an audience may see."""
        with self._lock:
            pieces = self._known()[2].get(document_id, ())
        wanted = _OPENNESS[audience]
        # An audience may see what is at least as open as it is wide.
        return tuple(sorted(p.url for p in pieces if p.url and p.openness >= wanted))

    def close(self) -> None:
        """Close the file; closing twice is no error."""
        with self._lock:
            self._database.close()

    def _follow(self, warehouse: Warehouse) -> None:
        row = self._database.execute("SELECT cursor FROM place").fetchone()
        cursor = row[0] if row else None
        try:
            changes = warehouse.changes(cursor, limit=PAGE)
        except WarehouseError:
            # Another warehouse took the place of the one before.
            for table in ("pieces", "hashes", "pairs"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - three names
            changes = warehouse.changes(None, limit=PAGE)
        while changes:
            # A page at a time: what was looked at is never looked at again.
            with self._database:
                for change in changes:
                    self._forget(change.document_id)
                for start in range(0, len(changes), 20):
                    part = changes[start : start + 20]
                    keys = [(c.document_id, c.version) for c in part if not c.deleted]
                    for stored in warehouse.get_many(keys).values():
                        self._take(stored, warehouse)
                self._database.execute("DELETE FROM place")
                self._database.execute("INSERT INTO place VALUES (?)", (changes[-1].cursor,))
            changes = warehouse.changes(changes[-1].cursor, limit=PAGE)

    def _forget(self, document_id: str) -> None:
        run = self._database.execute
        run("DELETE FROM pieces WHERE document_id = ?", (document_id,))
        run("DELETE FROM hashes WHERE document_id = ?", (document_id,))
        run("DELETE FROM pairs WHERE a = ? OR b = ?", (document_id, document_id))

    def _take(self, stored: StoredDocument, warehouse: Warehouse) -> None:
        document = stored.document
        if document.kind not in (Kind.ARTICLE, Kind.POST):
            return
        sequences = sequences_of(document.text)
        if not sequences:
            return
        piece = _Piece(
            document_id=stored.id,
            version=stored.version,
            author=stored.author_slug,
            openness=_OPENNESS[document.audience],
            stated=document.extra.get("original", ""),
            platform=int(document.platform in PLATFORMS),
            published=document.published_at or "",
            source=document.source,
            url=document.url or "",
        )
        self._database.execute(
            "INSERT INTO pieces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            tuple(getattr(piece, name) for name in piece.__slots__),
        )
        sketch = sorted(sequences)[:KEPT]
        self._database.executemany(
            "INSERT INTO hashes VALUES (?, ?)", [(value, stored.id) for value in sketch]
        )
        for candidate in self._candidates(piece, sketch):
            other = warehouse.get_many([(candidate.document_id, candidate.version)])
            for found in other.values():
                if same(sequences, sequences_of(found.document.text)):
                    pair = sorted((stored.id, found.id))
                    self._database.execute("INSERT OR IGNORE INTO pairs VALUES (?, ?)", pair)

    def _candidates(self, piece: _Piece, sketch: list[int]) -> list[_Piece]:
        marks = ",".join("?" * len(sketch))
        rows = self._database.execute(
            f"SELECT p.* FROM hashes AS h JOIN pieces AS p USING (document_id) "  # noqa: S608 - marks
            f"WHERE h.value IN ({marks}) AND p.author = ? AND p.document_id <> ? "
            f"GROUP BY p.document_id HAVING count(*) >= ? ORDER BY count(*) DESC, 1 LIMIT ?",
            (*sketch, piece.author, piece.document_id, CANDIDATE * len(sketch), COMPARED),
        )
        return [_Piece(*row) for row in rows]

    def _known(self) -> tuple[object, dict[str, str], dict[str, list[_Piece]]]:
        """Return originals of copies, and copies of originals; made again when the file changed."""
        state = (
            self._database.execute("PRAGMA data_version").fetchone()[0],
            self._database.total_changes,
        )
        if self._groups is None or self._groups[0] != state:
            copies: dict[str, str] = {}
            originals: dict[str, list[_Piece]] = {}
            for group in self._components():
                first, *rest = sorted(group, key=lambda piece: _rank(piece, group))
                copies |= {piece.document_id: first.document_id for piece in rest}
                originals[first.document_id] = rest
            self._groups = (state, copies, originals)
        return self._groups

    def _components(self) -> Iterable[list[_Piece]]:
        near: dict[str, set[str]] = defaultdict(set)
        for a, b in self._database.execute("SELECT a, b FROM pairs"):
            near[a].add(b)
            near[b].add(a)
        seen: set[str] = set()
        for begin in sorted(near):
            if begin in seen:
                continue
            group, todo = set(), [begin]
            while todo:
                one = todo.pop()
                if one not in group:
                    group.add(one)
                    todo += near[one]
            seen |= group
            marks = ",".join("?" * len(group))
            rows = self._database.execute(
                f"SELECT * FROM pieces WHERE document_id IN ({marks})",  # noqa: S608 - marks
                tuple(group),
            )
            yield [_Piece(*row) for row in rows]


def _rank(piece: _Piece, group: list[_Piece]) -> tuple[int, int, int, str, str]:
    """Return the order of preference as the original.

    The most open first, so that nothing is lost to whoever may see a copy; then the one that others
    name; then one's own site before a platform; then the oldest.
    """
    named = any(other.stated and _same_page(other.stated, piece) for other in group)
    return (-piece.openness, -int(named), piece.platform, piece.published or "~", piece.source)


def _same_page(address: str, piece: _Piece) -> bool:
    try:
        wanted, found = urlsplit(address), urlsplit(piece.url or piece.source)
    except ValueError:
        return False
    return (wanted.hostname, wanted.path.rstrip("/")) == (found.hostname, found.path.rstrip("/"))


def sequences_of(text: str) -> frozenset[int]:
    """Return the hashes of a text's word sequences; none of a text that is too short to compare.

    Case, punctuation and addresses do not count, because platforms change them.
    """
    words = _WORD.findall(_MARKUP.sub(r" \1 ", text).casefold())
    if len(words) < SHORTEST:
        return frozenset()
    return frozenset(
        int.from_bytes(
            blake2b(" ".join(words[n : n + LENGTH]).encode(), digest_size=8).digest(),
            "big",
            signed=True,
        )
        for n in range(len(words) - LENGTH + 1)
    )


def same(one: frozenset[int], other: frozenset[int]) -> bool:
    """Return whether two texts are the same piece."""
    small, large = sorted((one, other), key=len)
    if not small or len(small) < SIZES * len(large):
        return False
    return len(small & large) >= SAME * len(small)


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        # It is damaged, and can be made again.
        for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            name.unlink(missing_ok=True)
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection
