"""Files that were given to the twin in the page: where their copies lie, and when those go.

In: files, and who gave them. Out: copies in a folder of the home that is its giver's own, taken in as
`twin ingest` takes in any file. What is forgotten is deleted there, too.
"""

from __future__ import annotations

import re
import secrets
import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from twin.collecting import PACKED, Wanted, collect
from twin.documents import Audience
from twin.ingest.collections import origins
from twin.serving.access import LOCAL_USER

if TYPE_CHECKING:
    from twin.home import Home
    from twin.ingest.intake import Intake

FOLDER = "uploads"
"""Begins the names of the folders, and hence of the collections, that hold what was given."""

LONGEST_NAME = 120
"""Bytes before the suffix."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def folder_name(user: str) -> str:
    """Return the folder of what somebody gave, which is the collection's name as well.

    Two people who give a file of the same name have not given the same text. A name that a folder
    could not have, or would share with another (`Ines` and `ines` on some disks), ends in a part of
    its hash, behind a sign that no plain name has.

    Args:
        user: as they log in; empty, or the one of this machine, where nobody does.
    """
    if user in {"", LOCAL_USER}:
        return FOLDER
    if _PLAIN.fullmatch(user):
        return f"{FOLDER}-{user}"
    legible = re.sub(r"[^a-z0-9_-]+", "-", user.lower()).strip("-")[:40]
    return f"{FOLDER}-{legible}~{sha256(user.encode()).hexdigest()[:12]}"


def take_in(home: Home, files: Sequence[tuple[str, Path]], user: str) -> list[tuple[str, Intake]]:
    """Take files into the twin, and return an account of each.

    A second file of the same name by the same person is a new version of the first. They are
    private, whatever their reader proposes: somebody may have meant only to ask about them.

    Args:
        home: of the twin.
        files: the name that each had, and where it lies now.
        user: who gave them.

    Raises:
        TwinError: if one of them cannot be begun.
    """
    folder = home.folder / folder_name(user)
    folder.mkdir(exist_ok=True, mode=0o700)
    done = []
    for name, path in files:
        target = folder / safe_name(name)
        beside = target.with_name(f".{secrets.token_hex(8)}")
        shutil.copyfile(path, beside)
        beside.replace(target)
        # An archive is a collection by itself, named after it: of two people's, two.
        packed = target.suffix.lower() in PACKED and folder.name != FOLDER
        wanted = Wanted(
            source=str(target),
            name=f"{target.stem}{folder.name.removeprefix(FOLDER)}" if packed else None,
            audience=Audience.PRIVATE,
        )
        [intake] = collect(home, [wanted])
        done.append((target.name, intake))
    return done


def delete_copies(home: Home, forgotten: Iterable[tuple[str, str]]) -> int:
    """Delete the copies of what was forgotten, and return how many there were.

    Args:
        home: of the twin.
        forgotten: the canonical source of each document and the collection that it was in; the
            archive of a collection of which nothing is left goes, too.
    """
    top, listed = home.folder.resolve(), list(forgotten)
    paths = [top / one.removeprefix("file:") for one, _ in listed if one.startswith("file:")]
    known = origins(home.folder)
    paths += [
        Path(known[name].root)
        for name in dict.fromkeys(name for _, name in listed)
        if name in known and not any(home.warehouse.summaries(collection=name))
    ]
    gone = 0
    for path in dict.fromkeys(one.resolve() for one in paths):
        # What the person has elsewhere is theirs: only copies of ours are deleted.
        ours = path.parent.parent == top and path.parent.name.startswith(FOLDER)
        if ours and path.is_file():
            path.unlink()
            gone += 1
    return gone


def safe_name(name: str) -> str:
    """Return the name of a file without any folder, short, and not hidden."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = plain.strip().lstrip(".")
    plain = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in plain)
    stem, dot, suffix = plain.rpartition(".")
    if not dot:
        return _cut(plain, LONGEST_NAME) or "unnamed"
    return f"{_cut(stem, LONGEST_NAME)}.{_cut(suffix, 20)}"


def _cut(text: str, most: int) -> str:
    """Return as much of a text as has so many bytes: a file system counts those."""
    return text.encode()[:most].decode(errors="ignore")
