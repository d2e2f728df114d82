"""Take a source into the warehouse.

In: a reader and what it reads. Out: documents at rest and an `Intake` that accounts for every item.
One bad item never stops the rest; a reader that breaks off keeps what it had read.
"""

from __future__ import annotations

import re
import sqlite3
import traceback
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from twin.documents import Audience, Document
from twin.errors import TwinError
from twin.ingest.limits import TimedOut, watched
from twin.reading import checked_document
from twin.warehouse.protocol import Outcome, Put, Warehouse
from twin.warehouse.quarantine import Held
from twin.warehouse.rows import now

if TYPE_CHECKING:
    from llama_index.core.readers.base import BaseReader

BATCH = 50
"""Documents of one transaction."""

PATIENCE: Final = 300.0
"""Seconds without progress after which a reader is cut off; the default of the setting."""

Judge = Callable[[Document], str]
"""Says why a document must wait in quarantine; empty if it need not."""


def harmless(_document: Document) -> str:
    """Let every document in."""
    return ""


_NAMELESS = re.compile(r"|\.|item \d+")
"""How an item is called that has no name of its own; ``.`` is the whole source."""


@dataclass(frozen=True, slots=True)
class Remark:
    """An item that was left out, and why."""

    item: str
    reason: str


@dataclass(slots=True)
class Intake:
    """What became of every item of a source. A reader reports to it.

    Attributes:
        held: documents that wait in quarantine, and why; those that waited before count too.
        broken: why the reader broke off, empty if it came to its end.
        missing: ids of documents that this source brought before and no longer has.
        pruned: how many of those were forgotten.
        doubtful: whether so much is missing that it counts for nothing.
        closed: whether the account is closed: a reader that was cut off may go on reporting.
    """

    collection: str
    found: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    held: list[Remark] = field(default_factory=list)
    skips: list[Remark] = field(default_factory=list)
    failures: list[Remark] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    pruned: int = 0
    doubtful: bool = False
    broken: str = ""
    closed: bool = False

    def skipped(self, item: str, reason: str) -> None:
        """Count an item that is not writing."""
        if not self.closed:
            self.skips.append(Remark(item, reason))

    def failed(self, item: str, reason: str) -> None:
        """Count an item that should have been read and could not be."""
        if not self.closed:
            self.failures.append(Remark(item, reason))

    def count(self, put: Put) -> None:
        """Count a document that was stored."""
        match put.outcome:
            case Outcome.NEW:
                self.new += 1
            case Outcome.CHANGED:
                self.changed += 1
            case Outcome.UNCHANGED:
                self.unchanged += 1


def take_in(  # noqa: PLR0913 - what the person said, by keyword
    warehouse: Warehouse,
    reader: BaseReader,
    source: str,
    intake: Intake,
    *,
    author: str = "",
    audience: Audience | None = None,
    exceptions: Mapping[str, Audience] = MappingProxyType({}),
    timeout: float = PATIENCE,
    judge: Judge = harmless,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Read a source and store what it has.

    A reader that is cut off runs on in a daemon thread, to which nobody listens.

    Args:
        warehouse: where the documents rest.
        reader: reads the source; it was built with `intake` as its report.
        source: a URL or path, as the reader wants it.
        intake: counts what happened; its `collection` names the source.
        author: the author of what states none.
        audience: the person's decision for the whole source; None leaves it to the reader.
        exceptions: the person's decisions for single documents, by canonical source; they win.
        timeout: seconds without an item or a remark after which the reader is cut off.
        judge: says why a document must wait in quarantine.
        progress: told how many documents were read so far.
    """
    seen: set[str] = set()
    batch: list[Document] = []
    for identity, found in _documents(reader, source, intake, author, timeout):
        decided = exceptions.get(found.source, audience)
        document = found if decided is None else replace(found, audience=decided)
        if identity in seen:
            intake.failed(document.source, "the source has it twice; the first one counts")
            continue
        seen.add(identity)
        batch.append(document)
        progress(len(seen))
        if len(batch) == BATCH:
            _store(warehouse, _let_in(warehouse, batch, intake, judge), intake)
            batch.clear()
    _store(warehouse, _let_in(warehouse, batch, intake, judge), intake)
    progress(len(seen))
    intake.found = len(seen)
    intake.closed = True
    # What could not be read this time is not gone; an item without a name may be any document.
    unread = {_item(remark.item, source) for remark in intake.failures}
    if not intake.broken and not any(map(_NAMELESS.fullmatch, unread)):
        known = [(one.id, one.source) for one in warehouse.summaries(collection=intake.collection)]
        waiting = (one.document for one in warehouse.held(collection=intake.collection))
        known += [(document.id, document.source) for document in waiting]
        intake.missing = [
            identity
            for identity, name in dict(known).items()
            if identity not in seen and not _named(name, unread)
        ]


def _let_in(
    warehouse: Warehouse, batch: Sequence[Document], intake: Intake, judge: Judge
) -> list[Document]:
    """Return the documents that may be stored, and put the others into quarantine.

    A text that is stored already was let in before: by the judge, by a person, or before there was
    a judge. It is not judged again, which would take ten times as long as to see that it is there.
    """
    stored = warehouse.text_hashes([document.id for document in batch])
    kept, waiting = [], []
    for document in batch:
        let_in = stored.get(document.id) == document.text_hash
        if not let_in and (why := judge(document)):
            intake.held.append(Remark(document.source, why))
            waiting.append(
                Held(document=document, collection=intake.collection, held_at=now(), reason=why)
            )
        else:
            kept.append(document)
    if waiting:
        try:
            warehouse.hold(waiting)
        except TwinError as error:
            if isinstance(error.__cause__, OSError | sqlite3.OperationalError):
                raise
            for one in waiting:
                intake.failed(one.document.source, error.message)
    return kept


def prune(warehouse: Warehouse, intake: Intake) -> None:
    """Forget what the source no longer has."""
    intake.pruned = warehouse.delete(intake.missing)
    intake.missing = []


def _item(name: str, source: str) -> str:
    """Return an item's name as canonical sources spell it: a path below the source is relative."""
    name = unicodedata.normalize("NFC", name.strip().removeprefix("file://")).rstrip("/") or name
    if not name.startswith("/"):
        return name
    given = Path(unicodedata.normalize("NFC", source))
    for root in (given.absolute(), given.resolve()):
        if Path(name).is_relative_to(root):
            return Path(name).relative_to(root).as_posix()
    return name


def _named(source: str, items: set[str]) -> bool:
    """Return whether an item names a document, or a folder above it, by any part of its path.

    An absolute path from elsewhere (behind a link, say) names whatever ends as it does: rather a
    document too many is kept than one lost.
    """
    parts = unicodedata.normalize("NFC", source).split("/")
    ends = range(1, len(parts) + 1)
    if any("/".join(parts[start:end]) in items for end in ends for start in range(end)):
        return True
    return any(item.rpartition("/")[2] in parts[1:] for item in items if item.startswith("/"))


def _documents(
    reader: BaseReader, source: str, intake: Intake, author: str, timeout: float
) -> Iterator[tuple[str, Document]]:
    """Yield what could be read, each with its id."""
    found = watched(
        lambda: iter(reader.lazy_load_data(source)),
        timeout,
        lambda: len(intake.skips) + len(intake.failures),
    )
    number = 0
    while True:
        number += 1
        where = f"broke off at item {number}: " if number > 1 else ""
        try:
            one: object = next(found)
        except StopIteration:
            return
        except TimedOut as error:
            name = intake.collection.partition(":")[0] or type(reader).__name__
            intake.broken = f"{where}the reader {name!r} {error.message} (ingest.reader_timeout)"
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary of one source
            intake.broken = f"{where}{_reason(error)}{_place(error, reader)}"
            return
        try:
            document = checked_document(one, author=author)
            identity = document.id
        except Exception as error:  # noqa: BLE001 - the boundary of one document
            label = getattr(one, "metadata", None)
            name = str(label.get("source") or "").strip() if isinstance(label, dict) else ""
            intake.failed(name or f"item {number}", _reason(error))
            continue
        yield identity, document


def _reason(error: BaseException) -> str:
    text = str(error).strip()
    return text if isinstance(error, TwinError) and text else f"{type(error).__name__}: {text}"


def _place(error: BaseException, reader: BaseReader) -> str:
    """Return where in the reader's own distribution it went wrong, for who writes one."""
    if isinstance(error, TwinError):
        return ""
    package = type(reader).__module__.partition(".")[0]
    own = [
        f" (in {module}, line {line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if (module := frame.f_globals.get("__name__", "")).partition(".")[0] == package
    ]
    return own[-1] if own else ""


def _store(warehouse: Warehouse, batch: Sequence[Document], intake: Intake) -> None:
    if not batch:
        return
    try:
        for put in warehouse.put_many(batch, collection=intake.collection):
            intake.count(put)
    except TwinError as refusal:
        if isinstance(refusal.__cause__, OSError | sqlite3.OperationalError):
            # The disk is full, or the file locked or gone: no document is at fault.
            raise
        # One of them is at fault; alone, each is stored or says why not.
        for document in batch:
            try:
                intake.count(warehouse.put(document, collection=intake.collection))
            except TwinError as error:
                intake.failed(document.source, error.message)
