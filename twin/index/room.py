"""Whether the disk has room enough for the index to be written.

In: a folder. Out: nothing, or an error before anything is written.
"""

import shutil
from pathlib import Path
from typing import Final

from twin.errors import DiskFull

NEEDED: Final = 128 * 2**20
"""Bytes. The embedded engine maps its files into memory, and a disk that is full when a page is
written ends the whole process (SIGBUS). An empty collection takes 14 MB, a batch of 500 points of
1,024 dimensions 6 MB; where a file system fills the holes of a file that is read, as one in memory
does, opening takes 110 MB."""


def need_room(folder: Path) -> None:
    """Refuse to write where too little room is left.

    Raises:
        DiskFull: with what is left.
    """
    left = shutil.disk_usage(folder).free
    if left < NEEDED:
        message = (
            f"the disk of {folder} has {left // 2**20} MB left; "
            f"to write the index takes {NEEDED // 2**20} MB of room"
        )
        raise DiskFull(message, "make room, then run `twin sync`: it goes on where it was")
