"""Repositories to make, and what reading them gives."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import twin_github
from twin.testing.reading import Reading, reading

if TYPE_CHECKING:
    from collections.abc import Callable

    import twin


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


def _path(document: twin.Document) -> str:
    return document.extra["path"]


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

    (component,) = twin_github.twin_readers()

    def reading_of(source: Path | str, **options: Any) -> Reading:
        found = reading(component, tmp_path, source, known_by=_path, **options)
        assert not list((tmp_path / "cache").iterdir())
        return found

    return reading_of
