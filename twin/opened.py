"""One generation of the index, opened: everything that fills it and searches in it.

In: a home's settings and a generation. Out: its components, embedder, ledger and index, each opened
on first use. Embedder and collection always belong together, so no question ever meets vectors of
another dimension.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import IndexBusy
from twin.errors import IndexError as TwinIndexError
from twin.index.generations import Generation, Known
from twin.index.room import need_room
from twin.registry import Registry
from twin.settings import Settings
from twin.tables import Choice

if TYPE_CHECKING:
    from twin.index.embedder import Embedder
    from twin.index.ledger import Ledger
    from twin.index.replace import Index
    from twin.plugins import PluginSet
    from twin.warehouse.protocol import Warehouse

PATIENCE = 5.0
"""Seconds that a sync waits for another one to finish; then the work is left to it."""


def store_name(settings: Settings) -> str:
    """Return what tells the files of one store from those of another."""
    choice = settings.index.store
    options = json.dumps(choice.options, sort_keys=True, default=str)
    suffix = hashlib.sha256(options.encode()).hexdigest()[:8] if choice.options else "default"
    return f"{choice.use}-{suffix}"


def embedding_of(generation: Generation, settings: Settings) -> Settings:
    """Return settings with the embedder that a generation was made with."""
    choice = Choice.model_validate(dict(generation.embedding))
    index = settings.index.model_copy(update={"embedding": choice})
    return settings.model_copy(update={"index": index})


class OpenIndex:
    """One generation, opened piece by piece.

    Args:
        folder: the home.
        plugins: where components come from.
        settings: with the embedder of this generation.
        generation: which one.
        closing: closes what is opened here.
        find_copies: returns the original of every document that is a copy of another.
        known: returns which generations there are by now.
    """

    def __init__(
        self,
        folder: Path,
        plugins: PluginSet,
        settings: Settings,
        generation: Generation,
        closing: ExitStack,
        find_copies: Callable[[Warehouse], Mapping[str, str]],
        *,
        known: Callable[[], Known],
    ) -> None:
        self.generation = generation
        self._known = known
        self._folder = folder
        self._plugins = plugins
        self._settings = settings
        self._closing = closing
        self._find_copies = find_copies
        name = store_name(settings)
        self.name = f"{name}-{generation.name}" if generation.name else name

    @property
    def consumer(self) -> str:
        """The name under which the warehouse keeps this generation's cursor."""
        return f"index:{self.name}"

    @cached_property
    def registry(self) -> Registry:
        """The components, all checked.

        Raises:
            SettingsError: with every mistake.
        """
        return Registry(
            self._plugins, self._settings, self._folder, generation=self.generation.name
        )

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder with its cache."""
        from twin.index.cache import VectorCache  # noqa: PLC0415 - only where something is embedded
        from twin.index.embedder import Embedder  # noqa: PLC0415
        from twin.index.sparse import SparseEncoder  # noqa: PLC0415

        cache = VectorCache(self._folder / "cache" / "vectors.sqlite3")
        self._closing.callback(cache.close)
        registry = self.registry
        sparse = SparseEncoder(self._settings.index.language)
        return Embedder(registry.embedder_fingerprint(), registry.embedding, cache, sparse)

    @cached_property
    def ledger(self) -> Ledger:
        """What the collection has confirmed."""
        from twin.index.ledger import Ledger  # noqa: PLC0415

        ledger = Ledger(self._folder / "index" / f"{self.name}.ledger.sqlite3")
        self._closing.callback(ledger.close)
        return ledger

    @cached_property
    def index(self) -> Index:
        """The index."""
        from twin.index.making import recipe_of  # noqa: PLC0415
        from twin.index.replace import Index  # noqa: PLC0415
        from twin.ingest.enriching import enriching_of  # noqa: PLC0415

        recipe = recipe_of(self.registry)
        store = self.registry.vector_store()
        self._closing.callback(store.close)
        return Index(
            store,
            self.ledger,
            self.embedder,
            recipe,
            self.turn,
            self._find_copies,
            enrich=enriching_of(self.registry),
        )

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the index while it is brought in step; other processes wait for a while.

        Two at once could leave an older version in it: one reads, the other brings in a newer one,
        and the first writes what it read.

        Raises:
            IndexBusy: if another process has held it for too long.
            TwinIndexError: if it was dropped or begun anew meanwhile: it must not come back.
            DiskFull: if there is too little room to write.
        """
        with self.held():
            if not self.known:
                message = f"the index of {self._folder} was changed over meanwhile"
                raise TwinIndexError(message, "run it again: it uses the one that answers now")
            need_room(self._folder / "index")
            yield

    @property
    def known(self) -> bool:
        """Whether this generation is one that is kept; before the first sync, any is."""
        known = self._known()
        kept = [one for one in (known.active, *known.standing_by()) if one]
        return not kept or self.generation in kept

    @contextmanager
    def held(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold the index against whoever would fill it or delete it.

        Args:
            patience: seconds to wait for another process.

        Raises:
            IndexBusy: if that has held it for longer.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only where something is written

        folder = self._folder / "index"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / f"{self.name}.lock", timeout=patience):
                yield
        except Timeout as error:
            message = f"another process is bringing the index of {self._folder} in step"
            raise IndexBusy(
                message, "it does the same work; `twin status` shows how far"
            ) from error
