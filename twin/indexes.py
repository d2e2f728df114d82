"""The generations of the index in use: one answers, others may stand by.

In: a home's folder, settings and plugins. Out: the generation that answers, opened and looked up
anew when another process changes the index over, and what becomes of those that stand by.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import StoreInUse
from twin.index.generations import Generation, Generations, begun_now
from twin.opened import OpenIndex, embedding_of, store_name
from twin.registry import Registry
from twin.settings import Settings

if TYPE_CHECKING:
    from twin.plugins import PluginSet
    from twin.warehouse.protocol import Warehouse


class Indexes:
    """What a home has of indexes.

    Args:
        folder: the home.
        settings: what the person set.
        plugins: where components come from.
        closing: closes what is opened here.
        find_copies: returns the original of every document that is a copy of another.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        plugins: PluginSet,
        closing: ExitStack,
        find_copies: Callable[[Warehouse], Mapping[str, str]],
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._plugins = plugins
        self._closing = closing
        self._find_copies = find_copies
        self._active: OpenIndex | None = None
        self._standing: dict[str, OpenIndex] = {}
        self._lock = threading.RLock()

    @cached_property
    def generations(self) -> Generations:
        """Which generations of the index there are."""
        name = store_name(self._settings)
        return Generations(self._folder / "index" / f"{name}.generations.json")

    @cached_property
    def wanted(self) -> OpenIndex:
        """What a first index is made with: the embedder of twin.toml."""
        choice = self._settings.index.embedding
        registry = Registry(self._plugins, self._settings, self._folder)
        embedding = {"use": choice.use, **choice.options}
        first = Generation("", embedding, registry.embedder_fingerprint(), begun_now())
        opened = self.opened(first)
        opened.registry = registry
        return opened

    @property
    def active(self) -> OpenIndex:
        """The generation that answers, as it was when it was first asked for.

        An embedder that twin.toml names later is not used before `twin index rebuild` has filled a
        collection with it; its options may change as long as its vectors do not.
        """
        with self._lock:
            if self._active is None:
                known = self.generations.read().active
                wanted = self.wanted
                same = known is None or known == wanted.generation
                self._active = wanted if same or known is None else self.opened(known)
            return self._active

    def opened(self, generation: Generation, settings: Settings | None = None) -> OpenIndex:
        """Return a generation, each part of which is opened on first use.

        Args:
            generation: which one.
            settings: others than those with the generation's own embedder.
        """
        settings = settings or embedding_of(generation, self._settings)
        return OpenIndex(
            self._folder,
            self._plugins,
            settings,
            generation,
            self._closing,
            self._find_copies,
            known=self.generations.read,
        )

    def refresh(self) -> bool:
        """Look whether another generation answers by now, and if so use it from here on.

        Whoever holds parts of the old one may go on using them.
        """
        with self._lock:
            known = self.generations.read().active
            if self._active is None or known in (None, self._active.generation):
                return False
            self._active = None
            return True

    def start_anew(self) -> None:
        """Drop the index that answers; the next sync makes it with the embedder of twin.toml.

        Raises:
            StoreInUse: if another process is changing it over or bringing it in step; then nothing
                is dropped.
        """
        with self.generations.alone():
            known = self.generations.read()
            name = known.active.name if known.active else ""
            generation = replace(self.wanted.generation, name=name)
            anew = self.opened(generation)
            with anew.held():
                anew.registry.vector_store().clear()
                self.generations.write(replace(known, active=generation))

    def settle(self, warehouse: Warehouse) -> None:
        """Do what stands after a sync: note the generation, forget in those that stand by."""
        known = self.generations.read()
        if known.active is None:
            self.generations.note_first(self.active.generation)
        if known.leaving:
            # Whoever is at a change-over does it at its end.
            with suppress(StoreInUse), self.generations.alone():
                self.clear_away(warehouse)
        for generation in known.standing_by():
            # Their own embedder is not needed for this, and may not be installed any more.
            if generation.name not in self._standing:
                self._standing[generation.name] = self.opened(generation, self._settings)
            self._forget(warehouse, self._standing[generation.name])

    def _forget(self, warehouse: Warehouse, standing: OpenIndex) -> None:
        from twin.ingest.sync import forget  # noqa: PLC0415 - heavy, and needed only here

        with ExitStack() as held:
            try:
                held.enter_context(standing.held(0))
            except StoreInUse:
                return  # whoever fills it forgets in it, and whoever deletes it deletes all of it
            if standing.known:
                forget(warehouse, standing)

    def clear_away(self, warehouse: Warehouse) -> None:
        """Delete the collections that are to go; called by whoever alone changes the index over."""
        known = self.generations.read()
        for generation in known.leaving:
            self.delete(generation, warehouse)
        if known.leaving:
            self.generations.write(replace(known, leaving=()))

    def delete(self, generation: Generation, warehouse: Warehouse) -> None:
        """Delete a collection that does not answer, with all that is known of it.

        Raises:
            StoreInUse: if another process is still at it.
        """
        gone = self.opened(generation, self._settings)
        with gone.held():
            gone.registry.vector_store().clear()
            gone.ledger.clear()
            warehouse.set_cursor(gone.consumer, None)
