"""Which archive a file or folder is.

In: a path. Out: yes or no for one format, after a look at as little as tells. Only the standard
library is needed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

import twin

HEAD: Final = 65_536
"""Bytes of a file in which it says what it is."""

_CHAT: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\xe2\x80\x8e)?\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?\s.{3,20}?"
    rb"(?:\]|\s[-\xe2]).{0,200}"
)
_TELEGRAM: Final = re.compile(
    rb'"(?:personal_information|messages)"\s*:\s*[\[{]|"type"\s*:\s*"(?:personal_chat|bot_chat'
    rb"|saved_messages|private_|public_)"
)


def is_x(path: Path) -> bool:
    """Return whether `path` is an archive of X."""
    return _holds(path, "data/account.js", "data/tweet*.js") or _holds(
        path, "account.js", "tweet*.js"
    )


def is_mastodon(path: Path) -> bool:
    """Return whether `path` is an archive of Mastodon."""
    if path.is_file() and path.suffix.lower() == ".json":
        return path.name == "outbox.json" and b"orderedItems" in _head(path)
    return _holds(path, "outbox.json")


def is_bluesky(path: Path) -> bool:
    """Return whether `path` is a repository of the AT protocol."""

    def listed(head: bytes) -> bool:
        return b'"at://did:' in head and b'"records"' in head

    if path.is_file() and path.suffix.lower() != ".zip":
        return path.suffix.lower() == ".car" or listed(_head(path))
    if _holds(path, "app.bsky.feed.post/*.json") or _any_head(path, "*.car", bool):
        return True
    return _any_head(path, "*.json", listed)


def is_wordpress(path: Path) -> bool:
    """Return whether `path` is an export of WordPress."""
    return _any_head(path, "*.xml", lambda head: b"wordpress.org/export/" in head)


def is_jekyll(path: Path) -> bool:
    """Return whether `path` is a blog of Jekyll."""
    return _holds(path, "_posts/*")


def is_ghost(path: Path) -> bool:
    """Return whether `path` is an export of Ghost."""

    def ghost(head: bytes) -> bool:
        return bool(re.match(rb'\s*\{\s*"(?:db|meta|data)"\s*:', head)) and b'"exported_on"' in head

    return _any_head(path, "*.json", ghost)


def is_slack(path: Path) -> bool:
    """Return whether `path` is an export of Slack."""
    return _holds(path, "users.json", "channels.json") or _holds(path, "users.json", "dms.json")


def is_whatsapp(path: Path) -> bool:
    """Return whether `path` is an exported chat of WhatsApp."""

    def chat(head: bytes) -> bool:
        lines = [line for line in head.splitlines() if line.strip()][:1]
        return any(_CHAT.match(line) for line in lines)

    if path.is_file() and path.suffix.lower() != ".zip":
        return chat(_head(path))
    if not (_holds(path, "_chat.txt") or _holds(path, "WhatsApp*.txt")):
        return False
    return _any_head(path, "*.txt", chat)


def is_telegram(path: Path) -> bool:
    """Return whether `path` is an export of Telegram Desktop."""
    if path.is_dir() or path.suffix.lower() == ".zip":
        return _any_head(path, "*result.json", lambda head: bool(_TELEGRAM.search(head)))
    return _any_head(
        path,
        "*.json",
        lambda head: bool(_TELEGRAM.search(head)) and (b'"from_id"' in head or b'"chats"' in head),
    )


def is_mbox(path: Path) -> bool:
    """Return whether `path` is a mailbox, or holds one."""
    if path.is_file() and path.suffix.lower() != ".zip":
        return _head(path).startswith(b"From ")
    return _any_head(path, "*.mbox", lambda head: head.startswith(b"From ")) or _holds(
        path, "mbox", "table_of_contents"
    )


def _holds(path: Path, *globs: str) -> bool:
    return (path.is_dir() or path.suffix.lower() == ".zip") and twin.holds(path, *globs)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _any_head(path: Path, glob: str, wanted: Callable[[bytes], bool]) -> bool:
    return any(wanted(head) for head in _heads(path, glob))


def _heads(path: Path, glob: str) -> Iterator[bytes]:
    if path.is_file() and path.suffix.lower() != ".zip":
        yield _head(path)
        return
    with twin.open_export(path) as export:
        # What it is, one of the first files tells.
        names = _telling(export.names, glob)[:_FEW]
    if path.is_dir():
        # A folder's names are composed letters, which its files may spell otherwise.
        places = (path / name for name in names)
        yield from (_head(place) for place in places if place.is_file())
        return
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.filename.replace("\\", "/") in names:
                with archive.open(info) as file:
                    yield file.read(HEAD)


_FEW: Final = 20
"""Files that are looked into."""

_WRITING: Final = frozenset(
    {".md", ".markdown", ".txt", ".rst", ".html", ".htm", ".xml", ".json", ".csv", ".mbox", ".pdf"}
    | {".docx", ".py", ".js", ".ts", ".go", ".rs", ".java", ".c", ".cpp"}
)


def _telling(names: Sequence[str], glob: str) -> list[str]:
    """Return the files of one kind if they are what an export consists of, else none.

    They lie side by side, and at least half of all that may be writing is of their kind: a folder
    of notes that holds a blog's export somewhere is a folder of notes.
    """
    prefix = wrapping(names)
    kind = PurePosixPath(glob).suffix
    found = [name for name in names if fnmatchcase(name, glob)]
    writing = [name for name in names if PurePosixPath(name).suffix.lower() in _WRITING]
    alike = [name for name in writing if PurePosixPath(name).suffix.lower() == kind]
    if kind and 2 * len(alike) < len(writing):
        return []
    return [name for name in found if "/" not in name.removeprefix(prefix)]


def wrapping(names: Sequence[str]) -> str:
    """Return the folders that everything lies in, as downloads have them, empty if there are none.

    Folders that begin with ``_`` or end with ``.mbox`` are part of what is wrapped.
    """
    prefix = ""
    while names:
        folders = {name.removeprefix(prefix).partition("/")[::2] for name in names}
        tops = {top if rest else "" for top, rest in folders}
        top = tops.pop()
        if tops or not top or top.startswith("_") or top.endswith(".mbox"):
            break
        prefix += f"{top}/"
    return prefix
