"""The files of a commit, and their bytes.

In: a repository and a commit. Out: `Entry` for each file, and the bytes of each, checked against
the name under which git keeps them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import twin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from twin_github.git import Git

LINK: Final = "120000"
MODULE: Final = "160000"
RUNS: Final = "100755"
_SHA1: Final = 40
"""Hexadecimal digits of a name; a longer one is SHA-256."""

_ATTRIBUTES: Final = ("linguist-vendored", "linguist-generated")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit.

    Attributes:
        path: as git has it, with ``/`` between its parts; it need not be UTF-8.
        blob: the name of its bytes.
    """

    path: bytes
    mode: str
    blob: str

    @property
    def shown(self) -> str:
        """The path as it can be shown, whatever bytes it has."""
        return self.path.decode("utf-8", "backslashreplace")


def entries(git: Git, commit: str) -> list[Entry]:
    """Return the files of a commit, sorted by the parts of their paths."""
    found = []
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        if line:
            about, _, path = line.partition(b"\t")
            mode, _, blob = about.decode("ascii").split(" ")
            found.append(Entry(path, mode, blob))
    return sorted(found, key=lambda entry: entry.path.split(b"/"))


def attributes(git: Git, commit: str, wanted: Iterable[Entry]) -> dict[bytes, dict[str, str]]:
    """Return what the `.gitattributes` of a commit say of each path."""
    # Into an index of our own: git itself decides what the files mean.
    git.run("read-tree", commit)
    given = b"".join(entry.path + b"\0" for entry in wanted)
    said = git.run("check-attr", "--cached", "-z", "--stdin", *_ATTRIBUTES, given=given)
    found: dict[bytes, dict[str, str]] = defaultdict(dict)
    fields = said.split(b"\0")
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        found[path][name.decode("ascii")] = value.decode("utf-8", "replace")
    return found


def sizes(git: Git, wanted: Sequence[Entry]) -> dict[str, int]:
    """Return the bytes of each blob that is there, by its name."""
    given = "".join(f"{entry.blob}\n" for entry in wanted).encode("ascii")
    said = git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", given=given)
    lines = (line.split() for line in said.decode("ascii", "replace").splitlines())
    return {line[0]: int(line[1]) for line in lines if len(line) > 1 and line[1].isdigit()}


@contextmanager
def contents(git: Git) -> Iterator[Callable[[Entry], bytes]]:
    """Yield what returns the bytes of an entry, and raises `ReadError` where they are not sound."""
    with git.blobs() as process:
        entered, left = process.stdin, process.stdout
        if entered is None or left is None:  # pragma: no cover - both are pipes
            raise AssertionError

        def read(entry: Entry) -> bytes:
            try:
                entered.write(f"{entry.blob}\n".encode("ascii"))
                entered.flush()
                about = left.readline().split()
                size = int(about[2]) if len(about) > 2 else -1  # noqa: PLR2004 - name, kind, size
                raw = left.read(size + 1)[:-1] if size >= 0 else b""
            except (OSError, ValueError) as error:
                message = f"git gives no more: {error}"
                raise twin.ReadError(
                    message, "does `git fsck` find the repository sound?"
                ) from error
            if size < 0 or len(raw) != size or _name(raw, len(entry.blob)) != entry.blob:
                message = f"its bytes are not those that are named {entry.blob}"
                raise twin.ReadError(message, "does `git fsck` find the repository sound?")
            return raw

        yield read


def _name(raw: bytes, digits: int) -> str:
    """Return the name under which git keeps some bytes."""
    whole = b"blob %d\0%b" % (len(raw), raw)
    if digits == _SHA1:
        return hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    return hashlib.sha256(whole).hexdigest()
