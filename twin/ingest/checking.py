"""Compare warehouse and index in full, and mend what differs.

In: every document at rest, and every point in the store. Out: what is missing, wrong or left over,
by document. Nothing is embedded to find it: a point says which text it was embedded from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from twin.index.replace import Applied

if TYPE_CHECKING:
    from twin.index.making import Made
    from twin.index.replace import Index
    from twin.ingest.sync import Progress
    from twin.warehouse.protocol import Warehouse

COMPARED = 50
"""Documents compared at once."""

T = TypeVar("T")


@dataclass(slots=True)
class Difference:
    """What the index holds of a document, against what it should.

    Attributes:
        document_id: the document; it need not exist any more.
        source: where it comes from, empty if it is gone.
        missing: points that should be there.
        wrong: points whose payload or embedded text is another.
        left: points that should not be there.
        unconfirmed: whether only the ledger is wrong about it.
    """

    document_id: str
    source: str = ""
    missing: int = 0
    wrong: int = 0
    left: int = 0
    unconfirmed: bool = False

    def __str__(self) -> str:
        """Say it in a line."""
        parts = [
            f"{number} {word}"
            for number, word in (
                (self.missing, "missing"),
                (self.wrong, "wrong"),
                (self.left, "left over"),
            )
            if number
        ]
        return f"{self.source or self.document_id}: {', '.join(parts) or 'not confirmed'}"


@dataclass(slots=True)
class Checked:
    """What was compared, and what was mended.

    Attributes:
        documents: documents compared.
        points: points that the store holds.
        differences: by document.
        applied: what mending did.
    """

    documents: int = 0
    points: int = 0
    differences: list[Difference] = field(default_factory=list)
    applied: Applied = field(default_factory=Applied)


def check(
    warehouse: Warehouse, index: Index, progress: Progress = lambda _d, _a: None, *, mend: bool
) -> Checked:
    """Compare the newest version of every document with the points of it.

    To be called by whoever has the index's turn, after a sync: what has not been brought in yet
    would count as missing.

    Args:
        warehouse: what should be there.
        index: what is there.
        progress: told after every part.
        mend: whether to bring in what differs and to delete what is left over.
    """
    index.prepare()
    index.copies = index.find_copies(warehouse)
    known = [(summary.id, summary.version) for summary in warehouse.summaries()]
    failed = {failure.document_id for failure in index.ledger.failures()}
    checked = Checked(points=index.store.count())
    for part in _parts(known, COMPARED):
        found = warehouse.get_many(part)
        made = index.make(found[key] for key in part if key in found)
        # One that cannot be parsed is told by every sync; it is no difference.
        sound = [one for one in made if one.error is None and one.stored.id not in failed]
        different = list(_compare(index, sound))
        checked.differences += [difference for difference, _ in different]
        checked.documents += len(made)
        if mend and different:
            checked.applied += index.replace([one for _, one in different], ())
        progress(checked.documents, len(known))
    left = _left(index, {identity for identity, _ in known})
    checked.differences += left.values()
    if mend and left:
        for gone in _parts(left, COMPARED):
            checked.applied += index.replace((), gone)
    return checked


def _compare(index: Index, made: Sequence[Made]) -> Iterator[tuple[Difference, Made]]:
    there = index.store.points_of([one.stored.id for one in made])
    entries = index.ledger.get([one.stored.id for one in made])
    for one in made:
        have = dict(there[one.stored.id])
        difference = Difference(one.stored.id, one.stored.document.source)
        for piece, payload in one.pieces:
            old = have.pop(piece.id, None)
            difference.missing += old is None
            difference.wrong += old is not None and old != payload
        difference.left = len(have)
        entry = entries.get(one.stored.id)
        confirmed = index.confirmed(one.stored, entry)
        difference.unconfirmed = not confirmed or (
            entry is not None and entry.points != len(one.pieces)
        )
        if difference.missing or difference.wrong or difference.left or difference.unconfirmed:
            yield difference, one


def _left(index: Index, known: set[str]) -> dict[str, Difference]:
    """Return what the store or the ledger holds of documents that are not there any more."""
    left: dict[str, Difference] = {}
    for _, payload in index.store.scroll():
        identity = payload.document_id
        if identity not in known:
            left.setdefault(identity, Difference(identity, payload.source)).left += 1
    for entry in index.ledger.entries():
        if entry.document_id not in known and entry.document_id not in left:
            left[entry.document_id] = Difference(entry.document_id, unconfirmed=True)
    return left


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
