"""What lies in an export, before any of it is read.

In: a folder or a ZIP, and bounds. Out: `Found`: the files by their relative paths, each with the way
to open it, and what cannot be read with the reason. A name that leads out of an archive refuses the
whole of it.
"""

from __future__ import annotations

import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from twin.errors import ReadError

CHUNK: Final = 65_536
"""Bytes that are unpacked at once, and so the most by which a bound is overstepped."""

_DIRECTORY: Final = 600
"""Bytes that an entry may take in the list of an archive; a path of 500 is long."""

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_ARCHIVES: Final = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
_ADDED: Final = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What operating systems add to a folder; nothing of it is an item."""

_LOCKED: Final = "it is encrypted; unpack it with its password and take in the folder"
_ENCRYPTED: Final = 0x1
_UTF8: Final = 0x800
_PACKED_BY: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much an export may hold.

    Attributes:
        entries: files and folders inside.
        member_bytes: of one file, unpacked.
        total_bytes: of all that is read, unpacked.
        ratio: how many times as large as packed a file may become; text reaches ten to thirty.
    """

    entries: int = 10_000
    member_bytes: int = 100_000_000
    total_bytes: int = 2_000_000_000
    ratio: int = 200


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file of an export that cannot be read, and why.

    Attributes:
        fault: whether it should have been readable; else it is simply not followed.
    """

    name: str
    reason: str
    fault: bool


@dataclass(frozen=True, slots=True)
class Member:
    """How a file is opened, and the bytes that it takes in its archive (None in a folder)."""

    open: Callable[[], IO[bytes]]
    packed: int | None


@dataclass(slots=True)
class Found:
    """What lies in a folder or an archive."""

    members: dict[str, Member] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, name: str, member: Member) -> None:
        """Take a file, unless its name is taken or it is an archive itself."""
        if name in self.members:
            self.leave(name, "the export holds it twice; the first one counts", fault=True)
        elif name.lower().endswith(_ARCHIVES):
            self.leave(name, "an archive inside the export, which is not opened")
        else:
            self.members[name] = member

    def leave(self, name: str, reason: str, *, fault: bool = False) -> None:
        """Leave a file out."""
        self.left_out.append(LeftOut(name, reason, fault))


def of_folder(root: Path, bounds: Bounds) -> Found:
    """Return what lies below a folder; no link is followed.

    Raises:
        ReadError: if it holds more entries than are allowed.
    """
    found = Found()
    pending = [(root, "")]
    count = 0
    while pending:
        folder, prefix = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            reason = f"the folder cannot be opened: {error.strerror or error}"
            found.leave(prefix or ".", reason, fault=True)
            continue
        count += len(entries)
        _count(str(root), count, bounds)
        for entry in entries:
            name = f"{prefix}{_spelt(os.fsencode(entry.name).decode('utf-8', 'backslashreplace'))}"
            if _added(entry.name):
                continue
            if entry.is_symlink():
                found.leave(name, "a link, which is not followed")
            elif entry.is_dir(follow_symlinks=False):
                pending.append((Path(entry.path), f"{name}/"))
            elif entry.is_file(follow_symlinks=False):
                found.add(name, Member(_opening(entry.path), None))
            else:
                found.leave(name, "not a regular file")
    return found


def _opening(path: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # It may have become a link or a pipe since it was listed.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.fdopen(os.open(path, flags), "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            message = "it is no regular file any more"
            raise OSError(message)
        return file

    return opened


# Archives


class _Guarded(io.FileIO):
    """A file that gives no more than a number of bytes at once, while that is set."""

    most: int | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is not None and size is not None and size > self.most:
            message = f"its list of entries has {size:,} bytes"
            raise ReadError(message)
        return super().read(-1 if size is None else size) or b""


def of_archive(path: Path, bounds: Bounds, stack: ExitStack) -> Found:
    """Return what lies in a ZIP, which stays open as long as `stack` does.

    Raises:
        ReadError: if it is no whole ZIP, is encrypted, holds more entries than are allowed, or one
            that leads out.
    """
    many = f"{path}: it holds more than {bounds.entries:,} entries"
    try:
        file = stack.enter_context(_Guarded(path))
        # The library reads the whole list of entries at once, before any can be counted.
        file.most = max(CHUNK * 2, bounds.entries * _DIRECTORY)
        archive = stack.enter_context(zipfile.ZipFile(file))
        file.most = None
    except ReadError as error:
        raise ReadError(many, "is it an account's export?") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        message = f"{path}: it is neither a folder nor a whole ZIP ({error})"
        raise ReadError(message, "download it again") from error
    infos = archive.infolist()
    _count(str(path), len(infos), bounds)
    found = Found()
    for info, name in zip(infos, _member_names(path, infos), strict=True):
        if not name or info.is_dir() or any(map(_added, name.split("/"))):
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind == stat.S_IFLNK:
            found.leave(name, "a link, which is not followed")
        elif kind not in {0, stat.S_IFREG}:
            found.leave(name, "not a regular file")
        elif info.flag_bits & _ENCRYPTED:
            found.leave(name, _LOCKED, fault=True)
        elif info.compress_type not in _PACKED_BY:
            found.leave(name, "packed in a way that no export is", fault=True)
        else:
            packed = min(info.compress_size, path.stat().st_size)
            found.add(name, Member(lambda info=info: archive.open(info), packed))  # type: ignore[misc]
    if not found.members and any(one.reason == _LOCKED for one in found.left_out):
        message = f"{path}: {_LOCKED}"
        raise ReadError(message)
    return found


def _member_names(path: Path, infos: Sequence[zipfile.ZipInfo]) -> Iterator[str]:
    for info in infos:
        raw = info.filename
        if not info.flag_bits & _UTF8:
            # Most tools write UTF-8 without saying so; the library then takes it for DOS letters.
            try:
                raw = raw.encode("cp437").decode("utf-8")
            except UnicodeError:
                raw = info.filename
        name = _spelt(raw.replace("\\", "/"))
        if name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"):
            message = f"{path}: it holds the name {name!r}, which leads out of it"
            raise ReadError(message, "no platform makes such an export; do not unpack it")
        yield "/".join(part for part in name.split("/") if part not in {"", "."})


def _count(place: str, entries: int, bounds: Bounds) -> None:
    if entries > bounds.entries:
        message = f"{place}: it holds more than {bounds.entries:,} entries"
        raise ReadError(message, "is it an account's export?")


def _added(name: str) -> bool:
    return name.startswith(".") or name in _ADDED


def _spelt(name: str) -> str:
    """Return a name in composed letters, all of which can be printed and written as UTF-8."""
    composed = unicodedata.normalize("NFC", name)
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in composed
    )
