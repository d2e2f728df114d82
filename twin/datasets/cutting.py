"""Documents cut into targets: the person's own, and those of the authors that they are set against.

In: documents at rest and the components that say what is no writing. Out: targets, each with its split;
what every document gave; and the documents that could not be cut, each with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from twin.components import Cleaner
from twin.dataset_tables import DatasetSettings
from twin.datasets import corpus
from twin.datasets.corpus import Wanted
from twin.datasets.recurring import Recurring
from twin.datasets.targets import Target, Yield, not_own, targets
from twin.datasets.words import share
from twin.documents import Span
from twin.index.boundaries import merged
from twin.samples import Split
from twin.warehouse.protocol import StoredDocument, Summary, Warehouse


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document that a set is made from."""

    document_id: str
    version: int
    source: str
    title: str
    text_hash: str
    split: Split
    given: Yield
    targets: int
    rows: int = 0


class Cut:
    """Cuts documents into targets, and keeps what the gates ask for.

    Args:
        warehouse: where they are.
        found: which.
        cleaners: say what is no writing.
        settings: how long a target is.

    Attributes:
        sources: what every document gave.
        texts: by document and version.
        foreign: the spans of each that are no writing of its author.
        failed: documents that could not be cut, by source, with the reason.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        found: Sequence[Summary],
        cleaners: Sequence[Cleaner],
        settings: DatasetSettings,
    ) -> None:
        self._warehouse = warehouse
        self._found = found
        self._cleaners = cleaners
        self._settings = settings
        self.sources: list[Source] = []
        self.texts: dict[tuple[str, int], str] = {}
        self.foreign: dict[tuple[str, int], Sequence[Span]] = {}
        self.failed: dict[str, str] = {}

    def targets(
        self, split_of: Callable[[str], Split], told: Callable[[int, int], None]
    ) -> Iterator[tuple[Target, Split]]:
        """Yield the targets of all documents in order.

        Args:
            split_of: the split of a document, by its id.
            told: after every document.
        """
        stored = corpus.documents(self._warehouse, self._found)
        recurring = Recurring(one.document.text for one in stored)
        for done, one in enumerate(corpus.documents(self._warehouse, self._found), start=1):
            told(done, len(self._found))
            split = split_of(one.id)
            yield from ((target, split) for target in self._document(one, split, recurring))

    def _document(self, stored: StoredDocument, split: Split, recurring: Recurring) -> list[Target]:
        document, limits = stored.document, self._settings
        try:
            foreign = merged([*not_own(stored, self._cleaners), *recurring.spans(document.text)])
            found, given = targets(stored, foreign, minimum=limits.minimum, maximum=limits.maximum)
        except Exception as error:  # noqa: BLE001 - one document must not stop the rest
            self.failed[document.source] = str(error)
            return []
        key = (stored.id, stored.version)
        self.texts[key], self.foreign[key] = document.text, foreign
        self.sources.append(
            Source(
                document_id=stored.id,
                version=stored.version,
                source=document.source,
                title=document.title,
                text_hash=document.text_hash,
                split=split,
                given=given,
                targets=len(found),
            )
        )
        return found


def others_of(
    warehouse: Warehouse, wanted: Wanted, cleaners: Sequence[Cleaner], settings: DatasetSettings
) -> Cut:
    """Return what cuts the documents of other authors."""
    return Cut(warehouse, corpus.others(warehouse, wanted), cleaners, settings)


def split_of_others(settings: DatasetSettings, seed: int) -> Callable[[str], Split]:
    """Return what puts a document of another author into one split, by a hash of it."""

    def split_of(document_id: str) -> Split:
        at = share("others", seed, document_id)
        held = settings.test + settings.validation
        later = Split.VALIDATION if at < held else Split.TRAIN
        return Split.TEST if at < settings.test else later

    return split_of
