"""A small repository, for checks and for trying things out.

In: a folder, and which edition. Out: the repository in it, the same to the bit every time: names,
texts and times are fixed, so its commits have fixed names.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from twin_github.git import Git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ADA: Final = ("Ada Wren", "ada@example.org")
BEN: Final = ("Ben Ford", "ben@example.org")

_FIRST: Final = {
    "README.md": "# Heron\n\nCounts herons, *mostly* at [the weir](https://example.org/weir).\n",
    "heron/count.py": "def count(seen: list[str]) -> int:\n    return len(seen)\n",
    "docs/weir.md": "# The weir\n\nIt was built in 1841.\n",
}
_SECOND: Final = {"tests/check.sh": "#!/bin/sh\nset -e\npython -m heron\n"}
_EDITED: Final = {
    "heron/count.py": "def count(seen: list[str]) -> int:\n    return len(set(seen))\n",
    "docs/ford.md": "# The ford\n\nOne wades it in May only.\n",
}


def make_sample(root: Path, edition: int = 1) -> Path:
    """Make a repository of two commits at `root`, and return it.

    The second edition has a third commit: it removes a page, changes a source file and adds a page.
    """
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    git = _Author(root)
    git.commit(_FIRST, ADA, "2024-03-01T08:00:00+01:00")
    git.commit(_SECOND, BEN, "2024-03-02T09:30:00-05:00")
    if edition > 1:
        git.commit({**_EDITED, "docs/weir.md": None}, ADA, "2024-04-01T10:00:00+02:00")
    return root


class _Author:
    """Makes commits out of texts, without a working tree in between."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._git = Git(root, repository=root / ".git")
        self._git.run("init", "--quiet", "--template=", "--initial-branch=main", str(root))
        self._parent = ""
        self._files: dict[str, str] = {}

    def commit(self, texts: Mapping[str, str | None], who: tuple[str, str], when: str) -> None:
        """Commit texts; None removes a file."""
        for name, text in texts.items():
            path = self._root / name
            if text is None:
                del self._files[name]
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self._files[name] = text
        commands = [
            "commit refs/heads/main",
            f"author {who[0]} <{who[1]}> {format_datetime(datetime.fromisoformat(when))}",
            f"committer {who[0]} <{who[1]}> {format_datetime(datetime.fromisoformat(when))}",
            _data("A change"),
            *([f"from {self._parent}"] if self._parent else []),
            "deleteall",
            *(f"M 100644 inline {name}\n{_data(text)}" for name, text in self._files.items()),
            "",
        ]
        given = "\n".join(commands).encode()
        self._git.run("fast-import", "--quiet", "--date-format=rfc2822", given=given)
        self._parent = self._git.run("rev-parse", "refs/heads/main").decode().strip()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
