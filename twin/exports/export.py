"""An export that is open.

In: a path, and bounds. Out: `Export`, whose files are read one by one; every byte is counted, and a
file that grows beyond a bound is refused while it is unpacked.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from twin.errors import ReadError
from twin.exports.listing import CHUNK, Bounds, LeftOut, Member, of_archive, of_folder

if TYPE_CHECKING:
    from twin.components import Report

SMALL: Final = 1_000_000
"""Bytes up to which any ratio is fine: a page of blanks packs very well."""


class Export:
    """The files of an export. Close it, or use it in a ``with``.

    Attributes:
        place: the path that was given, as text.
        names: the relative paths of all files, with ``/`` between their parts, sorted. Hidden
            files, and what operating systems add, are not among them.
        left_out: what cannot be read and why.
    """

    def __init__(
        self,
        place: str,
        members: Mapping[str, Member],
        left_out: Sequence[LeftOut],
        bounds: Bounds,
        closing: ExitStack,
    ) -> None:
        self.place = place
        self.names = tuple(sorted(members))
        self.left_out = tuple(sorted(left_out, key=lambda one: one.name))
        self._members = MappingProxyType(dict(members))
        self._bounds = bounds
        self._closing = closing
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive; nothing can be read from it any more."""
        self._closing.close()

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def matching(self, glob: str) -> list[str]:
        """Return the names that a glob names; ``*`` also stands for ``/``, and case counts."""
        return [name for name in self.names if fnmatchcase(name, glob)]

    def beneath(self, *globs: str) -> Export | None:
        """Return the export where each glob names a file, or None if it is nowhere.

        That is the folder itself, or the only one in it, and so on: a download is often wrapped in
        a folder of its own.
        """
        prefix = ""
        while True:
            inside = {
                name.removeprefix(prefix): member
                for name, member in self._members.items()
                if name.startswith(prefix)
            }
            if all(any(fnmatchcase(name, glob) for name in inside) for glob in globs):
                view = Export(self.place, inside, self.left_out, self._bounds, self._closing)
                # One account for all views.
                view._sizes = self._sizes
                return view
            first, slash, _ = next(iter(inside), "").partition("/")
            if not slash or not all(name.startswith(f"{first}/") for name in inside):
                return None
            prefix += f"{first}/"

    def tell(self, report: Report) -> None:
        """Tell a reader's report what was left out."""
        for one in self.left_out:
            if one.fault:
                # Whichever document it held must not count as gone.
                report.failed(".", f"{one.name}: {one.reason}")
            else:
                report.skipped(one.name, one.reason)

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return the bytes of a file.

        Args:
            name: one of `names`.
            most: how many bytes it may have, if fewer than any file of the export: a page of 5 MB
                that is all tags took 650 MB and 53 s to parse.

        Raises:
            ReadError: if there is no such file, it is damaged, or it oversteps a bound.
        """
        member = self._members.get(name)
        if member is None:
            message = f"the export has no file {name!r}"
            raise ReadError(message)
        pieces: list[bytes] = []
        size = 0
        allowed = (
            self._bounds.member_bytes if most is None else min(most, self._bounds.member_bytes)
        )
        others = sum(self._sizes.values()) - self._sizes.get(name, 0)
        try:
            with member.open() as file:
                while piece := file.read(CHUNK):
                    size += len(piece)
                    self._sizes[name] = max(size, self._sizes.get(name, 0))
                    if size > allowed:
                        message = f"{name}: it has more than {allowed:,} bytes"
                        raise ReadError(message, "no piece of writing is that long")
                    self._check(name, size, others + size, member.packed)
                    pieces.append(piece)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
            message = f"{name}: it is damaged ({error})"
            raise ReadError(message, "download the export again") from error
        except OSError as error:
            message = f"{name}: it cannot be opened: {error.strerror or error}"
            raise ReadError(message, "look at its permissions") from error
        return b"".join(pieces)

    def _check(self, name: str, size: int, total: int, packed: int | None) -> None:
        bounds = self._bounds
        if total > bounds.total_bytes:
            message = f"{name}: with it the export has more than {bounds.total_bytes:,} bytes"
            raise ReadError(message, "take it in by parts")
        if packed is not None and size > max(SMALL, packed * bounds.ratio):
            message = f"{name}: it grows to more than {bounds.ratio} times its packed size"
            raise ReadError(message, "it is made to fill the memory; do not unpack it")


def open_export(path: str | Path, bounds: Bounds | None = None) -> Export:
    """Return the export at a path, a folder or a ZIP.

    Raises:
        ReadError: if it is neither, is damaged, holds more entries than the bounds allow, or names
            a file that lies outside of it.
    """
    bounds = bounds or Bounds()
    place = Path(path).expanduser()
    with ExitStack() as stack:
        if place.is_dir():
            found = of_folder(place, bounds)
        elif place.is_file():
            found = of_archive(place, bounds, stack)
        else:
            message = f"there is no file or folder {str(path)!r}"
            raise ReadError(message, "check the path")
        return Export(str(path), found.members, found.left_out, bounds, stack.pop_all())
    raise AssertionError  # pragma: no cover - an ExitStack may swallow errors, says the type


def holds(path: str | Path, *globs: str) -> bool:
    """Return whether the export at a path has a file for each glob: what `recognises` asks.

    Raises:
        ReadError: as `open_export`.
    """
    with open_export(path) as export:
        return export.beneath(*globs) is not None
