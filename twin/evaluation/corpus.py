"""Whose writing there is to compare with: the author's, and others'.

In: a warehouse, and files or folders of other people's texts. Out: prose by document for both sides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.documents import Kind
from twin.errors import UsageError
from twin.evaluation.prose import REPEATED, Window, own_paragraphs, shingles, windows
from twin.warehouse.protocol import Summary, Warehouse

PROSE_KINDS = (Kind.ARTICLE, Kind.POST)
"""Messages quote whom they answer, and code is written in another language."""

TEXT_SUFFIXES = (".md", ".markdown", ".txt", ".dj", ".text", ".rst")
JSON_SUFFIXES = (".jsonl", ".json")
TEXT_KEYS = ("text", "completion", "response", "answer", "output", "content")
BATCH = 200
LEAST_SHARED = 20
"""Shingles below which a text is too short to be known again."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The author's writing and other people's.

    Attributes:
        own: Markdown by document.
        others: the same of others.
        author: the name.
    """

    author: str
    own: Mapping[str, str]
    others: Mapping[str, str]
    _prose: dict[str, dict[str, list[str]]] = field(default_factory=dict, compare=False)

    def fingerprint(self) -> str:
        """Return what changes whenever a text does."""
        digest = hashlib.sha256()
        for side in (self.own, self.others):
            for key in sorted(side):
                digest.update(f"{key}\0{side[key]}\0".encode("utf-8", "surrogatepass"))
            digest.update(b"\1")
        return digest.hexdigest()

    def windows(self, size: int) -> tuple[list[Window], list[bool]]:
        """Return windows of both sides, and of each whether it is the author's.

        Args:
            size: words of each.
        """
        if not self._prose:
            self._prose["own"] = own_paragraphs(self.own)
            self._prose["others"] = own_paragraphs(self.others)
        found = [
            [w for key, texts in side.items() for w in windows(texts, size, f"{name}:{key}")]
            for name, side in self._prose.items()
        ]
        return [*found[0], *found[1]], [True] * len(found[0]) + [False] * len(found[1])

    def without(self, texts: Iterable[str]) -> tuple[Corpus, tuple[str, ...]]:
        """Return the corpus without the documents that texts are taken from, and their keys.

        A text of the corpus would be judged by what has learned it. A document is left out if most of the
        five-word shingles of the shorter of both stand in the other.

        Args:
            texts: that are to be judged.
        """
        asked = [found for text in texts if len(found := shingles(text)) >= LEAST_SHARED]
        all_asked = set().union(*asked)

        def known(document: str) -> bool:
            own = shingles(document)
            if len(own) < LEAST_SHARED or len(shared := own & all_asked) < REPEATED * LEAST_SHARED:
                return False
            return any(len(shared & one) > REPEATED * min(len(own), len(one)) for one in asked)

        sides = (self.own, self.others)
        gone = [{key for key, text in side.items() if known(text)} for side in sides]
        own, others = (
            {key: text for key, text in side.items() if key not in left_out}
            for side, left_out in zip(sides, gone, strict=True)
        )
        return Corpus(self.author, own, others), tuple(sorted(gone[0] | gone[1]))


def corpus_of(warehouse: Warehouse, author: str, others: Sequence[Path] = ()) -> Corpus:
    """Return what an author has written, and what others have.

    Args:
        warehouse: holds the author's writing; whatever is there by others is theirs.
        author: a name or slug.
        others: files and folders of other people's texts, besides.

    Raises:
        UsageError: if nobody of that name has written prose.
    """
    slug = warehouse.resolve_author(author) if author else None
    summaries = [s for s in warehouse.summaries() if s.kind in PROSE_KINDS]
    own = [s for s in summaries if s.author_slug == slug]
    if slug is None or not own:
        named = sorted({s.author for s in summaries if s.author})
        message = (
            f"there is no prose by {author!r}" if author else "whose style? person.name is empty"
        )
        hint = f"--author names one of: {', '.join(named[:10])}" if named else "`twin ingest` first"
        raise UsageError(message, hint)
    foreign = {key: text for path in others for key, text in read_texts(path).items()}
    rest = [s for s in summaries if s.author_slug != slug and s.author_slug]
    return Corpus(own[0].author, _texts(warehouse, own), {**_texts(warehouse, rest), **foreign})


def _texts(warehouse: Warehouse, summaries: Sequence[Summary]) -> dict[str, str]:
    found: dict[str, str] = {}
    keys = [(s.id, s.version) for s in summaries]
    for start in range(0, len(keys), BATCH):
        for (key, _), stored in warehouse.get_many(keys[start : start + BATCH]).items():
            found[key] = stored.document.text
    return found


def read_texts(path: Path) -> dict[str, str]:
    """Return the texts of a file or folder by name.

    A JSON-lines file gives one text a line: a string, or an object with ``text``, ``completion``,
    ``response``, ``answer``, ``output`` or ``messages`` (its last message). Any other file is one.

    Raises:
        UsageError: if there is nothing to read there.
    """
    if path.is_dir():
        kinds = (*TEXT_SUFFIXES, *JSON_SUFFIXES)
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in kinds)
        found = {
            f"{file.relative_to(path)}{'' if key == file.name else '#' + key}": text
            for file in files
            for key, text in read_texts(file).items()
        }
    else:
        found = _read_file(path)
    if not any(text.strip() for text in found.values()):
        message = f"{path} holds no text"
        raise UsageError(message, "name a text, a folder of texts, or JSON lines with a text each")
    return found


def _read_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {error}"
        raise UsageError(message, "name a UTF-8 text, a folder of texts, or JSON lines") from error
    if path.suffix.lower() not in JSON_SUFFIXES:
        return {path.name: text}
    try:
        rows = json.loads(text) if path.suffix.lower() == ".json" else _lines(text)
    except json.JSONDecodeError as error:
        message = f"{path} is no JSON: {error}"
        raise UsageError(message, "one JSON value a line") from error
    return {f"{n}": found for n, row in enumerate(rows, start=1) if (found := text_of_row(row))}


def _lines(text: str) -> Iterable[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def text_of_row(row: Any) -> str:
    """Return the text of a row that somebody generated or trained on; empty if it has none."""
    if isinstance(row, str):
        return row
    if not isinstance(row, dict):
        return ""
    if isinstance(chosen := row.get("chosen"), dict):
        return text_of_row(chosen)
    if isinstance(messages := row.get("messages"), list) and messages:
        return text_of_row(messages[-1])
    return next((row[key] for key in TEXT_KEYS if isinstance(row.get(key), str)), "")
