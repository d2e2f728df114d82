"""Everything that a person's twin holds, opened from one folder.

In: a home folder. Out: its settings, warehouse, components, index, retriever and answerer, each
opened on first use and closed together. The entrances (CLI, page) open homes; no room below does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from twin.errors import ConfigurationError, StoreInUse, UsageError
from twin.plugins import PluginSet, discover
from twin.registry import Registry
from twin.settings import FILE_NAME, Settings, home_folder, load_settings
from twin.warehouse import open_warehouse

if TYPE_CHECKING:
    from twin.chat.answer import Answerer
    from twin.index.embedder import Embedder
    from twin.index.ledger import Ledger
    from twin.index.replace import Index
    from twin.ingest.sync import Progress, Synced
    from twin.retrieve.retriever import Retriever
    from twin.warehouse.protocol import Warehouse


PATIENCE = 5.0
"""Seconds that a sync waits for another one to finish; then the work is left to it."""


class Home:
    """One person's twin.

    Args:
        given: the folder; None takes ``TWIN_HOME`` or the platform's data directory.
    """

    def __init__(self, given: Path | None = None) -> None:
        self.folder = home_folder(given)
        self._closing = ExitStack()

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

    @cached_property
    def registry(self) -> Registry:
        """The components that the settings name, all checked.

        Raises:
            SettingsError: with every mistake.
        """
        return Registry(self.plugins, self.settings, self.folder)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The documents at rest."""
        warehouse = open_warehouse(self.settings.warehouse, self.folder)
        self._closing.callback(warehouse.close)
        return warehouse

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder with its cache."""
        from twin.index.cache import VectorCache  # noqa: PLC0415 - only where something is embedded
        from twin.index.embedder import Embedder  # noqa: PLC0415
        from twin.index.sparse import SparseEncoder  # noqa: PLC0415

        cache = VectorCache(self.folder / "cache" / "vectors.sqlite3")
        self._closing.callback(cache.close)
        registry = self.registry
        sparse = SparseEncoder(self.settings.index.language)
        return Embedder(registry.embedder_fingerprint(), registry.embedding, cache, sparse)

    @cached_property
    def ledger(self) -> Ledger:
        """What the index has confirmed; one for each store that was ever set."""
        from twin.index.ledger import Ledger  # noqa: PLC0415

        ledger = Ledger(self.folder / "index" / f"{self._store_name}.ledger.sqlite3")
        self._closing.callback(ledger.close)
        return ledger

    @cached_property
    def index(self) -> Index:
        """The index."""
        from twin.index.making import Recipe  # noqa: PLC0415
        from twin.index.replace import Index  # noqa: PLC0415

        registry = self.registry
        recipe = Recipe(registry.index_fingerprint(), registry.cleaners(), registry.node_parser)
        store = registry.vector_store()
        self._closing.callback(store.close)
        return Index(store, self.ledger, self.embedder, recipe, self._turn)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the index while it is brought in step; other processes wait for a while.

        Two at once could leave an older version in it: one reads, the other brings in a newer one,
        and the first writes what it read.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415 - only where something is written

        folder = self.folder / "index"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / f"{self._store_name}.lock", timeout=PATIENCE):
                yield
        except Timeout as error:
            message = f"another process is bringing the index of {self.folder} in step"
            raise StoreInUse(
                message, "it does the same work; `twin status` shows how far"
            ) from error

    @cached_property
    def retriever(self) -> Retriever:
        """Finds passages.

        Raises:
            IndexMismatch: if the index was made by another embedder.
        """
        from twin.retrieve.retriever import Limits, Parts, Retriever  # noqa: PLC0415

        index, registry, wanted = self.index, self.registry, self.settings.retrieve
        index.prepare()
        parts = Parts(
            store=index.store,
            embedder=self.embedder,
            warehouse=self.warehouse,
            query_transforms=registry.query_transforms,
            rerankers=registry.rerankers(),
            teacher=registry.teacher if registry.has_teacher else None,
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
            self.registry.llm,
            person=self.settings.person.name,
            minimum_relevance=self.settings.chat.minimum_relevance,
        )

    @cached_property
    def consumer(self) -> str:
        """The name under which the warehouse keeps this index's cursor."""
        return f"index:{self._store_name}"

    @cached_property
    def _store_name(self) -> str:
        choice = self.settings.index.store
        options = json.dumps(choice.options, sort_keys=True, default=str)
        suffix = hashlib.sha256(options.encode()).hexdigest()[:8] if choice.options else "default"
        return f"{choice.use}-{suffix}"

    def sync(self, progress: Progress = lambda _done, _all: None) -> Synced:
        """Bring the index in step with the warehouse."""
        from twin.ingest.sync import sync  # noqa: PLC0415

        return sync(self.warehouse, self.index, self.consumer, progress)

    def root_of(self, collection: str, root: str, *, sure: bool) -> None:
        """Remember which folder or address a collection comes from.

        Two folders of the same name would otherwise become one collection, and each would seem to
        have lost what the other has.

        Args:
            collection: its name.
            root: the absolute path, or the address.
            sure: whether the person named the collection on purpose.

        Raises:
            UsageError: if it came from elsewhere before, and was not named on purpose.
            ConfigurationError: if what was remembered cannot be read.
        """
        path = self.folder / "collections.json"
        known: dict[str, str] = {}
        if path.exists():
            known = _collections(path)
        before = known.get(collection)
        if before == root:
            return
        if before is not None and not sure:
            name = collection.partition(":")[2]
            message = f"the collection {name!r} came from {before} before, not from {root}"
            hint = (
                f"another folder needs a name of its own (--name); if it moved, say --name {name}"
            )
            raise UsageError(message, hint)
        known[collection] = root
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(path)


def _collections(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(root) for name, root in known.items()}
    except (OSError, ValueError, AttributeError) as error:
        message = f"{path} cannot be read: {error}"
        hint = "delete it: then every folder is taken as the first of its name"
        raise ConfigurationError(message, hint) from error
