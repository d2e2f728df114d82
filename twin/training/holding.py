"""Who works on a run: a lock that its process and the program that trains hold together.

In: a run's folder. Out: the lock, or who has it. The number of a process says little: it is given anew
after a restart, and in a container it is the same each time. A lock goes with the last process that
has it, so that a trainer whose `twin` was killed still counts as running, and is not joined by a second.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from twin.errors import UsageError

NAME: Final = ".lock"
TRIES: Final = 5
PAUSE: Final = 0.1
"""Seconds between two tries: whoever only looks has it for a moment."""


@contextmanager
def held(folder: Path) -> Iterator[tuple[int, ...]]:
    """Hold a run, and give what a program that is started has to keep open to hold it, too.

    Raises:
        UsageError: if somebody else holds it.
    """
    with (folder / NAME).open("ab") as file:
        kept: tuple[int, ...] = (file.fileno(),)
        for left in reversed(range(TRIES)):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if not left:
                    message = f"another process works on {folder.name}"
                    raise UsageError(
                        message, "wait until it is done; `twin runs list` shows it"
                    ) from error
                time.sleep(PAUSE)
            except OSError:
                # A file system without locks: then the number of the process has to do.
                kept = ()
                break
            else:
                break
        yield kept


def is_held(folder: Path) -> bool | None:
    """Return whether somebody works on a run; None where that is not known."""
    try:
        file = os.open(folder / NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(file)
    return False
