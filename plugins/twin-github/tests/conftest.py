"""Repositories to make, and what reading them gives."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin
import twin_github
from twin.reading import checked_document
from twin_github.options import GithubOptions

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Ledger:
    """A report that keeps what it is told."""

    skips: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def skipped(self, item: str, reason: str) -> None:
        self.skips[item] = reason

    def failed(self, item: str, reason: str) -> None:
        self.failures[item] = reason


@dataclass
class Reading:
    """What came of reading a repository: its documents by their paths."""

    documents: dict[str, twin.Document]
    ledger: Ledger


@dataclass
class Repository:
    """A repository that commits are made to."""

    path: Path

    def git(self, *arguments: str, **variables: str) -> str:
        fixed = {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "HOME": str(self.path.parent),
        }
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            check=True,
            capture_output=True,
            env={**fixed, **variables},
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: dict[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(
        self,
        files: dict[str, str | bytes] | None = None,
        who: str = "Ada Wren <ada@example.org>",
        when: str = "2024-03-01T08:00:00+01:00",
        message: str = "A change",
    ) -> str:
        self.write(files or {})
        name, _, email = who.partition(" <")
        self.git("add", "--all")
        self.git(
            "commit",
            "--quiet",
            "--allow-empty",
            f"--message={message}",
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=email.rstrip(">"),
            GIT_AUTHOR_DATE=when,
            GIT_COMMITTER_NAME=name,
            GIT_COMMITTER_EMAIL=email.rstrip(">"),
            GIT_COMMITTER_DATE=when,
        )
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    path = tmp_path / "heron"
    path.mkdir()
    made = Repository(path)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Reading]:
    home = tmp_path / "nobody"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))

    def reading(source: Path | str, **options: Any) -> Reading:
        (component,) = twin_github.twin_readers()
        ledger = Ledger()
        context = twin.BuildContext(cache=tmp_path / "cache", data=tmp_path / "data", report=ledger)
        reader = component.build(GithubOptions(**options), context)
        found = [checked_document(one) for one in reader.lazy_load_data(source)]
        assert len({one.source for one in found}) == len(found)
        assert not list((tmp_path / "cache").iterdir())
        return Reading({one.extra["path"]: one for one in found}, ledger)

    return reading
