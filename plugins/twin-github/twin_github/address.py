"""Where a repository lies, and how its files are named.

In: what a person gave: an address, or the path of a clone. Out: `Place`, and the canonical sources
and addresses of files. Nothing is opened here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import twin

_BLOB: Final = {
    "github.com": "blob",
    "gitlab.com": "-/blob",
    "codeberg.org": "src/branch",
    "bitbucket.org": "src",
}
"""How a host spells the page of a file, between the repository and the branch."""

_VIEWS: Final = ("tree", "blob", "-/tree", "-/blob", "src/branch", "src")
_SCP: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]+\.[a-z]{2,}):(?!//)(.+)")
_OWNED: Final = 2
"""Parts of the path of a repository on a host: its owner and its name."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """A repository on a host.

    Attributes:
        host: in lower case.
        path: owner and name, as the person spelt them.
    """

    host: str
    path: str

    @property
    def page(self) -> str:
        """The address of its page."""
        return twin.canonical_url(f"https://{self.host}/{quote(self.path)}")

    @property
    def platform(self) -> str:
        """``github`` for github.com."""
        return self.host.removeprefix("www.").split(".")[0]

    def page_of(self, branch: str, file: bytes) -> str:
        """Return the address of the page of a file."""
        view = _BLOB.get(self.host, "blob")
        return twin.canonical_url(f"{self.page}/{view}/{quote(branch)}/{quote(file)}")

    def source_of(self, ref: str, file: bytes) -> str:
        """Return the canonical source of a file, the same however the repository is spelt."""
        plain = Hosted(self.host, self.path.lower() if self.host in _BLOB else self.path)
        return plain.page_of(ref or "HEAD", file)


@dataclass(frozen=True, slots=True)
class Place:
    """What is to be read.

    Attributes:
        remote: the address to clone from; empty for a folder of this machine.
        folder: the folder of a local clone.
        hosted: where it is published, if the source says so.
        ref: the branch or tag in the address, empty if there is none.
        below: the path in the address, empty for the whole.
    """

    remote: str = ""
    folder: Path | None = None
    hosted: Hosted | None = None
    ref: str = ""
    below: str = ""


def place_of(source: str | Path) -> Place:
    """Return what a source names.

    Raises:
        ReadError: if it is no address of a repository, or has a name or password in it. The
            message has neither of them.
    """
    given = str(source)
    if re.match(r"https?://", given, re.IGNORECASE):
        return _of_web(given)
    if given.startswith("file:/"):
        # Paths lose doubled slashes on their way through a command line.
        path = unquote(re.sub(r"^file:/+", "/", given))
        return Place(remote=f"file://{quote(path)}", folder=Path(path))
    if re.match(r"[a-z+]+://", given, re.IGNORECASE) or _SCP.fullmatch(given):
        message = "only https:// addresses, file:// and folders are read"
        raise twin.ReadError(message, "as in https://github.com/owner/name")
    return Place(folder=Path(source).expanduser())


def _of_web(given: str) -> Place:
    parts = urlsplit(given)
    host = (parts.hostname or "").lower().removeprefix("www.")
    if parts.username is not None or parts.password is not None:
        message = f"the address of {host} has a name or password in it"
        raise twin.ReadError(message, "take them out; git's credential helper knows them")
    netloc = f"{host}:{parts.port}" if parts.port not in (None, 80, 443) else host
    steps = [unquote(step) for step in parts.path.split("/") if step]
    path, ref, below = _viewed(steps) if host in _BLOB else (steps, "", [])
    if host == "gist.github.com":
        path = steps[-1:]
    elif host in _BLOB and (len(path) < _OWNED or (host != "gitlab.com" and len(path) > _OWNED)):
        message = f"{given} is no address of a repository"
        hint = f"as in https://{host}/owner/name; `--reader web` reads any page"
        raise twin.ReadError(message, hint)
    if not path or any(step in {".", ".."} for step in [*path, *below]):
        message = f"{given} names no repository"
        raise twin.ReadError(message, "as in https://github.com/owner/name")
    hosted = Hosted(netloc, "/".join(path).removesuffix(".git"))
    suffix = (
        "" if netloc == host and host not in _BLOB and not path[-1].endswith(".git") else ".git"
    )
    remote = f"https://{netloc}/{quote(hosted.path)}{suffix}"
    return Place(remote=remote, hosted=hosted, ref=ref, below="/".join(below))


def _viewed(steps: list[str]) -> tuple[list[str], str, list[str]]:
    """Split the path of a page into the repository, the branch and the path in it."""
    for at in range(_OWNED, len(steps)):
        for view in _VIEWS:
            words = view.split("/")
            end = at + len(words)
            if steps[at:end] == words and len(steps) > end:
                return steps[:at], steps[end], steps[end + 1 :]
    return steps, "", []


def hosted_by(remote: str) -> Hosted | None:
    """Return where a clone comes from by the address of its remote, if that is a known host."""
    if match := _SCP.fullmatch(remote):
        host, path = match[1], match[2]
    else:
        parts = urlsplit(remote)
        if parts.scheme not in {"https", "http", "ssh", "git"}:
            return None
        host, path = parts.hostname or "", unquote(parts.path)
    host = host.lower().removeprefix("www.").removeprefix("ssh.")
    path = path.strip("/").removesuffix(".git")
    return Hosted(host, path) if host in _BLOB and "/" in path else None


def file_source(collection: str, file: bytes) -> str:
    """Return the canonical source of a file of a repository that is on no host.

    Raises:
        ReadError: if the file's name is not in UTF-8, so that no source can spell it.
    """
    try:
        name = file.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "its name is not in UTF-8"
        raise twin.ReadError(message, "rename it") from error
    return f"file:{collection}/{unicodedata.normalize('NFC', name)}"
