"""Change the index over to another embedder while it goes on answering.

In: a home and an embedder. Out: a new collection, filled beside the old one, which is kept in step
meanwhile; then every process turns to the new one at once. The old one stays, for going back.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twin.errors import IndexError as TwinIndexError
from twin.errors import StoreInUse, TwinError, UsageError
from twin.index.generations import Generation, Known, begun_now
from twin.registry import Registry

if TYPE_CHECKING:
    from twin.home import Home
    from twin.ingest.engines import Engine
    from twin.ingest.sync import Progress, Synced
    from twin.opened import OpenIndex
    from twin.tables import Choice

_log = logging.getLogger("twin.changeover")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change-over did.

    Attributes:
        active: the generation that answers now.
        previous: the one that did before.
        synced: what filling the new one took, the last run only.
        resumed: whether it went on with what an earlier run had begun.
    """

    active: Generation
    previous: Generation
    synced: Synced
    resumed: bool = False


def rebuild(
    home: Home,
    choice: Choice | None = None,
    engine: Engine | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Changed:
    """Fill a new collection and turn to it. Run again, it goes on where it was.

    Args:
        home: whose index.
        choice: the embedder; None takes the one of twin.toml.
        engine: parses and embeds; None takes the one of twin.toml.
        progress: told after every batch.

    Raises:
        SettingsError: if there is no such embedder, or it has no such options.
        StoreInUse: if another process is rebuilding.
        TwinIndexError: if documents cannot be indexed with it that could before; then nothing is
            changed over.
    """
    from twin.ingest.engines import engine_named  # noqa: PLC0415 - heavy, and needed only here
    from twin.ingest.sync import sync, sync_in_turn  # noqa: PLC0415

    with home.indexes.generations.alone():
        engine = engine or engine_named(home.settings.ingest.engine, home.folder)
        building, resumed = _begun(home, choice)
        new, warehouse = home.indexes.opened(building), home.warehouse
        with _followed(home):
            synced = sync(warehouse, new.index, new.consumer, progress, engine)
            with new.index.turn():
                last = sync_in_turn(warehouse, new.index, new.consumer, progress, engine)
                _compare(home, new)
                known = home.indexes.generations.read()
                old = known.active or home.active.generation
                leaving = tuple(one for one in (known.previous, *known.leaving) if one is not None)
                _turn(home, Known(active=building, previous=old, leaving=leaving))
        with suppress(StoreInUse):  # who is still at one that leaves; the next sync deletes it
            home.indexes.clear_away(home.warehouse)
        synced = replace(
            last,
            applied=synced.applied + last.applied,
            embedded=synced.embedded + last.embedded,
            seconds=synced.seconds + last.seconds,
        )
        return Changed(active=building, previous=old, synced=synced, resumed=resumed)


def roll_back(home: Home, progress: Progress = lambda _done, _all: None) -> Changed:
    """Turn back to the collection that answered before, once it has caught up.

    Raises:
        UsageError: if there is none.
        StoreInUse: if another process is rebuilding.
    """
    from twin.ingest.engines import local  # noqa: PLC0415 - heavy, and needed only here
    from twin.ingest.sync import sync_in_turn  # noqa: PLC0415

    with home.indexes.generations.alone():
        known = home.indexes.generations.read()
        if known.previous is None or known.active is None:
            message = "there is no index to go back to"
            raise UsageError(message, "`twin index list` shows which there are")
        old = home.indexes.opened(known.previous)
        with old.index.turn():
            synced = sync_in_turn(home.warehouse, old.index, old.consumer, progress, local)
            _turn(home, replace(known, active=known.previous, previous=known.active))
        return Changed(active=known.previous, previous=known.active, synced=synced)


def drop(home: Home) -> list[Generation]:
    """Delete the collections that do not answer, and return which they were.

    Raises:
        StoreInUse: if another process is rebuilding, or still fills one of them.
    """
    with home.indexes.generations.alone():
        known = home.indexes.generations.read()
        standing = [*known.standing_by(), *known.leaving]
        home.indexes.generations.write(Known(active=known.active, leaving=tuple(standing)))
        home.indexes.clear_away(home.warehouse)
        return standing


def _begun(home: Home, choice: Choice | None) -> tuple[Generation, bool]:
    """Return the generation to fill, and whether it was begun before."""
    choice = choice or home.settings.index.embedding
    index = home.settings.index.model_copy(update={"embedding": choice})
    settings = home.settings.model_copy(update={"index": index})
    fingerprint = Registry(home.plugins, settings, home.folder).embedder_fingerprint()
    known = home.indexes.generations.read()
    if known.building is not None and known.building.fingerprint == fingerprint:
        return known.building, True
    if known.building is not None:
        home.indexes.delete(known.building, home.warehouse)
    name = known.next_name()
    embedding = {"use": choice.use, **choice.options}
    building = Generation(name, embedding, fingerprint, begun_now())
    known = replace(known, active=known.active or home.active.generation, building=building)
    home.indexes.generations.write(known)
    _stand_by(home, building, home.warehouse.latest_cursor())
    return building, False


def _turn(home: Home, known: Known) -> None:
    """Let another generation answer; the one that did so far stands by from here on."""
    if known.previous is not None:
        standing = home.indexes.opened(known.previous, home.settings)
        _stand_by(home, known.previous, home.warehouse.cursor(standing.consumer))
    home.indexes.generations.write(known)
    home.refresh()


def _stand_by(home: Home, generation: Generation, cursor: str | None) -> None:
    """Remember from where on a generation has to forget what is forgotten."""
    from twin.ingest.sync import forgotten  # noqa: PLC0415 - heavy, and needed only here

    consumer = home.indexes.opened(generation, home.settings).consumer
    home.warehouse.set_cursor(forgotten(consumer), cursor)


def _compare(home: Home, new: OpenIndex) -> None:
    """Refuse an index that lacks what the one before has.

    Raises:
        TwinIndexError: with what it lacks.
    """
    before = {failure.document_id for failure in home.ledger.failures()}
    lost = [f.reason for f in new.ledger.failures() if f.document_id not in before]
    if lost:
        message = f"{len(lost)} documents cannot be indexed so, and could be before: {lost[0]}"
        hint = "the index is as it was; mend the embedder or the documents, and run it again"
        raise TwinIndexError(message, hint)


@contextmanager
def _followed(home: Home) -> Iterator[None]:
    """Keep the index that answers in step while another one is filled."""
    stop = threading.Event()

    def follow() -> None:
        try:
            home.follow(stop.wait, fixed=home.active)
        except (TwinError, OSError, sqlite3.Error) as error:  # its own, the disk's, a file's
            _log.warning("the index that answers cannot be kept in step: %s", error)
        except Exception:  # noqa: BLE001 - an index that cannot be used is why one rebuilds it
            _log.warning("the index that answers cannot be kept in step", exc_info=True)

    thread = threading.Thread(target=follow, name="twin-follow", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
