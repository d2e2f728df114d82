"""What a set is made from: the person's newest writing that its audience may see.

In: a warehouse, whose writing, for whom. Out: documents, each with its split. Copies of a piece in
several places, and what others wrote, are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from twin.datasets.words import share
from twin.documents import Audience, Kind, host_of
from twin.errors import UsageError
from twin.samples import Split
from twin.warehouse.protocol import StoredDocument, Summary, Warehouse

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which documents.

    Attributes:
        authors: slugs of the person; one person may have several.
        audience: nothing above it is taken.
        collections: of the sources; none takes all.
        copies: the original of every document that is a copy.
    """

    authors: tuple[str, ...]
    audience: Audience = Audience.PRIVATE
    kinds: tuple[Kind, ...] = (Kind.ARTICLE, Kind.POST)
    collections: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)


def whose(warehouse: Warehouse, given: Sequence[str], person: str) -> tuple[str, ...]:
    """Return the slugs of the person whose writing is asked for.

    Args:
        warehouse: whose authors there are.
        given: names or slugs on the command line.
        person: the person of twin.toml, empty if none is named.

    Raises:
        UsageError: if nobody has such a name, or several authors are there and none is named.
    """
    authors = warehouse.authors()
    known = ", ".join(a.slug for a in authors if a.slug) or "none"
    names = list(given) or ([person] if person and warehouse.resolve_author(person) else [])
    if not names:
        if len(authors) == 1:
            return (authors[0].slug,)
        message = "whose writing is the set to be of?"
        if person:
            message = f"nothing here was written by {person}"
        if not authors:
            message = "there are no documents"
            raise UsageError(message, "take something in first, as in: twin ingest ~/blog")
        raise UsageError(message, f"name one with --author; there are: {known}")
    slugs = []
    for name in names:
        slug = warehouse.resolve_author(name)
        if slug is None:
            message = f"there is no author {name}"
            raise UsageError(message, f"there are: {known}")
        slugs.append(slug)
    return tuple(dict.fromkeys(slugs))


def summaries(warehouse: Warehouse, wanted: Wanted) -> list[Summary]:
    """Return the summaries of the person's documents, by source; of copies the original alone."""
    found = [one for one in warehouse.summaries() if _is_wanted(one, wanted)]
    there = {one.id for one in found}
    return [one for one in found if wanted.copies.get(one.id) not in there]


def others(warehouse: Warehouse, wanted: Wanted) -> list[Summary]:
    """Return the summaries of what other, named authors wrote, by source."""
    return [
        one
        for one in warehouse.summaries()
        if one.author_slug
        and one.author_slug not in wanted.authors
        and one.audience in wanted.audience.visible
        and one.kind in wanted.kinds
    ]


def documents(warehouse: Warehouse, found: Sequence[Summary]) -> Iterator[StoredDocument]:
    """Yield the documents of summaries, a page in memory at a time; those that are gone are left out."""
    for start in range(0, len(found), PAGE):
        keys = [(one.id, one.version) for one in found[start : start + PAGE]]
        stored = warehouse.get_many(keys)
        yield from (stored[key] for key in keys if key in stored)


def splits(
    found: Collection[Summary], *, test: float, validation: float, seed: int
) -> dict[str, Split]:
    """Return the split of every document.

    Of documents with a date the latest are the test, as many as the share asks for, and those before
    them the validation set; the others are put by a hash of the document, which no other document
    changes. Documents of one date are never parted.
    """
    assigned: dict[str, Split] = {}
    dated = sorted((one for one in found if one.published_at), key=lambda s: (_day(s), s.id))
    if dated:
        ends = (round(len(dated) * test), round(len(dated) * (test + validation)))
        # A handful of documents must give a test too.
        first_test = _day(dated[-max(ends[0], 1)])
        first_held = _day(dated[-max(ends[1], 1)])
        for one in dated:
            later = Split.VALIDATION if validation and _day(one) >= first_held else Split.TRAIN
            assigned[one.id] = Split.TEST if _day(one) >= first_test else later
    for one in found:
        if not one.published_at:
            at = share("split", seed, one.id)
            later = Split.VALIDATION if at < test + validation else Split.TRAIN
            assigned[one.id] = Split.TEST if at < test else later
    return assigned


def topic_of(stored: StoredDocument) -> str:
    """Return what a document is about, in a word: its first tag, its folder, or its site."""
    document = stored.document
    if document.tags:
        return document.tags[0].casefold()
    if document.source.startswith("file:"):
        parts = document.source.removeprefix("file:").split("/")
        return "/".join(parts[1:-1]).casefold()
    return host_of(document.url or document.source)


def widest(audiences: Collection[Audience]) -> Audience:
    """Return the audience that a set of these carries: the most private of them."""
    order = tuple(Audience)
    return max(audiences, key=order.index, default=Audience.PUBLIC)


def _is_wanted(one: Summary, wanted: Wanted) -> bool:
    return (
        one.author_slug in wanted.authors
        and one.kind in wanted.kinds
        and one.audience in wanted.audience.visible
        and (not wanted.collections or one.collection in wanted.collections)
    )


def _day(one: Summary) -> str:
    return (one.published_at or "")[:10]
