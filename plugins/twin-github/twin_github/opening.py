"""A repository, opened: a clone of this machine as it lies, or one that is fetched for the reading.

In: a `Place`. Out: `Opened`: git upon it, the commit that is read, and its branch.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import twin
from twin_github.address import Hosted, Place, hosted_by
from twin_github.git import Git

if TYPE_CHECKING:
    from pathlib import Path

    from twin_github.options import GithubOptions

_PARTIAL: Final = (
    "remote.origin.promisor",
    "remote.origin.partialclonefilter",
    "extensions.partialclone",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is read.

    Attributes:
        git: upon the repository.
        head: the commit.
        branch: the branch that is read; the commit if there is none.
        ref: what the person asked for, empty for the repository's own choice.
        hosted: where it is published, if that is known.
        collection: what names it if that is not known.
    """

    git: Git
    head: str
    branch: str
    ref: str
    hosted: Hosted | None
    collection: str


def open_repository(place: Place, options: GithubOptions, work: Path) -> Opened:
    """Return the repository at a place, ready to be read.

    Args:
        place: what to read.
        options: see `GithubOptions`.
        work: an empty folder, to which a remote repository is fetched.

    Raises:
        ReadError: if there is none, or it cannot be fetched within the limits.
    """
    git = Git(work, timeout=options.timeout, max_total_bytes=options.max_total_bytes)
    ref = options.ref or place.ref
    if place.remote:
        git = _fetched(git, place.remote, ref, options)
        hosted = place.hosted
    else:
        git = replace(git, repository=_lying(place.folder))
        hosted = hosted_by(_said(git, "config", "--get", "remote.origin.url"))
    head = _head(git, ref)
    branch = ref or _said(git, "symbolic-ref", "--short", "--quiet", "HEAD") or head
    return Opened(git, head, branch, ref, hosted, options.name or _name(place))


def _fetched(git: Git, remote: str, ref: str, options: GithubOptions) -> Git:
    """Fetch the newest commit with its files up to their limit, then history without files."""
    target = git.work / "repository.git"
    asking = replace(git, protocols="file" if remote.startswith("file:") else "https")
    branch = [f"--branch={ref}"] if ref else []
    asking.run(
        "clone",
        "--quiet",
        "--bare",
        "--depth=1",
        "--single-branch",
        "--no-tags",
        "--template=",
        f"--filter=blob:limit={options.max_bytes + 1}",
        *branch,
        "--",
        remote,
        str(target),
    )
    git, asking = replace(git, repository=target), replace(asking, repository=target)
    if options.depth != 1:
        more = ["--unshallow"] if options.depth == 0 else [f"--deepen={options.depth - 1}"]
        if (target / "shallow").exists():
            asking.run("fetch", "--quiet", "--no-tags", "--filter=blob:none", *more, "origin")
    for key in _PARTIAL:
        # What was too large to fetch is simply not there.
        with suppress(twin.ReadError):
            git.run("config", "--unset-all", key)
    return git


def _lying(folder: Path | None) -> Path:
    """Return the folder of objects of a local clone.

    Raises:
        ReadError: if there is nothing, or no repository.
    """
    if folder is None or not folder.exists():
        message = f"there is no folder {str(folder)!r}"
        raise twin.ReadError(message, "check the path")
    root = folder.resolve()
    if os.path.lexists(root / ".git"):
        return root / ".git"
    if (root / "HEAD").is_file() and (root / "objects").is_dir():
        return root
    message = f"{str(folder)!r} is no Git repository"
    raise twin.ReadError(message, "give the folder in which .git lies, or an address")


def _head(git: Git, ref: str) -> str:
    wanted = [ref, f"refs/remotes/origin/{ref}"] if ref else ["HEAD"]
    for one in wanted:
        found = _said(
            git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{one}^{{commit}}"
        )
        if found:
            return found
    if ref:
        message = f"the repository has no branch, tag or commit {ref!r}"
        raise twin.ReadError(message, "is the option ref right?")
    # Git says what is wrong; a repository without commits has nothing to read.
    git.run("rev-parse", "--git-dir")
    message = "the repository has no commit that can be read"
    raise twin.ReadError(message, "commit something, or see what `git fsck` says")


def _said(git: Git, *arguments: str) -> str:
    """Return what git says in a line; empty if it says nothing or refuses."""
    try:
        return git.run(*arguments).decode("utf-8", "replace").strip()
    except twin.ReadError:
        return ""


def identities(git: Git) -> tuple[str, ...]:
    """Return the name and e-mail address that git would put into a commit here."""
    found = (_said(git, "config", "--get", key) for key in ("user.name", "user.email"))
    return tuple(one for one in found if one)


def _name(place: Place) -> str:
    if place.hosted is not None:
        return place.hosted.path
    folder = place.folder.resolve() if place.folder is not None else None
    name = (folder.name if folder is not None else "").removesuffix(".git")
    if not name and folder is not None:
        name = folder.parent.name  # the .git itself was named
    return name or "repository"
