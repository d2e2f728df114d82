"""When and by whom each file was changed.

In: a repository and a commit. Out: a `Life` for every file of that commit's tree whose changes are
known. A history that was fetched in part says nothing of what came before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import IO, TYPE_CHECKING, Final

import twin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from twin_github.git import Git

_FORMAT: Final = (
    "%x01%H%x02%aI%x02%aN%x02%aE%x02%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x02)"
)
_CHUNK: Final = 1 << 20
_FIELDS: Final = 4
"""Fields of a commit before those of its co-authors."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit.

    Attributes:
        when: the author's time with the author's zone; None if it is none that exists.
        people: name and e-mail address of the author, then of the co-authors.
    """

    name: str
    when: datetime | None
    people: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Life:
    """What the commits did to a file.

    Attributes:
        last: the newest commit that changed it.
        authors: how many commits each author made to it.
        own: the name by which the person made the newest of their own, empty if there is none.
    """

    last: Commit
    authors: Counter[str] = field(default_factory=Counter)
    own: str = ""

    @property
    def author(self) -> str:
        """The name of whoever made most of the commits; of several, the newest."""
        return self.own or self.authors.most_common(1)[0][0]


def lives(git: Git, head: str, *, most: int = 0, me: Collection[str] = ()) -> dict[bytes, Life]:
    """Return what is known of every path, also of those that are gone.

    Args:
        git: the repository.
        head: the commit to begin at.
        most: commits to look at; 0 for all.
        me: names and e-mail addresses of the person.
    """
    edge = _edge(git)
    emails = {one.strip("<> ").casefold() for one in me if "@" in one}
    slugs = {twin.author_slug(one) for one in me if "@" not in one} - {""}
    found: dict[bytes, Life] = {}
    # A file that was moved as it is keeps its life: from the older path to those it led to.
    led: dict[bytes, bytes] = {}
    arguments = ["-z", "-c", "-M100%", "--name-status", f"--format={_FORMAT}"]
    if most:
        arguments.append(f"--max-count={most}")
    with git.output("log", *arguments, head, "--") as file:
        for commit, changes in _commits(file):
            if commit.name in edge:
                # Without its parents it seems to have made every file.
                continue
            own = next(
                (
                    name
                    for name, email in commit.people
                    if email.casefold() in emails or twin.author_slug(name) in slugs
                ),
                "",
            )
            for path, before in changes:
                now = led.get(path, path)
                if before:
                    led.setdefault(before, now)
                life = found.setdefault(now, Life(commit))
                life.authors[commit.people[0][0]] += 1
                life.own = life.own or own
    return found


def _edge(git: Git) -> set[str]:
    """Return the commits whose parents were not fetched."""
    place = git.run("rev-parse", "--git-path", "shallow").decode("utf-8", "surrogateescape")
    try:
        return set((git.work / place.strip()).read_text("ascii").split())
    except (FileNotFoundError, UnicodeDecodeError):
        return set()


def _commits(file: IO[bytes]) -> Iterator[tuple[Commit, list[tuple[bytes, bytes]]]]:
    """Yield each commit with the paths that it changed, each with the path that it had before."""
    tokens = _tokens(file)
    commit: Commit | None = None
    changes: list[tuple[bytes, bytes]] = []
    for token in tokens:
        # Git begins the first status of a commit on a line of its own.
        status = token.lstrip(b"\n")
        if token.startswith(b"\x01"):
            if commit is not None:
                yield commit, changes
            commit, changes = _commit(token), []
        elif status.startswith((b"R", b"C")) and status[1:].isdigit():
            before = next(tokens, b"")
            changes.append((next(tokens, b""), before if status.startswith(b"R") else b""))
        else:
            changes.append((next(tokens, b""), b""))
    if commit is not None:
        yield commit, changes


def _tokens(file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chain(iter(lambda: file.read(_CHUNK), b""), [b"\0"]):
        *whole, rest = (rest + chunk).split(b"\0")
        for token in whole:
            if token:
                yield token


def _commit(token: bytes) -> Commit:
    fields = token[1:].decode("utf-8", "replace").split("\x02")
    fields += [""] * (_FIELDS - len(fields))
    try:
        when = datetime.fromisoformat(fields[1].strip())
    except ValueError:
        when = None
    people = [(fields[2], fields[3])]
    for other in fields[_FIELDS:]:
        name, _, email = other.strip().partition("<")
        people.append((name.strip(), email.rstrip("> ")))
    return Commit(fields[0].strip(), when, tuple(people))
