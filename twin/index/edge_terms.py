"""What is asked of Qdrant's engine, in its own terms.

In: the length of vectors, a query, the conditions of filters. Out: how a collection is made, and the
engine's query and filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qdrant_edge as engine

from twin.index.payloads import DENSE, SPARSE, AnyOf, Between, NoneOf
from twin.points import Query, SparseVector


def configuration(dimension: int) -> engine.EdgeConfig:
    """Return what a collection of vectors of a length is made with."""
    dense = engine.EdgeVectorParams(
        size=dimension,
        distance=engine.Distance.Cosine,
        quantization_config=engine.TurboQuantQuantizationConfig(
            bits=engine.TurboQuantBitSize.Bits8
        ),
    )
    sparse = engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)
    # A collection has one segment, which one thread searches anyway. With a pool, whoever asks waits
    # for another thread while it holds Python's lock: where both cores were busy, a search took five
    # times as long (p95), and all other threads waited along.
    return engine.EdgeConfig(
        vectors={DENSE: dense}, sparse_vectors={SPARSE: sparse}, max_search_threads=1
    )


def nearest(query: Query) -> engine.Query:
    """Return the search for what is nearest to a dense or a keyword vector."""
    if isinstance(query, SparseVector):
        vector = engine.SparseVector(list(query.indices), list(query.values))
        return engine.Query.Nearest(vector, using=SPARSE)
    return engine.Query.Nearest(list(query), using=DENSE)


def filter_of(found: Sequence[AnyOf | NoneOf | Between]) -> engine.Filter | None:
    """Return conditions as one filter, None if there are none."""
    must: list[Any] = []
    must_not: list[Any] = []
    for condition in found:
        if isinstance(condition, Between):
            bounds = engine.RangeFloat(gte=condition.low, lt=condition.high)
            must.append(engine.FieldCondition(key=condition.field, range=bounds))
        else:
            values = [str(value) for value in condition.values]
            # A single value has a way of its own, which takes a fifth less.
            match = engine.MatchValue(values[0]) if len(values) == 1 else engine.MatchAny(values)
            side = must if isinstance(condition, AnyOf) else must_not
            side.append(engine.FieldCondition(key=condition.field, match=match))
    return engine.Filter(must=must, must_not=must_not) if found else None
