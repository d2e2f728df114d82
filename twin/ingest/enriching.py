"""Find out what the texts of the warehouse are about, and keep it beside them.

In: a warehouse and enrichers. Out: an `Enrichment` beside every newest version that this recipe has
not seen yet; those that say something new enter the change feed, and so reach the index. One
document on which an enricher fails never stops the rest, and is tried again at the next sync.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from twin.components import Enricher
from twin.documents import Document, Enrichment
from twin.errors import ComponentUnavailable, ConfigurationError, PluginError
from twin.index.ledger import Failure
from twin.index.replace import Enriched
from twin.warehouse.protocol import StoredDocument, Warehouse

if TYPE_CHECKING:
    from twin.registry import Registry

PAGE: Final = 500
"""Ids read at once."""

LOADED: Final = 50
"""Documents held in memory at once, and stored in one transaction."""

LONGEST: Final = 100
"""Characters of a topic or entity: longer ones are sentences, and no filter."""

MOST: Final = 50
"""Topics of a document, and entities: a payload stands on each of its points."""


@dataclass(frozen=True, slots=True)
class Enriching:
    """The enrichers of a home, in order.

    Attributes:
        recipe: what decides what they find; empty if there are none.
        enrichers: returns them, built on the first call.
    """

    recipe: str
    enrichers: Callable[[], Sequence[Enricher]]

    def __call__(self, warehouse: Warehouse, progress: Callable[[int, int], None]) -> Enriched:
        """Enrich the newest versions that this recipe has not seen.

        Raises:
            ComponentUnavailable, ConfigurationError: if an enricher cannot work at all.
        """
        keys: list[tuple[str, int]] = []
        while page := warehouse.unenriched(
            self.recipe, after=keys[-1][0] if keys else "", limit=PAGE
        ):
            keys += page
        if not keys:
            return Enriched()
        enrichers = self.enrichers()
        failures: list[Failure] = []
        for start in range(0, len(keys), LOADED):
            enriched = []
            for stored in warehouse.get_many(keys[start : start + LOADED]).values():
                try:
                    found = enrich(stored.document, enrichers)
                except (ComponentUnavailable, ConfigurationError):
                    raise
                except Exception as error:  # noqa: BLE001 - the boundary of one document
                    reason = f"{stored.document.source}: it could not be enriched: {error}"
                    failures.append(Failure(stored.id, reason))
                else:
                    enriched.append(_with(stored, found, self.recipe))
            warehouse.put_enrichments(enriched)
            progress(min(start + LOADED, len(keys)), len(keys))
        return Enriched(len(keys), tuple(failures))


def enriching_of(registry: Registry) -> Enriching:
    """Return the enriching that the settings name."""
    return Enriching(registry.enrichment_recipe(), registry.enrichers)


def enrich(document: Document, enrichers: Sequence[Enricher]) -> Enrichment:
    """Return what all enrichers find: the first language, and the topics and entities of all.

    Raises:
        PluginError: if one returns something else than an `Enrichment` of short strings.
    """
    found = Enrichment()
    for enricher in enrichers:
        one = enricher(document)
        if not isinstance(one, Enrichment):
            message = f"an enricher gave {type(one).__name__}, not an Enrichment"
            raise PluginError(message, "`twin plugins test` checks a plugin")
        found = found.joined(one)
    return Enrichment(
        language=found.language.strip().lower(),
        topics=_kept(topic.lower() for topic in found.topics),
        entities=_kept(found.entities),
    )


def _kept(names: Iterable[str]) -> tuple[str, ...]:
    plain = (" ".join(name.split()) for name in names)
    return tuple(dict.fromkeys(name for name in plain if 0 < len(name) <= LONGEST))[:MOST]


def _with(stored: StoredDocument, found: Enrichment, recipe: str) -> StoredDocument:
    return replace(stored, enrichment=replace(found, recipe=recipe))
