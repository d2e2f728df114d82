"""Texts that must not be trained on: retrieval goldens, benchmarks, held-out questions.

In: files. Out: `Reference`s: every string of prose in them, whatever the shape. JSON, JSON lines, TOML,
TSV and plain text are read; a folder stands for the files in it.
"""

import json
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from twin.errors import DatasetError
from twin.samples import Reference

SUFFIXES: Final = (".json", ".jsonl", ".toml", ".tsv", ".csv", ".txt", ".md")
SHORTEST: Final = 12
"""Code points; a shorter string is an id, a name or a label."""


def read_references(paths: Sequence[Path]) -> Iterator[Reference]:
    """Yield the texts of files, in order of their names.

    Raises:
        DatasetError: if a file cannot be read, or holds no text.
    """
    for path in paths:
        files = (
            sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES) if path.is_dir() else [path]
        )
        found = 0
        for file in files:
            for text in _texts(file):
                found += 1
                yield Reference(file.name, text)
        if not found:
            message = f"{path}: there is no text in it"
            raise DatasetError(message, f"files of {', '.join(SUFFIXES)} are read")


def _texts(file: Path) -> Iterator[str]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix == ".json":
            values: Any = json.loads(text)
        elif file.suffix == ".jsonl":
            values = [json.loads(line) for line in text.split("\n") if line.strip()]
        elif file.suffix == ".toml":
            values = tomllib.loads(text)
        elif file.suffix in {".tsv", ".csv"}:
            mark = "\t" if file.suffix == ".tsv" else ","
            values = [line.split(mark) for line in text.splitlines()]
        else:
            values = text.splitlines()
    except (OSError, ValueError) as error:
        message = f"{file}: {error}"
        raise DatasetError(message, "mend the file, or leave it out") from error
    yield from _strings(values)


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings of a value that may be prose."""
    if isinstance(value, str):
        if len(value) >= SHORTEST and " " in value:
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
