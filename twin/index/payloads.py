"""How a payload is written into Qdrant, and which conditions a filter becomes.

In: `Payload` and `Filters`. Out: plain values and neutral conditions, so that the embedded store
and the server speak of the same fields, and a collection of one can be read by the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.documents import Audience, Kind
from twin.errors import IndexError as TwinIndexError
from twin.points import CollectionInfo, Filters, Payload

DENSE = "dense"
SPARSE = "sparse"

KEYWORD_FIELDS = (
    "document_id",
    "author",
    "kind",
    "platform",
    "audience",
    "language",
    "topics",
    "entities",
)
INTEGER_FIELDS = ("published",)


def to_fields(payload: Payload) -> dict[str, Any]:
    """Return a payload as JSON values; what is unknown is left out."""
    fields: dict[str, Any] = {
        "document_id": payload.document_id,
        "version": payload.version,
        "start": payload.start,
        "end": payload.end,
        "passage_start": payload.passage_start,
        "passage_end": payload.passage_end,
        "author": payload.author,
        "kind": payload.kind.value,
        "platform": payload.platform,
        "audience": payload.audience.value,
        "source": payload.source,
        "embedded_hash": payload.embedded_hash,
    }
    if payload.published is not None:
        fields["published"] = payload.published
    if payload.tags:
        fields["tags"] = list(payload.tags)
    if payload.language:
        fields["language"] = payload.language
    if payload.topics:
        fields["topics"] = list(payload.topics)
    if payload.entities:
        fields["entities"] = list(payload.entities)
    return fields


def from_fields(fields: Mapping[str, Any] | None) -> Payload:
    """Return the payload that `to_fields` wrote.

    Raises:
        IndexError: if a point was not written by twin.
    """
    try:
        values = dict(fields or {})
        return Payload(
            document_id=values["document_id"],
            version=int(values["version"]),
            start=int(values["start"]),
            end=int(values["end"]),
            passage_start=int(values["passage_start"]),
            passage_end=int(values["passage_end"]),
            author=values["author"],
            kind=Kind(values["kind"]),
            platform=values["platform"],
            audience=Audience(values["audience"]),
            source=values["source"],
            embedded_hash=values["embedded_hash"],
            published=values.get("published"),
            tags=tuple(values.get("tags", ())),
            language=values.get("language", ""),
            topics=tuple(values.get("topics", ())),
            entities=tuple(values.get("entities", ())),
        )
    except (KeyError, ValueError, TypeError) as error:
        message = f"the collection holds a point that twin did not write ({error!r})"
        raise TwinIndexError(message, "give the twin a collection of its own") from error


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field has one of the values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoneOf:
    """The field has none of the values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """The field is at least `low` and less than `high`; None leaves an end open."""

    field: str
    low: int | None
    high: int | None


def conditions(filters: Filters) -> list[AnyOf | NoneOf | Between]:
    """Return the conditions that must all hold; what the audience may not see is one of them.

    It is said in the shortest way, because a condition that nearly every point fulfils is what a
    search spends most of its time on: nothing where everything may be seen. Every point has an
    audience, and `from_fields` refuses one that has none that is known.
    """
    visible = filters.audience.visible
    hidden = tuple(audience for audience in Audience if audience not in visible)
    found: list[AnyOf | NoneOf | Between] = []
    if hidden and len(visible) <= len(hidden):
        found.append(AnyOf("audience", visible))
    elif hidden:
        found.append(NoneOf("audience", hidden))
    found += [
        AnyOf(field, values)
        for field, values in (
            ("author", filters.authors),
            ("kind", tuple(kind.value for kind in filters.kinds)),
            ("platform", filters.platforms),
            ("language", filters.languages),
            ("topics", filters.topics),
            ("entities", filters.entities),
            ("document_id", filters.document_ids),
        )
        if values
    ]
    if filters.since is not None or filters.until is not None:
        found.append(Between("published", filters.since, filters.until))
    return found


def mismatch(found: CollectionInfo, wanted: CollectionInfo, where: str) -> str:
    """Return what differs between a collection and what is wanted of it; empty if nothing does."""
    differing = [
        f"{label} {have!r}, and {want!r} is set"
        for label, have, want in (
            ("the embedder", found.embedder, wanted.embedder),
            ("dimension", found.dimension, wanted.dimension),
            ("the keyword encoder", found.sparse, wanted.sparse),
        )
        if have != want
    ]
    return f"{where} was made with {'; '.join(differing)}" if differing else ""


MISMATCH_HINT = (
    "set the old embedder again in twin.toml, or make the index anew with `twin sync --rebuild`"
)
