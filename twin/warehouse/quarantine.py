"""Documents that are held back: what looks like an attempt to instruct a model, until a person decides.

In: `Document`s with the reason why they are held. Out: the same; or, released, documents like any
other. What is held is in no version, no list of documents and no change feed, so that nothing
downstream (index, answers, data sets) can come to see it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from twin.documents import Document

if TYPE_CHECKING:
    from twin.warehouse.protocol import Put


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document in quarantine.

    Attributes:
        collection: the source of the run that brought it.
        held_at: ISO 8601 in UTC.
        reason: what was found in it, in words for a person.
    """

    document: Document
    collection: str
    held_at: str
    reason: str


class QuarantineStore(Protocol):
    """The quarantine; every warehouse has one."""

    def hold(self, held: Sequence[Held]) -> None:
        """Put documents into quarantine, all or none; one that is there is replaced.

        An earlier version that was stored stays what it was: it is the new text that waits.

        Raises:
            WarehouseError: if a text is not valid Unicode, or the engine cannot write.
        """

    def held(self, *, collection: str | None = None) -> Iterator[Held]:
        """Yield what is in quarantine, ordered by source."""

    def quarantined(self) -> int:
        """Return how many documents are in quarantine."""

    def release(self, document_ids: Sequence[str]) -> "list[Put]":
        """Store documents as `Warehouse.put` does, and take them out of quarantine, in one transaction.

        Unknown ids are no error.
        """

    def discard(self, document_ids: Sequence[str]) -> int:
        """Forget what is in quarantine, and only that; return how many were there."""
