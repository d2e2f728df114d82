"""What a question prefers and does not ask for: a language, for now.

In: the searches of a question, and the languages that it names. Out: the same, with what is written
so among the candidates and put forward. Nothing is left out, so a question that merely speaks of a
language is answered as well as before.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from twin.points import Filters, Hit, Query, VectorStore
from twin.retrieve.passages import Key, key_of

PREFERRED: Final = 0.5
"""What a preference adds to a fused score of 0 to 1. An embedder that knows one language well says
little of how near a text in another is, so much speaks for what was asked for; and what shares
nothing with the question stays behind what fits it well."""


def search(
    store: VectorStore,
    queries: Sequence[Query],
    filters: Filters,
    preferred: tuple[str, ...],
    limit: int,
) -> list[list[Hit]]:
    """Return the hits of every query; with preferred languages, theirs are among them.

    Args:
        store: what is searched.
        queries: as `VectorStore.search` takes them.
        filters: that hold in any case.
        preferred: languages as ISO 639-1; nothing else is searched for if there are none.
        limit: of each search.
    """
    hits = store.search(queries, filters, limit)
    if not preferred or filters.languages:
        return hits
    # What is written so must be among the candidates, however few of it there are.
    more = store.search(queries, replace(filters, languages=preferred), limit)
    return [_together(one, other) for one, other in zip(hits, more, strict=True)]


def put_forward(
    fused: Sequence[tuple[Key, float]], hits: Sequence[Sequence[Hit]], preferred: tuple[str, ...]
) -> list[tuple[Key, float]]:
    """Return fused passages in a new order, where there are preferred languages.

    Args:
        fused: passages with their scores, best first.
        hits: the hits that they were fused from.
        preferred: languages as ISO 639-1.
    """
    if not preferred:
        return list(fused)
    written = {
        key_of(hit.payload) for found in hits for hit in found if hit.payload.language in preferred
    }
    told = [(key, score + PREFERRED if key in written else score) for key, score in fused]
    return sorted(told, key=lambda item: -item[1])


def _together(one: Sequence[Hit], other: Sequence[Hit]) -> list[Hit]:
    """Return the hits of two searches with the same query, each point once, best first."""
    hits = {hit.id: hit for hit in (*one, *other)}
    return sorted(hits.values(), key=lambda hit: -hit.score)
