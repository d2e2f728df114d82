"""What retrieval returns: passages, cut from the very version that was indexed.

In: hits of the store. Out: `Passage`s, resolved through the warehouse, so that a forgotten document
is gone at once, whatever the index still holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.documents import Audience, Kind, Span, primary_language
from twin.points import Payload
from twin.retrieve.filters import Found
from twin.warehouse.protocol import StoredDocument, Warehouse

Key = tuple[str, int, int, int]
"""Document, version, start and end of a passage."""


COVERAGE_WEIGHT = 0.3
"""With it, the evidence tells 9 of 13 questions that nothing answers from all 36 that something does
(the other four ask for a missing fact of a subject that is there); cosine alone, 7 of 13."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """An exact span of a version of a document, with what a citation needs.

    Attributes:
        text: ``text[start:end]`` of that version.
        score: fused, or the reranker's; comparable within one retrieval only.
        similarity: cosine of the question and the nearest piece of the passage, 0 if the dense
            search did not find it.
        coverage: the share of the question's terms that the title and the text have, 0 to 1.
        also_at: other addresses at which the same piece was published.
        language: of the document, as ISO 639-1, empty where it is not known.
        topics: of the document; entities likewise.
    """

    document_id: str
    version: int
    start: int
    end: int
    text: str
    title: str
    source: str
    url: str | None
    author: str
    author_slug: str
    kind: Kind
    platform: str
    published_at: str | None
    score: float
    similarity: float
    coverage: float = 0.0
    also_at: tuple[str, ...] = ()
    language: str = ""
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    @property
    def evidence(self) -> float:
        """How much speaks for the passage answering the question: similarity and shared words."""
        return self.similarity + COVERAGE_WEIGHT * self.coverage

    def as_json(self, n: int) -> dict[str, Any]:
        """Return what `--json` prints of a passage."""
        return {
            "n": n,
            "title": self.title,
            "url": self.url or self.source,
            "also_at": list(self.also_at),
            "author": self.author,
            "kind": self.kind.value,
            "published_at": self.published_at,
            "language": self.language,
            "topics": list(self.topics),
            "entities": list(self.entities),
            "document_id": self.document_id,
            "version": self.version,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": round(self.score, 6),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """What was found, and how.

    Attributes:
        asked: the question and its variants.
        found: the filters that were read out of the question, after any widening.
        timings: seconds of each step, by name.
        notes: what a person should know (a step that was skipped, a filter that was dropped).
    """

    passages: tuple[Passage, ...]
    asked: tuple[str, ...]
    found: Found
    audience: Audience
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def filters_json(self) -> dict[str, Any]:
        """Return what `--json` prints of the filters."""
        return {
            "audience": self.audience.value,
            "authors": list(self.found.authors),
            "kinds": [kind.value for kind in self.found.kinds],
            "platforms": list(self.found.platforms),
            "since": self.found.since,
            "until": self.found.until,
            "languages": list(self.found.languages),
            "topics": list(self.found.topics),
            "entities": list(self.found.entities),
            "preferred_languages": list(self.found.preferred),
            "notes": list(self.notes),
        }

    def timings_json(self) -> dict[str, float]:
        """Return what `--json` prints of the timings, in seconds."""
        return {name: round(seconds, 4) for name, seconds in self.timings.items()}


def key_of(payload: Payload) -> Key:
    """Return the passage that a point is part of."""
    return (payload.document_id, payload.version, payload.passage_start, payload.passage_end)


def resolve(
    keys: Sequence[tuple[Key, float]],
    similarities: Mapping[Key, float],
    warehouse: Warehouse,
    audience: Audience,
) -> list[Passage]:
    """Return the passages of keys, in order.

    Left out are forgotten documents, and those that the audience may no longer see: the warehouse
    decides, because the index may be a moment behind.
    """
    wanted = list(dict.fromkeys((key[0], key[1]) for key, _ in keys))
    stored = warehouse.get_many(wanted)
    passages = []
    for key, score in keys:
        document = stored.get((key[0], key[1]))
        if document is None or not _may_see(document, audience, warehouse):
            continue
        passages.append(_passage(document, Span(key[2], key[3]), score, similarities.get(key, 0.0)))
    return passages


def _may_see(document: StoredDocument, audience: Audience, warehouse: Warehouse) -> bool:
    """Return whether a version may be shown: what it says of itself, and what the newest one says.

    An older version is found only while the index is behind, and a document that became private
    since is private already.
    """
    if document.document.audience not in audience.visible:
        return False
    if document.latest:
        return True
    newest = next(iter(warehouse.summaries(source=document.id)), None)
    return newest is not None and newest.audience in audience.visible


def _passage(stored: StoredDocument, span: Span, score: float, similarity: float) -> Passage:
    document = stored.document
    return Passage(
        document_id=stored.id,
        version=stored.version,
        start=span.start,
        end=span.end,
        text=span.of(document.text),
        title=document.title,
        source=document.source,
        url=document.url,
        author=document.author,
        author_slug=stored.author_slug,
        kind=document.kind,
        platform=document.platform,
        published_at=document.published_at,
        score=score,
        similarity=similarity,
        language=stored.enrichment.language or primary_language(document.language),
        topics=stored.enrichment.topics,
        entities=stored.enrichment.entities,
    )


def without_repeats(passages: Sequence[Passage], per_document: int) -> list[Passage]:
    """Return passages without those that repeat one before them, and few of one document.

    A passage repeats another if its text is the same, white space aside, or if it overlaps it by
    more than half in the same version of the same document.

    Args:
        passages: best first.
        per_document: the most of one document.
    """
    kept: list[Passage] = []
    texts: set[str] = set()
    counts: dict[str, int] = {}
    for passage in passages:
        text = " ".join(passage.text.split())
        if text in texts or counts.get(passage.document_id, 0) >= per_document:
            continue
        if any(_overlap(passage, other) for other in kept):
            continue
        texts.add(text)
        counts[passage.document_id] = counts.get(passage.document_id, 0) + 1
        kept.append(passage)
    return kept


def _overlap(one: Passage, other: Passage) -> bool:
    if (one.document_id, one.version) != (other.document_id, other.version):
        return False
    shared = min(one.end, other.end) - max(one.start, other.start)
    return 2 * shared > min(one.end - one.start, other.end - other.start)
