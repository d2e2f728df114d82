"""Write a set: all of it, or nothing.

In: a draft and its folder. Out: ``train.jsonl``, ``test.jsonl`` (and ``validation.jsonl`` where it has
rows), ``manifest.json``, ``card.md`` and ``plots/``. They are written beside the folder and take its
place in one step, so that whoever reads it has the set before or the set after.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from twin.datasets.building import Draft
from twin.datasets.manifest import Making, manifest
from twin.datasets.rows import encoded
from twin.errors import DatasetError, UsageError
from twin.samples import Split

MANIFEST: Final = "manifest.json"
CARD: Final = "card.md"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")

Drawn = Callable[[Draft, Mapping[str, Any], Path], None]
"""Writes the card and the plots of a draft with its manifest into a folder."""


def checked_name(name: str) -> str:
    """Return a name that a folder can have.

    Raises:
        UsageError: if it is none.
    """
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no name for a set"
        raise UsageError(message, "small letters, digits, dots, hyphens and underscores")
    return name


def write(draft: Draft, making: Making, folder: Path, draw: Drawn) -> dict[str, Any]:
    """Write a set into its folder, in place of what was there, and return its manifest.

    Raises:
        DatasetError: if the disk is full, or the folder holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        message = f"{folder} is there and holds no set"
        raise DatasetError(message, "name another folder, or empty it")
    with _replacing(folder) as beside:
        files = {}
        for split in Split:
            rows = draft.of(split)
            if rows or split is not Split.VALIDATION:
                name = f"{split.value}.jsonl"
                files[name] = _write_lines(beside / name, encoded(rows))
        values = manifest(draft, making, files)
        draw(draft, values, beside)
        text = json.dumps(values, ensure_ascii=False, indent=1)
        (beside / MANIFEST).write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")
    return values


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a set.

    Raises:
        DatasetError: if there is none, or it cannot be read.
    """
    try:
        values: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{folder}: there is no set"
        raise DatasetError(message, "`twin dataset list` lists them") from error
    except (OSError, ValueError) as error:
        message = f"{folder / MANIFEST}: {error}"
        raise DatasetError(message, "make the set again") from error
    return values


def _write_lines(path: Path, lines: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for line in lines:
            digest.update(line)
            file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that takes another one's place at the end, or is removed."""
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        beside.mkdir(parents=True, mode=0o700)
        yield beside
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        message = f"the disk of {folder.parent} is full; nothing of the set was kept"
        raise DatasetError(message, "make room, and run it again") from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
