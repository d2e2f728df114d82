"""What models have written already: a file of answers, so that no row is ever paid for twice.

In: the key of a request and its answer. Out: the answer, in this run and in every later one. A line is
written and flushed an answer at a time; one that was torn by a crash is passed over.
"""

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and the tokens that it took, 0 where the server does not tell."""

    text: str
    read: int = 0
    written: int = 0


class Journal:
    """A file of answers by key.

    Args:
        path: of the file; it and its folder are made when the first answer comes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._known: dict[str, Answered] = {}
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            lines = []
        for line in lines:
            try:
                key, text, read, written = json.loads(line)
            except (ValueError, TypeError):
                continue
            self._known[key] = Answered(text, read, written)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def get(self, key: str) -> Answered | None:
        """Return the answer of a key, None if there is none yet."""
        return self._known.get(key)

    def put(self, key: str, answer: Answered) -> None:
        """Keep an answer; it is on its way to the disk when this returns."""
        line = json.dumps([key, answer.text, answer.read, answer.written], ensure_ascii=False)
        with self._lock:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                torn = self._path.exists() and self._path.read_bytes()[-1:] not in {b"\n", b""}
                self._file = self._path.open("a", encoding="utf-8", errors="backslashreplace")
                # What was torn off must not run into what comes now.
                self._file.write("\n" if torn else "")
            self._file.write(f"{line}\n")
            self._file.flush()
            self._known[key] = answer
