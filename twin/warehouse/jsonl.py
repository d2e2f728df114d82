"""A warehouse as one JSONL file, to keep, to move and to read without twin.

In: a warehouse and the path of a file. Out: the file, or the documents of one, with counts. The
first line names the format, then follow the authors, a line a document with all its versions, and
what is in quarantine, the feedback, and a last line with the counts, so that a file which was cut short is noticed::

    {"format": "twin-warehouse", "version": 2}
    {"author": {"slug": "ada", "name": "Ada", "aliases": ["A. L."]}}
    {"document": {"id": "...", "source": "...", "versions": [{"version": 1, "text": "...", ...}]}}
    {"held": {"source": "...", "reason": "...", "version": {"text": "...", ...}}}
    {"feedback": {"id": "...", "kind": "edit", "question": "...", ...}}
    {"end": {"authors": 1, "documents": 1, "versions": 1, "held": 1, "feedback": 1}}

Raw bytes are base64. Tombstones and the cursors of consumers are not part of it. A file of version 1
has neither quarantine nor feedback, and is read too.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from pydantic import ValidationError

from twin.errors import TwinError, WarehouseError
from twin.warehouse.jsonl_lines import (
    Header,
    held_line,
    held_of,
    read_entry,
    stored_versions,
    version_line,
)
from twin.warehouse.protocol import Author, Outcome, Warehouse

FORMAT: Final = "twin-warehouse"
FORMAT_VERSION: Final = 2
END: Final = "end of the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote."""

    authors: int
    documents: int
    versions: int
    held: int = 0
    feedback: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that was not imported: its number from 1, what it is about, and why."""

    line: int
    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: documents by outcome, authors and feedback, and every line that failed."""

    authors: int
    new: int
    changed: int
    unchanged: int
    held: int = 0
    feedback: int = 0
    failed: tuple[BadLine, ...]

    @property
    def documents(self) -> int:
        """How many documents were read, whatever was to be done with them."""
        return self.new + self.changed + self.unchanged


def export_jsonl(warehouse: Warehouse, path: Path) -> Exported:
    """Write a whole warehouse to `path`, replacing the file only when all of it is on the disk.

    Memory holds one document at a time. The file may be read by its owner alone.

    Raises:
        WarehouseError: if the warehouse cannot be read or the file not be written; what was at
            `path` before is then still there.
    """
    documents = versions = held = feedback = 0
    with replacing(path) as file:
        _write(file, {"format": FORMAT, "version": FORMAT_VERSION})
        authors = warehouse.authors()
        for author in authors:
            about = {"slug": author.slug, "name": author.name, "aliases": author.aliases}
            _write(file, {"author": about})
        for newest, stored in warehouse.export():
            lines = [version_line(version) for version in stored]
            whole = {"id": newest.id, "source": newest.document.source, "versions": lines}
            _write(file, {"document": whole})
            documents += 1
            versions += len(stored)
        for waiting in warehouse.held():
            _write(file, {"held": held_line(waiting)})
            held += 1
        for one in warehouse.feedback():
            _write(file, {"feedback": one.as_json()})
            feedback += 1
        result = Exported(
            authors=len(authors),
            documents=documents,
            versions=versions,
            held=held,
            feedback=feedback,
        )
        _write(file, {"end": asdict(result)})
    return result


def import_jsonl(warehouse: Warehouse, path: Path) -> Imported:
    """Read what `export_jsonl` wrote into a warehouse, a transaction a document.

    Every hash is checked. A line that is wrong, or that contradicts what is here, is counted and
    named, and the rest goes on. What is here already is left as it is, so that importing a file
    twice changes nothing.

    Raises:
        WarehouseError: if the file cannot be read, or is no export that this version knows.
    """
    done = dict.fromkeys(Outcome, 0)
    authors = held = feedback = 0
    ended = False
    failed: list[BadLine] = []
    number = 1
    for seen, (number, line) in enumerate(_lines(path)):
        item = ""
        try:
            entry = read_entry(line)
            if entry.author is not None:
                item = f"author {entry.author.slug}"
                about = entry.author
                warehouse.restore_author(
                    Author(slug=about.slug, name=about.name, aliases=about.aliases)
                )
                authors += 1
            elif entry.document is not None:
                item = entry.document.source
                done[warehouse.restore(stored_versions(entry.document)).outcome] += 1
            elif entry.held is not None:
                item = entry.held.source
                warehouse.hold([held_of(entry.held)])
                held += 1
            elif entry.feedback is not None:
                item = f"feedback {entry.feedback.id}"
                warehouse.put_feedback(entry.feedback)
                feedback += 1
            elif entry.end is not None:
                item, ended = END, True
                end = entry.end
                _refuse_lost(end.authors + end.documents + end.held + end.feedback, seen)
        except TwinError as error:
            failed.append(BadLine(line=number, item=item, reason=error.message))
    if not ended:
        reason = "the file has no last line with the counts: it was cut short"
        failed.append(BadLine(line=number + 1, item=END, reason=reason))
    return Imported(
        authors=authors,
        new=done[Outcome.NEW],
        changed=done[Outcome.CHANGED],
        unchanged=done[Outcome.UNCHANGED],
        held=held,
        feedback=feedback,
        failed=tuple(failed),
    )


def _refuse_lost(stated: int, seen: int) -> None:
    if stated != seen:
        message = f"{stated} lines were written, and {seen} are here"
        raise WarehouseError(message)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines after the header, with their numbers, once the header is understood."""
    try:
        with path.open("rb") as file:
            try:
                header = Header.model_validate_json(file.readline(1000))
            except ValidationError as error:
                message = f"{path}: not an export of a twin warehouse"
                raise WarehouseError(message, "its first line must name the format") from error
            if not 1 <= header.version <= FORMAT_VERSION:
                message = f"{path}: format version {header.version}, this twin: {FORMAT_VERSION}"
                raise WarehouseError(message, "update twin: pip install --upgrade twin")
            for number, line in enumerate(file, start=2):
                if line.strip():
                    yield number, line
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise WarehouseError(message) from error


def _write(file: IO[bytes], entry: dict[str, Any]) -> None:
    file.write(json.dumps(entry, ensure_ascii=False).encode("utf-8"))
    file.write(b"\n")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` that takes its place when the block ends well."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise WarehouseError(message, "choose a folder that is there and writable") from error
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise WarehouseError(message) from error
    finally:
        partial.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
