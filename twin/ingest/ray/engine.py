"""Parse and embed on a Ray cluster, page by page; store and confirm here.

In: steps of a sync, in order. Out: the same steps in the same order, prepared as the local engine
prepares them. A page of documents is parsed by tasks; what nobody has embedded before is embedded by
a pool of workers, each of which loads the model once; the vectors go into the cache here.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import ConfigurationError
from twin.index.making import Made
from twin.ingest.ahead import ahead
from twin.ingest.engines import Prepared, Step, Touched
from twin.ingest.ray.cluster import Cluster, cluster
from twin.ingest.ray.results import results
from twin.ingest.ray.stages import Embed, Embedded, Parsed, Setup, block, parse

if TYPE_CHECKING:
    from ray.data import Dataset

    from twin.index.replace import Index
    from twin.warehouse.protocol import StoredDocument

PER_WORKER = 4_000_000
"""Characters of a page for each embedding worker: about 10,000 pieces, which keep it busy for a
minute or more. To begin a page takes two datasets and the loading of the model, some ten seconds."""

LARGEST = 20_000_000
"""Characters of a page at most, so that memory stays bounded. Four pages may be in memory here."""

TEXTS = 256
"""Texts of a block. It is the least that is lost with a worker, and what vectors arrive in."""

SHARE = 0.5
"""CPUs that a worker claims. Below 1, so that a machine with one CPU can take the worker of another
that is gone; the parsing of the next page has the rest."""


@dataclass(slots=True)
class _Part:
    """A step on its way."""

    step: Step
    pending: Sequence[StoredDocument]
    made: list[Made] = field(default_factory=list)
    wanted: int = 0
    """Texts of its page that must have come before it is whole."""

    @property
    def size(self) -> int:
        return sum(len(document.document.text) for document in self.step.documents)

    def prepared(self) -> Prepared:
        unchanged = len(self.step.documents) - len(self.pending)
        return Prepared(step=self.step, made=self.made, unchanged=unchanged)


@contextmanager
def on_ray(index: Index, steps: Iterable[Step], *, home: Path) -> Iterator[Iterator[Prepared]]:
    """Prepare steps on Ray. It is not started unless there is something to do.

    Args:
        index: where the steps are brought.
        steps: in order.
        home: the home folder, whose cache workers on this machine share.

    Raises:
        ConfigurationError: if the index was put together without settings.
    """
    recipe = index.recipe
    if recipe.settings is None:
        message = "the engine 'ray' needs an index that was opened from settings"
        raise ConfigurationError(message, "open it through a home, or take the engine 'local'")
    prepared = _prepared(index, steps, home)
    try:
        yield prepared
    finally:
        prepared.close()


def _prepared(index: Index, steps: Iterable[Step], home: Path) -> Generator[Prepared]:
    touched = Touched(index)
    parts = (_Part(step, touched.pending(step)) for step in steps)
    for first in parts:
        if first.pending:
            break
        yield first.prepared()
    else:
        return
    settings = index.recipe.settings
    assert settings is not None  # noqa: S101 - looked at by the one who calls this
    with cluster(settings.ingest) as there:
        setup = Setup(
            settings=pickle.dumps(settings),
            home=str(home),
            fingerprint=index.recipe.fingerprint,
            threads=there.threads,
        )
        pages = _paged(chain([first], parts), min(LARGEST, PER_WORKER * there.workers))

        def parsed(stopped: Callable[[], bool]) -> Iterator[list[_Part]]:
            for page in pages:
                _parse(page, setup, stopped)
                if stopped():
                    return
                yield page

        with ahead(parsed) as made:

            def embedded(stopped: Callable[[], bool]) -> Iterator[Prepared]:
                for page in made:
                    yield from _embed(index, page, setup, there, stopped)

            with ahead(embedded) as done:
                yield from done


def _paged(parts: Iterable[_Part], characters: int) -> Iterator[list[_Part]]:
    """Yield parts in pages of about so many characters."""
    page: list[_Part] = []
    size = 0
    for part in parts:
        page.append(part)
        size += part.size
        if size >= characters:
            yield page
            page, size = [], 0
    if page:
        yield page


def _parse(page: Sequence[_Part], setup: Setup, stopped: Callable[[], bool]) -> None:
    """Clean and parse the documents of a page, a task a step."""
    working = [part for part in page if part.pending]
    if not working:
        return
    stage: Any = parse  # Ray's types know of no stage that takes more than a block
    blocks = _dataset(part.pending for part in working).map_batches(
        stage, batch_size=None, batch_format="pyarrow", fn_kwargs={"setup": setup}, num_cpus=1
    )
    found: Iterator[list[Parsed]] = results(blocks, len(working), stopped)
    for part, result in zip(working, found, strict=False):
        part.made = [
            Made(stored, pieces, error)
            for stored, (pieces, error) in zip(part.pending, result, strict=True)
        ]


def _embed(
    index: Index,
    page: Sequence[_Part],
    setup: Setup,
    there: Cluster,
    stopped: Callable[[], bool],
) -> Iterator[Prepared]:
    """Embed what a page has of new texts, and yield each step as soon as it is whole."""
    texts: dict[str, None] = {}
    for part in page:
        lacking = index.lacking([one for one in part.made if one.error is None])
        texts |= dict.fromkeys(index.embedder.missing(lacking))
        part.wanted = len(texts)
    arriving = _embedded(list(texts), setup, there, stopped) if texts else iter(())
    here = 0
    refused: dict[str, Exception] = {}
    for part in page:
        while here < part.wanted:
            some = next(arriving, None)
            if some is None:
                return  # nobody wants it any more
            here += len(some)
            good = {text: one for text, one in some.items() if isinstance(one, bytes)}
            index.embedder.remember(list(good), [array("f", one) for one in good.values()])
            refused |= {text: one for text, one in some.items() if isinstance(one, Exception)}
        if refused:
            part.made = [_with(one, refused) for one in part.made]
        yield part.prepared()


def _with(made: Made, refused: dict[str, Exception]) -> Made:
    """Return a document with the error of its first text that could not be embedded."""
    errors = (refused[piece.embedded] for piece, _ in made.pieces if piece.embedded in refused)
    error = next(errors, None)
    return replace(made, pieces=(), error=error) if error else made


def _embedded(
    texts: Sequence[str], setup: Setup, there: Cluster, stopped: Callable[[], bool]
) -> Iterator[dict[str, Embedded]]:
    """Embed texts on the workers, and yield some after the other, in order."""
    from ray.data import ActorPoolStrategy  # noqa: PLC0415 - seconds

    parts = [texts[start : start + TEXTS] for start in range(0, len(texts), TEXTS)]
    blocks = _dataset(parts).map_batches(
        Embed,
        batch_size=None,
        batch_format="pyarrow",
        fn_constructor_kwargs={"setup": setup},
        compute=ActorPoolStrategy(size=min(there.workers, len(parts))),
        num_cpus=None if there.gpus else SHARE,
        num_gpus=there.gpus or None,
    )
    found: Iterator[list[Embedded]] = results(blocks, len(parts), stopped)
    for part, result in zip(parts, found, strict=False):
        yield dict(zip(part, result, strict=True))


def _dataset(values: Iterable[Any]) -> Dataset:
    """Return a dataset with a block for every value."""
    from ray.data import from_arrow  # noqa: PLC0415 - seconds

    return from_arrow([block(value) for value in values])
