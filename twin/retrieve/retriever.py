"""Retrieve passages: filters, variants, one search a variant, fusion, rerank, context.

In: a question. Out: a `Retrieval`. Each step is timed, and each may fail without losing the answer:
what was skipped stands in the notes. The filters travel beside the question, never inside it, and
the audience is never widened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opentelemetry import trace

from twin.components import Teacher
from twin.documents import Audience
from twin.index.embedder import Embedder
from twin.points import Query, VectorStore
from twin.retrieve.filters import Found, read_filters
from twin.retrieve.fusion import reciprocal_rank
from twin.retrieve.passages import Key, Passage, Retrieval, key_of, resolve, without_repeats
from twin.retrieve.plan import plan_filters
from twin.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

_tracer = trace.get_tracer("twin.retrieve")

RERANKED = 3
"""A reranker reads so many times the passages that are asked for (27 for 9, as in the Handbook)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is searched and returned; the settings under ``retrieve`` say the same."""

    candidates: int = 50
    passages: int = 8
    per_document: int = 3
    token_budget: int = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a retriever works with; the rerankers and the teacher are built when first used."""

    store: VectorStore
    embedder: Embedder
    warehouse: Warehouse
    query_transforms: Callable[[], Sequence[BaseQueryTransform]] = tuple
    rerankers: Sequence[tuple[str, Callable[[], BaseNodePostprocessor]]] = ()
    teacher: Callable[[], Teacher] | None = None


class Retriever:
    """Finds the passages that fit a question.

    Args:
        parts: what it works with.
        limits: how much is searched and returned.
    """

    def __init__(self, parts: Parts, limits: Limits | None = None) -> None:
        self._parts = parts
        self._limits = limits or Limits()
        self._unavailable: dict[str, str] = {}

    def retrieve(
        self,
        question: str,
        *,
        audience: Audience,
        found: Found | None = None,
        passages: int | None = None,
    ) -> Retrieval:
        """Return the passages that fit a question.

        Args:
            question: as it was asked.
            audience: who asks; nothing above it is retrieved.
            found: filters that are given; None reads them out of the question.
            passages: how many; as the limits say by default.
        """
        clock = _Clock()
        notes: list[str] = []
        limit = passages or self._limits.passages
        with _tracer.start_as_current_span("retrieve") as span:
            span.set_attribute("twin.audience", audience.value)
            with clock.step("filters"):
                wanted = found if found is not None else self._filters(question, notes)
            notes += wanted.notes
            with clock.step("variants"):
                asked = self._variants(question, notes)
            with clock.step("embed"):
                queries = self._queries(asked)
            with clock.step("search"):
                ranked, wanted = self._search(queries, wanted, audience, notes)
            with clock.step("resolve"):
                candidates = without_repeats(ranked, self._limits.per_document)
            with clock.step("rerank"):
                ordered = self._rerank(question, candidates[: RERANKED * limit], notes)
            with clock.step("context"):
                kept = self._covered(question, self._within_budget(ordered[:limit]))
            span.set_attribute("twin.passages", len(kept))
        return Retrieval(
            passages=tuple(kept),
            asked=tuple(asked),
            found=wanted,
            audience=audience,
            timings=clock.seconds,
            notes=tuple(dict.fromkeys(notes)),
        )

    def _filters(self, question: str, notes: list[str]) -> Found:
        warehouse = self._parts.warehouse
        authors = warehouse.authors()
        platforms = warehouse.platforms()
        today = datetime.now(tz=UTC).date()
        found = read_filters(
            question,
            authors=authors,
            platforms=platforms,
            resolve=warehouse.resolve_author,
            today=today,
        )
        if self._parts.teacher is not None:
            try:
                planned = plan_filters(
                    question,
                    self._parts.teacher(),
                    authors=authors,
                    platforms=platforms,
                    today=today,
                )
            except Exception as error:  # noqa: BLE001 - the boundary of plugins' teachers
                notes.append(f"filters by rules only: {error}")
            else:
                found = _merged(found, planned)
        return found

    def _variants(self, question: str, notes: list[str]) -> list[str]:
        from llama_index.core.schema import QueryBundle  # noqa: PLC0415 - heavy

        bundle = QueryBundle(question)
        try:
            for transform in self._parts.query_transforms():
                bundle = transform.run(bundle)
        except Exception as error:  # noqa: BLE001 - the boundary of plugins' transforms
            notes.append(f"without variants: {error}")
            return [question]
        asked = [text for text in bundle.embedding_strs if text.strip()]
        return list(dict.fromkeys([question, *asked]))

    def _queries(self, asked: Sequence[str]) -> list[Query]:
        embedder = self._parts.embedder
        dense: list[Query] = [embedder.question(text) for text in asked]
        sparse: list[Query] = [embedder.sparse_question(text) for text in asked]
        return [*dense, *sparse]

    def _search(
        self, queries: Sequence[Query], wanted: Found, audience: Audience, notes: list[str]
    ) -> tuple[list[Passage], Found]:
        for attempt, dropped in _widened(wanted):
            passages = self._once(queries, attempt, audience)
            if passages:
                if dropped:
                    which = "that filter was" if len(dropped) == 1 else "those filters were"
                    notes.append(f"nothing was written {' and '.join(dropped)}: {which} dropped")
                return passages, attempt
        return [], wanted

    def _once(self, queries: Sequence[Query], found: Found, audience: Audience) -> list[Passage]:
        hits = self._parts.store.search(queries, found.filters(audience), self._limits.candidates)
        similarities: dict[Key, float] = {}
        for ranking in hits[: len(hits) // 2]:
            for hit in ranking:
                key = key_of(hit.payload)
                similarities[key] = max(similarities.get(key, 0.0), hit.score)
        fused = reciprocal_rank([[key_of(hit.payload) for hit in ranking] for ranking in hits])
        return resolve(fused, similarities, self._parts.warehouse, audience)

    def _rerank(self, question: str, passages: list[Passage], notes: list[str]) -> list[Passage]:
        for name, build in self._parts.rerankers:
            if not passages:
                break
            if name not in self._unavailable:
                try:
                    passages = _reranked(question, passages, build())
                    continue
                except Exception as error:  # noqa: BLE001 - the boundary of plugins' rerankers
                    self._unavailable[name] = str(error)
            notes.append(f"without the reranker {name}: {self._unavailable[name]}")
        return passages

    def _within_budget(self, passages: Sequence[Passage]) -> list[Passage]:
        """Return the passages that fit the token budget, the best one always."""
        kept: list[Passage] = []
        left = self._limits.token_budget
        for passage in passages:
            left -= self._tokens(passage.text)
            if left < 0 and kept:
                break
            kept.append(passage)
        return kept

    def _covered(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        """Return the passages with the share of the question's terms that each of them has."""
        terms = self._parts.embedder.sparse_question
        wanted = set(terms(question).indices)
        return (
            [
                replace(
                    p,
                    coverage=len(wanted & set(terms(f"{p.title}\n{p.text}").indices)) / len(wanted),
                )
                for p in passages
            ]
            if wanted
            else list(passages)
        )

    def _tokens(self, text: str) -> int:
        window = self._parts.embedder.window()
        # Four characters a token is the rule of thumb for English where nothing can count them.
        return len(window.token_spans(text)) if window else len(text) // 4


def _merged(rules: Found, planned: Found) -> Found:
    """Return the teacher's filters where the rules found none."""
    return replace(
        rules,
        authors=rules.authors or planned.authors,
        kinds=rules.kinds or planned.kinds,
        platforms=rules.platforms or planned.platforms,
        since=rules.since if rules.since or rules.until else planned.since,
        until=rules.until if rules.since or rules.until else planned.until,
    )


def _widened(found: Found) -> Iterator[tuple[Found, list[str]]]:
    """Yield the filters as found, and then with one kind of them dropped after the other."""
    dropped: list[str] = []
    yield found, dropped
    if found.since or found.until:
        found = replace(found, since=None, until=None)
        dropped = [*dropped, "in that period"]
        yield found, dropped
    if found.kinds:
        found = replace(found, kinds=())
        dropped = [*dropped, "in that kind of writing"]
        yield found, dropped
    if found.platforms:
        found = replace(found, platforms=())
        dropped = [*dropped, "there"]
        yield found, dropped
    if found.authors:
        yield replace(found, authors=()), [*dropped, "by them"]


def _reranked(
    question: str, passages: Sequence[Passage], reranker: BaseNodePostprocessor
) -> list[Passage]:
    """Return the passages in the order, and with the scores, that a reranker gives them."""
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode  # noqa: PLC0415

    nodes = []
    for number, passage in enumerate(passages):
        metadata = {
            "title": passage.title,
            "author": passage.author,
            "kind": passage.kind.value,
            "platform": passage.platform,
            "published_at": passage.published_at,
        }
        node = TextNode(
            id_=str(number),
            text=passage.text,
            metadata=metadata,
            # The title belongs to what is read; the rest is for rerankers that ask for it.
            excluded_embed_metadata_keys=[key for key in metadata if key != "title"],
        )
        nodes.append(NodeWithScore(node=node, score=passage.score))
    ordered = reranker.postprocess_nodes(nodes, query_bundle=QueryBundle(question))
    # Whatever a plugin makes of the scores, a passage comes once, and JSON knows no NaN.
    scores = {int(one.node.node_id): float(one.score or 0.0) for one in reversed(ordered)}
    return [
        replace(passages[number], score=score if math.isfinite(score) else 0.0)
        for number, score in reversed(scores.items())
    ]


class _Clock:
    """Times steps, and opens a span for each."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        with _tracer.start_as_current_span(name):
            yield
        self.seconds[name] = time.perf_counter() - begun
