"""What the spans of a retrieval say: the question, each search, and which passages came of it.

In: spans and what happened in them. Out: attributes of `twin.tracing`. Nothing is computed as long as
nobody watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opentelemetry.trace import Span, Tracer

from twin.points import Hit, Query, SparseVector
from twin.retrieve.filters import Found
from twin.retrieve.passages import Key, Passage, Retrieval
from twin.tracing import Kind, as_json, describe, put, warned

_Ranked = tuple[Key, float]

SHOWN = 10
"""Hits of a single search that are listed."""


def place(passage: Passage) -> str:
    """Return where a passage lies: document, version and span."""
    return f"{passage.document_id}@{passage.version}:{passage.start}-{passage.end}"


def retrieved(span: Span, question: str, retrieval: Retrieval) -> None:
    """Describe a whole retrieval."""
    if not span.is_recording():
        return
    passages = retrieval.passages
    audience = retrieval.audience.value
    describe(
        span,
        Kind.RETRIEVER,
        given=question,
        gave=_listed(passages),
        audience=audience,
        passages=len(passages),
        documents=[place(one) for one in passages],
    )
    put(span, _documents("retrieval.documents", passages, content=True))
    warned(span, retrieval.notes)


def filtered(span: Span, question: str, found: Found) -> None:
    """Describe what was read out of the question."""
    if not span.is_recording():
        return
    kinds = [kind.value for kind in found.kinds]
    gave = {
        "authors": found.authors,
        "platforms": found.platforms,
        "kinds": kinds,
        "since": found.since,
        "until": found.until,
    }
    describe(span, Kind.CHAIN, given=question, gave=gave, kinds=kinds)
    put(span, {"twin.since": found.since, "twin.until": found.until})


def varied(span: Span, question: str, asked: Sequence[str]) -> None:
    """Describe the ways of asking."""
    if span.is_recording():
        describe(span, Kind.CHAIN, given=question, gave=list(asked), variants=len(asked) - 1)


def embedded(span: Span, model: str, asked: Sequence[str]) -> None:
    """Describe the embedding of the question and its variants."""
    if span.is_recording():
        describe(span, Kind.EMBEDDING, given=list(asked), texts=len(asked))
        texts = {f"embedding.embeddings.{n}.embedding.text": text for n, text in enumerate(asked)}
        put(span, {"embedding.model_name": model, **texts})


def searched(
    tracer: Tracer,
    span: Span,
    asked: Sequence[str],
    searches: Iterable[tuple[Query, Sequence[Hit]]],
    times: tuple[int, int],
) -> None:
    """Describe the searches, one below another.

    The store answers all of them in one call, so each has the times of that call.

    Args:
        tracer: opens a span for each.
        span: of the call, the current one.
        asked: the ways of asking; the queries are those by meaning, then those by words.
        searches: each query with what it found.
        times: begin and end of the call, nanoseconds since 1970.
    """
    if not span.is_recording():
        return
    describe(span, Kind.CHAIN, given=list(asked))
    for number, (query, hits) in enumerate(searches):
        kind = "words" if isinstance(query, SparseVector) else "meaning"
        one = tracer.start_span(f"search by {kind}", start_time=times[0])
        found = [{"document_id": h.payload.document_id, "score": h.score} for h in hits[:SHOWN]]
        text = asked[number % len(asked)]
        describe(one, Kind.RETRIEVER, given=text, gave=found, search=kind, hits=len(hits))
        put(
            one,
            {
                f"retrieval.documents.{n}.document.{name}": value
                for n, hit in enumerate(hits[:SHOWN])
                for name, value in (("id", hit.payload.document_id), ("score", hit.score))
            },
        )
        one.end(times[1])


def fused(span: Span, searches: Sequence[Sequence[_Ranked]], ranked: Sequence[_Ranked]) -> None:
    """Describe how the searches became one list."""
    if span.is_recording():
        hits = [len(search) for search in searches]
        describe(span, Kind.CHAIN, gave=[[*key, score] for key, score in ranked[:SHOWN]])
        put(span, {"twin.searches": len(searches), "twin.hits": hits, "twin.fused": len(ranked)})


def reranked(
    span: Span,
    question: str,
    names: Sequence[str],
    before: Sequence[Passage],
    after: Sequence[Passage],
) -> None:
    """Describe how the rerankers changed the order."""
    if not span.is_recording():
        return
    describe(span, Kind.RERANKER, given=question, gave=_listed(after), rerankers=list(names))
    put(
        span,
        {
            "reranker.query": question,
            "reranker.top_k": len(after),
            "reranker.model_name": ", ".join(names) or None,
            **_documents("reranker.input_documents", before),
            **_documents("reranker.output_documents", after),
        },
    )


def kept(span: Span, passages: Sequence[Passage]) -> None:
    """Describe what of it fits into the context."""
    if span.is_recording():
        describe(span, Kind.CHAIN, gave=_listed(passages), passages=len(passages))


def _listed(passages: Sequence[Passage]) -> list[dict[str, object]]:
    return [
        {
            "title": one.title,
            "date": (one.published_at or "")[:10],
            "place": place(one),
            "score": round(one.score, 4),
            "similarity": round(one.similarity, 4),
        }
        for one in passages
    ]


def _documents(
    prefix: str, passages: Sequence[Passage], *, content: bool = False
) -> dict[str, object]:
    """Return passages as OpenInference lists documents."""
    said: dict[str, object] = {}
    for number, passage in enumerate(passages):
        begun = f"{prefix}.{number}.document"
        said[f"{begun}.id"] = passage.document_id
        said[f"{begun}.score"] = passage.score
        if content:
            said[f"{begun}.content"] = passage.text
            known = {
                "version": passage.version,
                "start": passage.start,
                "end": passage.end,
                "title": passage.title,
                "url": passage.url,
                "kind": passage.kind.value,
                "published_at": passage.published_at,
            }
            said[f"{begun}.metadata"] = as_json(known)
    return said
