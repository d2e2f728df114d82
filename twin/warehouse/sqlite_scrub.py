"""What was forgotten must leave the disk: free pages, the gaps within pages, and the log.

In: a SQLite warehouse in which documents were just forgotten. Out: a file without a trace of them,
or a note in the file that this is still to be done.

``secure_delete`` zeroes what is deleted, but not the copies that SQLite leaves in the gaps of a
page when it moves rows between pages: of 600 forgotten documents, up to 2 left a fragment. So the
file is written anew with VACUUM (about 1 s for 150 MB), and the write-ahead log is emptied.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Final

from twin.warehouse.sqlite_schema import BUSY_SECONDS

SCRUB_SECONDS: Final = 5.0
"""How long scrubbing waits for other processes before it is left to the next occasion."""

log = logging.getLogger(__name__)


def mark(connection: sqlite3.Connection) -> None:
    """Note that there is something to scrub, in the transaction that forgets it."""
    connection.execute("INSERT INTO unscrubbed DEFAULT VALUES")


def scrub(connection: sqlite3.Connection, path: Path) -> None:
    """Remove every trace of what was forgotten, if there is any; outside of a transaction.

    Where another process is in the way, or the disk has no room for a second copy, a warning is
    logged and the note stays, so that the next opening, forgetting or closing tries again.
    """
    # Others may forget in the meantime: only what was noted before is done afterwards.
    noted = connection.execute("SELECT max(note) FROM unscrubbed").fetchone()[0]
    if noted is None:
        return
    connection.execute(f"PRAGMA busy_timeout = {int(SCRUB_SECONDS * 1000)}")
    try:
        connection.execute("VACUUM")
        connection.execute("DELETE FROM unscrubbed WHERE note <= ?", (noted,))
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            mark(connection)
            _warn(path, "another process is reading")
    except sqlite3.OperationalError as error:
        _warn(path, str(error))
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")


def _warn(path: Path, reason: str) -> None:
    log.warning(
        "%s: what was forgotten is out of reach, but traces are still on the disk (%s); "
        "they go when the warehouse is next opened",
        path,
        reason,
    )
