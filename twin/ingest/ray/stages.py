"""What runs on the workers: cleaning and parsing, and embedding.

In: documents or texts, and the settings of the home that they belong to. Out: pieces, or vectors, or
what went wrong. No home is opened and nothing is stored: a worker needs twin, the same plugins, and
the weights.
"""

from __future__ import annotations

import os
import pickle
import socket
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from twin import errors
from twin.errors import ConfigurationError, TwinError
from twin.index.embedder import vectors_of, window_of
from twin.index.making import Recipe, make, recipe_of
from twin.index.passages import Piece, Window
from twin.index.replace import NO_DOCUMENTS_FAULT
from twin.plugins import discover
from twin.points import Payload
from twin.registry import Registry
from twin.warehouse.protocol import StoredDocument

if TYPE_CHECKING:
    import pyarrow as pa
    from llama_index.core.base.embeddings.base import BaseEmbedding

    from twin.settings import Settings

COLUMN = "it"
"""The one column of every block; each of its values is one pickled object."""

Parsed = tuple[tuple[tuple[Piece, Payload], ...], Exception | None]
"""What becomes of one document: its pieces, or why there are none."""

Embedded = bytes | Exception
"""What becomes of one text: its vector as 32-bit floats, or why there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a worker makes the same components from that the home has.

    Attributes:
        settings: of the home, pickled.
        home: the home folder. Only its cache is used, and only where there is one.
        fingerprint: of the recipe; a worker that would make other pieces or vectors says so.
        threads: how many a model may compute with.
    """

    settings: bytes
    home: str
    fingerprint: str
    threads: int


def block(value: object) -> pa.Table:
    """Return a block with one value."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    return pa.table({COLUMN: pa.array([pickle.dumps(value)], pa.large_binary())})


def parse(batch: pa.Table, setup: Setup) -> pa.Table:
    """Clean and parse the documents of a block."""

    def parsed(documents: Sequence[StoredDocument]) -> list[Parsed]:
        kit = _kit(setup)
        made = (make(kit.recipe, kit.window, document) for document in documents)
        return [(one.pieces, carried(one.error) if one.error else None) for one in made]

    return _each(batch, parsed)


class Embed:
    """Embeds texts. It lives as long as its worker, and so does the model.

    Args:
        setup: of which home.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def __call__(self, batch: pa.Table) -> pa.Table:
        """Embed the texts of a block."""

        def embedded(texts: Sequence[str]) -> list[Embedded]:
            return _embedded(_kit(self._setup).model, texts)

        # Ray lets a worker compute with as many threads as it has whole CPUs, which is one.
        os.environ["OMP_NUM_THREADS"] = str(self._setup.threads)
        return _each(batch, embedded)


def carried(error: Exception) -> Exception:
    """Return an error that arrives elsewhere as it is, or else one that says the same."""
    try:
        arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - just written here
        if type(arrived) is type(error) and str(arrived) == str(error):
            return error
    except Exception:  # noqa: BLE001, S110 - an exception of a plugin's own may do anything
        pass
    if isinstance(error, TwinError):
        kinds = (kind for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
        return _plain(next(kinds), error)
    return RuntimeError(f"{type(error).__name__}: {error}")


def _plain(kind: type[TwinError], error: TwinError) -> TwinError:
    plain = kind.__new__(kind)
    TwinError.__init__(plain, error.message, error.hint)
    return plain


def _each(batch: pa.Table, work: Callable[[Any], object]) -> pa.Table:
    """Do the work for every value; what is raised takes the place of its result."""
    import pyarrow as pa  # noqa: PLC0415 - heavy

    done = []
    for value in batch.column(COLUMN).to_pylist():
        try:
            result = work(pickle.loads(value))  # noqa: S301 - it comes from the one who asked
        except Exception as error:  # noqa: BLE001 - raised again by the one who asked
            result = carried(error)
        done.append(pickle.dumps(result))
    return pa.table({COLUMN: pa.array(done, pa.large_binary())})


def _embedded(model: BaseEmbedding, texts: Sequence[str]) -> list[Embedded]:
    try:
        vectors = vectors_of(model, texts)
    except NO_DOCUMENTS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001 - one of the texts is at fault; halving finds it
        if len(texts) == 1:
            return [carried(error)]
        half = len(texts) // 2
        return [*_embedded(model, texts[:half]), *_embedded(model, texts[half:])]
    return [array("f", vector).tobytes() for vector in vectors]


class _Kit:
    """The components of one home, as this process has them."""

    def __init__(self, registry: Registry) -> None:
        self.recipe: Recipe = recipe_of(registry)
        self.model: BaseEmbedding = registry.embedding()
        self.window: Window | None = window_of(self.model)


@lru_cache(maxsize=2)
def _kit(setup: Setup) -> _Kit:
    """Build the components, once a process.

    Raises:
        SettingsError: if this machine lacks a plugin that the settings name.
        ConfigurationError: if it has another version of one.
        ComponentUnavailable: if one cannot work here.
    """
    settings: Settings = pickle.loads(setup.settings)  # noqa: S301 - from the one who asked
    registry = Registry(discover(settings.plugins.disabled), settings, _folder(setup.home))
    here = registry.index_fingerprint()
    if here != setup.fingerprint:
        unlike = sorted(set(here.split(";")) ^ set(setup.fingerprint.split(";")))
        message = f"the worker on {socket.gethostname()} would index otherwise: {'; '.join(unlike)}"
        hint = "install the same versions of twin and its plugins on every machine of the cluster"
        raise ConfigurationError(message, hint)
    return _Kit(registry)


def _folder(home: str) -> Path:
    """Return where components may keep what can be made again."""
    folder = Path(home)
    if (folder / "cache").is_dir():
        return folder
    return Path(platformdirs.user_cache_dir("twin", appauthor=False)) / "workers"
