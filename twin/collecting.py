"""Take in many sources: one after the other on this machine, many hosts of the web at once.

In: what the person wants taken in, from the command line or from twin.toml. Out: an account of every
item of every source. One that fails never stops the others.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.documents import Audience, canonical_url, host_of
from twin.errors import TwinError, UsageError, WarehouseError
from twin.guard.injection import suspicion
from twin.ingest.collections import Origin, remember
from twin.ingest.grace import Grace, doubtful
from twin.ingest.intake import Intake, Judge, harmless, prune, take_in
from twin.ingest.limits import THREAD, TimedOut, within

if TYPE_CHECKING:
    from twin.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A source and what the person said of it.

    Attributes:
        source: an address, a folder or a file.
        reader: the reader's name; None takes the one that claims the source.
        name: the collection's name; None takes the folder's, or the address.
        author: of whatever states none.
        audience: who may see it; None leaves it to what was said before, and to the reader.
        options: of the reader.
    """

    source: str
    reader: str | None = None
    name: str | None = None
    author: str = ""
    audience: Audience | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The source as it may be shown: without a name or password that an address has in it."""
        return _LOGIN.sub("", self.source, count=1) if is_web(self.source) else self.source

    @property
    def host(self) -> str:
        """The web host that is asked, empty for what lies on this machine."""
        return host_of(self.source) if is_web(self.source) else ""


_LOGIN = re.compile(r"(?<=://)[^/?#]*@")

PACKED = frozenset({".zip"})
"""Suffixes of files that hold what a folder would."""

_LOOK = 0.2
"""Seconds between two looks at whether Ctrl-C was pressed."""

Told = Callable[[Wanted, int], None]
"""Told how many documents of a source were read."""


def is_web(source: str) -> bool:
    """Return whether a source is an address."""
    return source.lower().startswith(("http://", "https://"))


def wanted_by(home: Home) -> list[Wanted]:
    """Return the sources of twin.toml; a path is relative to the home."""
    return [
        Wanted(
            source=one.source if is_web(one.source) else str(_below(home.folder, one.source)),
            reader=one.reader,
            name=one.name,
            author=one.author,
            audience=one.audience,
            options=one.options,
        )
        for one in home.settings.sources
    ]


def _below(folder: Path, source: str) -> Path:
    return folder / Path(source).expanduser()


def collect(
    home: Home,
    wanted: Sequence[Wanted],
    *,
    pruning: bool = False,
    told: Told = lambda _wanted, _done: None,
) -> list[Intake]:
    """Take in all sources and return an account of each, in their order.

    Args:
        home: where they are kept.
        wanted: the sources.
        pruning: forget at once what a source no longer has, without any grace.
        told: told of every document; from several threads if several hosts are read.

    Raises:
        TwinError: if there is a single source and it cannot be begun.
        WarehouseError: if documents cannot be kept: no source is at fault.
    """
    # What is wrong with the settings or the home is no fault of a source.
    _ = home.registry, home.warehouse
    done: dict[int, Intake] = {}

    def work(number: int) -> None:
        try:
            done[number] = _account(home, wanted[number], told, pruning=pruning)
        except TwinError as error:
            if len(wanted) == 1 or isinstance(error, WarehouseError):
                raise
            done[number] = _refused(wanted[number].shown, error)

    groups: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(wanted):
        groups[one.host].append(number)
    _each(groups, work, home.settings.fetch.hosts)
    return [done[number] for number in sorted(done)]


def _each(groups: Mapping[str, Sequence[int]], work: Callable[[int], None], hosts: int) -> None:
    """Do the work of all groups, one after the other in each, and of so many hosts at once.

    What is on this machine, or all that there is, is done in this thread, so that Ctrl-C reaches
    it. The threads are daemons: whoever leaves does not wait for a host.
    """
    errors: list[BaseException] = []
    room = threading.Semaphore(hosts)

    def run(numbers: Sequence[int]) -> None:
        with room:
            for number in numbers:
                if errors:
                    return
                try:
                    work(number)
                except BaseException as error:  # noqa: BLE001 - raised where all are waited for
                    errors.append(error)

    here = "" if "" in groups or len(groups) != 1 else next(iter(groups))
    threads = [
        threading.Thread(target=run, args=(numbers,), name=THREAD, daemon=True)
        for host, numbers in groups.items()
        if host != here
    ]
    for thread in threads:
        thread.start()
    for number in groups.get(here, ()):
        work(number)
    for thread in threads:
        while thread.is_alive():
            thread.join(_LOOK)
    if errors:
        raise errors[0]


def _account(home: Home, wanted: Wanted, told: Told, *, pruning: bool) -> Intake:
    intake, alone = _read(home, wanted, told)
    if alone:
        # The other files of the folder were not looked at, so none of them is gone.
        intake.missing = []
    elif not intake.broken:
        _settle(home, intake, pruning=pruning)
    return intake


def _settle(home: Home, intake: Intake, *, pruning: bool) -> None:
    """Forget what the source dropped: at once if asked to, else after the grace."""
    intake.doubtful = doubtful(len(intake.missing), intake.found)
    if pruning:
        if intake.found or not intake.missing:
            prune(home.warehouse, intake)
        return
    if intake.doubtful:
        return
    grace = Grace(home.folder, home.settings.ingest.grace_days)
    if gone := grace.over(intake.collection, intake.missing):
        intake.pruned = home.warehouse.delete(gone)
        intake.missing = [one for one in intake.missing if one not in set(gone)]


def _refused(source: str, error: TwinError) -> Intake:
    """Return the account of a source of several that could not be begun."""
    reason = f"{error.message} ({error.hint})" if error.hint else error.message
    return Intake(source, broken=reason, closed=True)


def _read(home: Home, wanted: Wanted, told: Told) -> tuple[Intake, bool]:
    """Read one source; say whether it is a file of a folder of which nothing else was read."""
    source = wanted.source
    if not source.strip():
        message = "an empty source"
        raise UsageError(message, "is a variable in the command unset? `.` is the current folder")
    web = is_web(source)
    path = Path(source).expanduser()
    source = source if web else str(path)
    if not web and wanted.reader is None and not path.exists():
        message = f"there is no file or folder {source}"
        raise UsageError(message, "is the path right? An address begins with https://")
    # A single file belongs to the collection of its folder, as it would if that were read whole. An
    # archive is a folder that was packed: whole by itself, whatever lies beside it.
    packed = not web and path.suffix.lower() in PACKED and path.is_file()
    alone = not web and path.is_file() and not packed
    where = path.resolve().parent if alone else path.resolve()
    root = canonical_url(source) if web else str(where)
    name = where.stem if packed else where.name
    place = root.removeprefix("https://") if web else name or "root"
    intake = Intake("")
    limit = home.settings.ingest.reader_timeout
    options = _with_name(home, source, wanted, wanted.name or place)
    try:
        provided, reader = within(
            lambda: home.registry.reader(source, wanted.reader, options, intake), limit
        )
    except TimedOut as error:
        message = f"the reader of {source} {error.message} while it was built"
        raise TimedOut(message, error.hint) from error
    intake.collection = f"{provided.component.name}:{wanted.name or place}"
    file = path.resolve().name if alone else ""
    origin = remember(
        home.folder,
        intake.collection,
        root,
        sure=wanted.name is not None,
        audience=wanted.audience,
        file=file,
    )
    audience, exceptions = _decided(origin, intake.collection, file)
    take_in(
        home.warehouse,
        reader,
        source,
        intake,
        author=wanted.author or home.settings.person.name,
        audience=audience,
        exceptions=exceptions,
        timeout=limit,
        judge=_judge(home, intake.collection),
        progress=lambda done: told(wanted, done),
    )
    return intake, alone


def _judge(home: Home, collection: str) -> Judge:
    """Return what says why a document of a collection must wait in quarantine."""
    wanted = home.settings.guard
    trusted = any(fnmatchcase(collection, pattern) for pattern in wanted.trusted)
    return suspicion if wanted.quarantine and not trusted else harmless


def _decided(
    origin: Origin, collection: str, file: str
) -> tuple[Audience | None, dict[str, Audience]]:
    """Return who may see what is taken in now, and the files for which something else holds."""
    if file:
        return origin.files.get(file, origin.audience), {}
    name = collection.partition(":")[2]
    return origin.audience, {
        unicodedata.normalize("NFC", f"file:{name}/{one}"): audience
        for one, audience in origin.files.items()
    }


def _with_name(home: Home, source: str, wanted: Wanted, name: str) -> dict[str, Any]:
    """Return the options with the collection's name, for a reader that has an option for it."""
    found = [
        p for p in home.plugins.provided("twin_readers") if p.component.name == wanted.reader
    ] or ([home.registry.reader_for(source)] if wanted.reader is None else [])
    named = found and "name" in found[0].component.options.model_fields
    return {"name": name, **wanted.options} if named else dict(wanted.options)
