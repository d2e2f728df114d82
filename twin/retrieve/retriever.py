"""Retrieve passages: filters, variants, one search a variant, fusion, rerank, context.

In: a question. Out: a `Retrieval`. Each step is timed, and each may fail without losing the answer:
what was skipped stands in the notes. The filters travel beside the question, never inside it, and
the audience is never widened.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Span

from twin.components import Teacher
from twin.documents import Audience
from twin.index.embedder import Embedder
from twin.points import Query, VectorStore
from twin.retrieve import preferring, traced
from twin.retrieve.filters import EVERYTHING, Found, read_filters
from twin.retrieve.fusion import fuse
from twin.retrieve.names import KnownNames
from twin.retrieve.passages import Key, Passage, Retrieval, key_of, resolve, without_repeats
from twin.retrieve.plan import plan_filters
from twin.retrieve.rerank import Rerankers
from twin.warehouse.protocol import Warehouse

if TYPE_CHECKING:
    from llama_index.core.indices.query.query_transform.base import BaseQueryTransform
    from llama_index.core.postprocessor.types import BaseNodePostprocessor

_tracer = trace.get_tracer("twin.retrieve")

COUNTED = 4096
"""Passages whose tokens are remembered."""

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
    """What a retriever works with; the rerankers and the teacher are built when first used.

    Attributes:
        mask: hides personal data in a question before the teacher reads it.
        own_work: held while a thread works without waiting for a model, so that few do so at once.
    """

    store: VectorStore
    embedder: Embedder
    warehouse: Warehouse
    query_transforms: Callable[[], Sequence[BaseQueryTransform]] = tuple
    rerankers: Sequence[tuple[str, Callable[[], BaseNodePostprocessor]]] = ()
    teacher: Callable[[], Teacher] | None = None
    also_at: Callable[[str, Audience], tuple[str, ...]] = lambda _document, _audience: ()
    mask: Callable[[str], str] = str
    own_work: AbstractContextManager[object] = field(default_factory=nullcontext)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searching:
    """Which steps one retrieval takes.

    Attributes:
        expand: whether variants are searched for.
        rerank: whether the rerankers order what was found.
        within: filters that somebody chose: they narrow those of the question and are never dropped.
    """

    expand: bool = True
    rerank: bool = True
    within: Found = EVERYTHING


@dataclass(frozen=True, slots=True)
class _Searched:
    """What is searched for: one query a variant and kind of search, for whom, and how many."""

    asked: Sequence[str]
    queries: Sequence[Query]
    audience: Audience
    most: int


class Retriever:
    """Finds the passages that fit a question.

    Args:
        parts: what it works with.
        limits: how much is searched and returned.
    """

    def __init__(self, parts: Parts, limits: Limits | None = None) -> None:
        self._parts = parts
        self._limits = limits or Limits()
        self._names = KnownNames(parts.warehouse)
        self._rerankers = Rerankers(parts.rerankers)
        # Counting is a third of a retrieval's own work, and the same passages come again and again.
        self._tokens = lru_cache(COUNTED)(self._counted)

    def retrieve(
        self,
        question: str,
        *,
        audience: Audience,
        found: Found | None = None,
        passages: int | None = None,
        searching: Searching | None = None,
    ) -> Retrieval:
        """Return the passages that fit a question.

        Args:
            question: as it was asked.
            audience: who asks; nothing above it is retrieved.
            found: filters that are given; None reads them out of the question.
            passages: how many; as the limits say by default.
            searching: which steps are taken, and within which filters.
        """
        how = searching or Searching()
        clock = _Clock()
        notes: list[str] = []
        limit = passages or self._limits.passages
        with _tracer.start_as_current_span("retrieve") as span:
            with clock.step("filters") as step:
                wanted = found if found is not None else self._filters(question, audience, notes)
                traced.filtered(step, question, wanted.within(how.within))
            notes += wanted.notes
            with clock.step("variants") as step:
                asked = self._variants(question, notes) if how.expand else [question]
                traced.varied(step, question, asked)
            with self._parts.own_work:
                with clock.step("embed") as step:
                    queries = self._queries(asked)
                    traced.embedded(step, self._parts.embedder.fingerprint, asked)
                searched = _Searched(asked, queries, audience, RERANKED * limit)
                candidates, wanted = self._search(searched, wanted, how.within, clock, notes)
            with clock.step("rerank") as step:
                ordered = (
                    self._rerankers.reorder(question, candidates, notes)
                    if how.rerank
                    else candidates
                )
                names = self._rerankers.names if how.rerank else ()
                traced.reranked(step, question, names, candidates, ordered)
            with self._parts.own_work, clock.step("context") as step:
                kept = self._covered(question, self._within_budget(ordered[:limit]))
                traced.kept(step, kept)
            retrieval = Retrieval(
                passages=tuple(
                    replace(one, also_at=self._parts.also_at(one.document_id, audience))
                    for one in kept
                ),
                asked=tuple(asked),
                found=wanted,
                audience=audience,
                timings=clock.seconds,
                notes=tuple(dict.fromkeys(notes)),
            )
            traced.retrieved(span, question, retrieval)
        return retrieval

    def _filters(self, question: str, audience: Audience, notes: list[str]) -> Found:
        names = self._names.to(audience)
        today = datetime.now(tz=UTC).date()
        found = read_filters(
            question,
            authors=names.authors,
            platforms=names.platforms,
            resolve=names.resolve,
            today=today,
        )
        if self._parts.teacher is not None:
            try:
                planned = plan_filters(
                    self._parts.mask(question),
                    self._parts.teacher(),
                    authors=names.authors,
                    platforms=names.platforms,
                    today=today,
                )
            except Exception as error:  # noqa: BLE001 - the boundary of plugins' teachers
                notes.append(f"filters by rules only: {error}")
            else:
                found = found.completed(planned)
        return found

    def _variants(self, question: str, notes: list[str]) -> list[str]:
        from llama_index.core.schema import QueryBundle  # noqa: PLC0415 - heavy

        masked = self._parts.mask(question)
        bundle = QueryBundle(masked)
        try:
            for transform in self._parts.query_transforms():
                bundle = transform.run(bundle)
        except Exception as error:  # noqa: BLE001 - the boundary of plugins' transforms
            notes.append(f"without variants: {error}")
            return [question]
        asked = [text for text in bundle.embedding_strs if text.strip() and text != masked]
        return list(dict.fromkeys([question, *asked]))

    def _queries(self, asked: Sequence[str]) -> list[Query]:
        embedder = self._parts.embedder
        dense: list[Query] = [embedder.question(text) for text in asked]
        sparse: list[Query] = [embedder.sparse_question(text) for text in asked]
        return [*dense, *sparse]

    def _search(
        self,
        searched: _Searched,
        wanted: Found,
        within: Found,
        clock: _Clock,
        notes: list[str],
    ) -> tuple[list[Passage], Found]:
        for read, dropped in wanted.widened():
            # What somebody chose holds, whatever is dropped of what the question states.
            attempt = read.within(within)
            with clock.step("search") as step:
                fused, similarities = self._fused(searched, attempt, step)
            with clock.step("resolve"):
                passages = self._resolved(searched, fused, similarities)
            if passages:
                if dropped:
                    which = "that filter was" if len(dropped) == 1 else "those filters were"
                    notes.append(f"nothing was written {' and '.join(dropped)}: {which} dropped")
                notes += attempt.notes
                return passages, attempt
        return [], wanted.within(within)

    def _fused(
        self, searched: _Searched, found: Found, span: Span
    ) -> tuple[list[tuple[Key, float]], dict[Key, float]]:
        """Return the passages that the searches found, best first, and the cosine of each."""
        limit = self._limits.candidates
        begun = time.time_ns()
        filters = found.filters(searched.audience)
        hits = preferring.search(
            self._parts.store, searched.queries, filters, found.preferred, limit
        )
        times = (begun, time.time_ns())
        pairs = zip(searched.queries, hits, strict=False)
        traced.searched(_tracer, span, searched.asked, pairs, times)
        searches = [[(key_of(hit.payload), hit.score) for hit in search] for search in hits]
        similarities: dict[Key, float] = {}
        for search in searches[: len(searches) // 2]:
            for key, score in search:
                similarities[key] = max(similarities.get(key, 0.0), score)
        with _tracer.start_as_current_span("fusion") as step:
            ranked = preferring.put_forward(fuse(searches, limit), hits, found.preferred)
            traced.fused(step, searches, ranked)
        return ranked, similarities

    def _resolved(
        self,
        searched: _Searched,
        fused: Sequence[tuple[Key, float]],
        similarities: Mapping[Key, float],
    ) -> list[Passage]:
        """Return as many passages as are wanted; no more documents are read than it takes."""
        ranked: list[Passage] = []
        kept: list[Passage] = []
        for start in range(0, len(fused), searched.most):
            part = fused[start : start + searched.most]
            ranked += resolve(part, similarities, self._parts.warehouse, searched.audience)
            kept = without_repeats(ranked, self._limits.per_document)
            if len(kept) >= searched.most:
                break
        return kept[: searched.most]

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

    def _counted(self, text: str) -> int:
        window = self._parts.embedder.window()
        # Four characters a token is the rule of thumb for English where nothing can count them.
        return len(window.token_spans(text)) if window else len(text) // 4


class _Clock:
    """Times steps, and opens a span for each."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Span]:
        begun = time.perf_counter()
        with _tracer.start_as_current_span(name) as span:
            yield span
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun
