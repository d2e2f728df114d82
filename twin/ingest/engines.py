"""How documents become pieces with vectors on the way to the index: here, or on many machines.

In: steps of a sync, in order. Out: the same steps in the same order, parsed and embedded, ready to
be brought into the index. Nothing is written but the cache of vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from twin.errors import ConfigurationError
from twin.ingest.ahead import ahead

if TYPE_CHECKING:
    from twin.index.making import Made
    from twin.index.replace import Index
    from twin.warehouse.protocol import Cursor, StoredDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of what is to be done.

    Attributes:
        documents: to be brought in, each in the version that the feed names.
        gone: ids of forgotten documents.
        cursor: where the feed has come to once this is done, None if nowhere new.
    """

    documents: Sequence[StoredDocument] = ()
    gone: Sequence[str] = ()
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A step, parsed and embedded.

    Attributes:
        made: the documents that the index does not hold as they are.
        unchanged: how many it holds already.
        error: what embedding failed with.
    """

    step: Step
    made: Sequence[Made] = ()
    unchanged: int = 0
    error: Exception | None = None


class Engine(Protocol):
    """Prepares steps. The context ends whatever goes on in it."""

    def __call__(
        self, index: Index, steps: Iterable[Step]
    ) -> AbstractContextManager[Iterator[Prepared]]:
        """Prepare the steps in order, with little memory whatever their number."""


class Touched:
    """The documents of one sync, so that a second step of one is not compared with the ledger.

    Its first step may not be confirmed yet when the second is looked at.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._ids: set[str] = set()

    def pending(self, step: Step) -> list[StoredDocument]:
        """Return the documents of a step that are to be done."""
        pending = self._index.pending(step.documents, self._ids)
        self._ids.update(document.id for document in pending)
        self._ids.update(step.gone)
        return pending


@contextmanager
def local(index: Index, steps: Iterable[Step]) -> Iterator[Iterator[Prepared]]:
    """Parse one step while the one before is embedded and the one before that is stored."""

    def parsed(stopped: Callable[[], bool]) -> Iterator[Prepared]:
        touched = Touched(index)
        for step in steps:
            pending = touched.pending(step)
            unchanged = len(step.documents) - len(pending)
            made: list[Made] = []
            for document in pending:
                if stopped():
                    return
                made += index.make([document])
            yield Prepared(step=step, made=made, unchanged=unchanged)

    with ahead(parsed) as first:

        def embedded(stopped: Callable[[], bool]) -> Iterator[Prepared]:
            for one in first:
                yield _warmed(index, one, stopped)

        with ahead(embedded) as second:
            yield second


def _warmed(index: Index, one: Prepared, stopped: Callable[[], bool]) -> Prepared:
    try:
        index.warm([made for made in one.made if made.error is None], stopped)
    except Exception as error:  # noqa: BLE001 - told where the step is applied, document by document
        return Prepared(step=one.step, made=one.made, unchanged=one.unchanged, error=error)
    return one


def engine_named(name: str, home: Path) -> Engine:
    """Return the engine that the settings name.

    Args:
        name: `ingest.engine` of twin.toml.
        home: the home folder, which the workers of an engine may have to open.

    Raises:
        ConfigurationError: if there is none of that name, or it is not installed.
    """
    if name == "local":
        return local
    if name == "ray":
        from twin.ingest.ray.cluster import require_ray  # noqa: PLC0415 - not everybody has it
        from twin.ingest.ray.engine import on_ray  # noqa: PLC0415

        require_ray()
        return partial(on_ray, home=home)
    message = f"ingest.engine: there is no engine {name!r}"
    raise ConfigurationError(message, "known engines: local, ray")
