"""Everything that a person's twin holds, opened from one folder.

In: a home folder. Out: its settings, warehouse, components, index, retriever and answerer, each
opened on first use and closed together. The entrances (CLI, page) open homes; no room below does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from twin.errors import IndexError as TwinIndexError
from twin.indexes import Indexes
from twin.opened import OpenIndex
from twin.plugins import PluginSet, discover
from twin.registry import Registry
from twin.settings import FILE_NAME, Settings, home_folder, load_settings
from twin.warehouse import open_warehouse

if TYPE_CHECKING:
    from twin.chat.answer import Answerer
    from twin.chat.drafting import Drafter
    from twin.chat.entailing import Entailing
    from twin.chat.guarding import Guard
    from twin.index.embedder import Embedder
    from twin.index.ledger import Ledger
    from twin.index.replace import Index
    from twin.ingest.checking import Checked
    from twin.ingest.copies import Copies
    from twin.ingest.sync import Progress, Synced
    from twin.retrieve.retriever import Retriever
    from twin.warehouse.protocol import Warehouse

WORKING = 2
"""Threads that work for a question at once, between what they wait for. Python runs one at a time, and
more only hold each other up: of fifty chats the slowest twentieth waited 1.6 times as long for their
first token (``python -m benchmarks.load``)."""

T = TypeVar("T")


class Home:
    """One person's twin.

    Args:
        given: the folder; None takes ``TWIN_HOME`` or the platform's data directory.
    """

    def __init__(self, given: Path | None = None) -> None:
        self.folder = home_folder(given)
        self._closing = ExitStack()
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened, the last first; one that cannot be closed keeps none open."""
        self._closing.close()

    @property
    def settings_path(self) -> Path:
        """Where twin.toml lies."""
        return self.folder / FILE_NAME

    @cached_property
    def settings(self) -> Settings:
        """What the person set.

        Raises:
            SettingsError: with every mistake.
        """
        return load_settings(self.folder)

    @cached_property
    def plugins(self) -> PluginSet:
        """The plugins of this environment."""
        return discover(self.settings.plugins.disabled)

    @property
    def registry(self) -> Registry:
        """The components that the settings name, all checked.

        Raises:
            SettingsError: with every mistake.
        """
        return self.active.registry

    @cached_property
    def warehouse(self) -> Warehouse:
        """The documents at rest."""
        warehouse = open_warehouse(self.settings.warehouse, self.folder)
        self._closing.callback(warehouse.close)
        return warehouse

    @cached_property
    def copies(self) -> Copies:
        """Which documents are copies of which."""
        from twin.ingest.copies import Copies  # noqa: PLC0415 - only where the index is

        copies = Copies(self.folder / "index" / "copies.sqlite3")
        self._closing.callback(copies.close)
        return copies

    def _find_copies(self, warehouse: Warehouse) -> Mapping[str, str]:
        return self.copies.refresh(warehouse) if self.settings.ingest.copies else {}

    @cached_property
    def indexes(self) -> Indexes:
        """The generations of the index: one answers, others may stand by."""
        return Indexes(self.folder, self.settings, self.plugins, self._closing, self._find_copies)

    @property
    def active(self) -> OpenIndex:
        """The generation of the index that answers."""
        return self.indexes.active

    def refresh(self) -> bool:
        """Look whether another generation answers by now, and if so use it from here on.

        Whoever holds parts of the old one may go on using them.
        """
        with self._lock:
            changed = self.indexes.refresh()
            if changed:
                for name in ("retriever", "answerer", "drafter", "entailing"):
                    self.__dict__.pop(name, None)
            return changed

    @property
    def embedder(self) -> Embedder:
        """The embedder with its cache."""
        return self.active.embedder

    @property
    def ledger(self) -> Ledger:
        """What the index has confirmed."""
        return self.active.ledger

    @property
    def index(self) -> Index:
        """The index."""
        return self.active.index

    @property
    def consumer(self) -> str:
        """The name under which the warehouse keeps this index's cursor."""
        return self.active.consumer

    @cached_property
    def guard(self) -> Guard:
        """What is told apart from a question, and what models do not read."""
        from twin.chat.guarding import guarded_by  # noqa: PLC0415

        return guarded_by(self.settings.guard, self.registry.masks)

    @property
    def mask(self) -> Callable[[str], str] | None:
        """What hides personal data from models and traces; None where none is to be hidden."""
        return self.guard.mask if self.settings.guard.masks else None

    @cached_property
    def entailing(self) -> Entailing:
        """What has the last word on whether a source says what rests on it."""
        from twin.chat.entailing import Entailing  # noqa: PLC0415

        return Entailing(self.registry.entailment())

    @cached_property
    def own_work(self) -> AbstractContextManager[object]:
        """Held by a thread that works for a question without waiting for a model."""
        return threading.BoundedSemaphore(WORKING)

    @cached_property
    def retriever(self) -> Retriever:
        """Finds passages.

        Raises:
            IndexMismatch: if the index was made by another embedder.
        """
        from twin.retrieve.retriever import Limits, Parts, Retriever  # noqa: PLC0415

        index = self._on_active(_opened)
        registry, wanted = self.registry, self.settings.retrieve
        parts = Parts(
            store=index.store,
            embedder=self.embedder,
            warehouse=self.warehouse,
            query_transforms=registry.query_transforms,
            rerankers=registry.rerankers(),
            teacher=registry.teacher if registry.has_teacher else None,
            also_at=self.copies.also_at if self.settings.ingest.copies else lambda *_: (),
            mask=self.guard.question,
            own_work=self.own_work,
        )
        limits = Limits(
            candidates=wanted.candidates,
            passages=wanted.passages,
            per_document=wanted.per_document,
            token_budget=wanted.token_budget,
        )
        return Retriever(parts, limits)

    @cached_property
    def answerer(self) -> Answerer:
        """Answers questions."""
        from twin.chat.answer import Answerer  # noqa: PLC0415

        return Answerer(
            self.retriever,
            self.registry.chat_model,
            person=self.settings.person.name,
            minimum_relevance=self.settings.chat.minimum_relevance,
            teacher=self.registry.teacher if self.registry.has_teacher else None,
            similar=self.embedder.similar,
            entailing=self.entailing,
            language=self.settings.index.language,
            guard=self.guard,
            own_work=self.own_work,
        )

    @cached_property
    def drafter(self) -> Drafter:
        """Writes as the person would."""
        from twin.chat.drafting import Drafter  # noqa: PLC0415
        from twin.evaluation.voice import UNLIKE, kept_voice  # noqa: PLC0415

        return Drafter(
            self.retriever,
            self.registry.chat_model,
            person=self.settings.person.name,
            similar=self.embedder.similar,
            entailing=self.entailing,
            sounds_like=kept_voice(self.folder / "cache" / "voice"),
            unlike=UNLIKE,
            guard=self.guard,
        )

    def sync(
        self, progress: Progress = lambda _done, _all: None, engine: str | None = None
    ) -> Synced:
        """Bring the index in step with the warehouse.

        Args:
            progress: told after every batch.
            engine: what parses and embeds; None takes the one of twin.toml.

        Raises:
            ConfigurationError: if there is no such engine.
            IndexMismatch: if the collection was made by another embedder.
            StoreInUse: if another process is at it.
        """
        from twin.ingest.engines import engine_named  # noqa: PLC0415 - heavy, and needed only here
        from twin.ingest.sync import sync  # noqa: PLC0415

        chosen = engine_named(engine or self.settings.ingest.engine, self.folder)
        self.refresh()
        done = self._on_active(
            lambda one: sync(self.warehouse, one.index, one.consumer, progress, chosen)
        )
        self.indexes.settle(self.warehouse)
        return done

    def follow(
        self,
        stopped: Callable[[float], bool],
        told: Callable[[Synced], None] = lambda _: None,
        fixed: OpenIndex | None = None,
    ) -> None:
        """Keep the index in step until told to stop.

        Args:
            stopped: waits so many seconds, and returns whether to stop.
            told: called after every sync that did something.
            fixed: the generation to follow; None takes the one that answers, also when it changes.
        """
        from twin.ingest.sync import watch  # noqa: PLC0415 - heavy, and needed only here

        ended = False

        def over(seconds: float) -> bool:
            nonlocal ended
            ended = stopped(seconds)
            return ended or (fixed is None and self.refresh())

        def done(synced: Synced) -> None:
            self.indexes.settle(self.warehouse)
            told(synced)

        while not ended:
            one = fixed or self.active
            try:
                watch(self.warehouse, one.index, one.consumer, stopped=over, told=done)
            except TwinIndexError:
                if fixed or not self.refresh():
                    raise

    def start_anew(self) -> None:
        """Drop the index that answers; the next sync makes it with the embedder of twin.toml."""
        self.indexes.start_anew()
        self.refresh()

    def check(self, progress: Progress = lambda _done, _all: None, *, mend: bool) -> Checked:
        """Compare warehouse and index in full, after a sync, and mend what differs.

        Raises:
            StoreInUse: if another process is bringing the index in step.
        """
        from twin.ingest.checking import check  # noqa: PLC0415 - heavy, and needed only here

        def checked(one: OpenIndex) -> Checked:
            with one.index.turn():
                return check(self.warehouse, one.index, progress, mend=mend)

        return self._on_active(checked)

    def _on_active(self, use: Callable[[OpenIndex], T]) -> T:
        """Use the generation that answers; again, if another one has come to answer meanwhile."""
        while True:
            try:
                return use(self.active)
            except TwinIndexError:
                if not self.refresh():
                    raise


def _opened(one: OpenIndex) -> Index:
    """Return a generation's index, ready to be searched in."""
    one.index.open()
    return one.index
