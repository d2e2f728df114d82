"""A Qdrant server: the store for whoever outgrows the embedded one.

In: points and queries. Out: hits, over REST or gRPC by qdrant-client. The points are the same as in
the embedded store. The same code runs against the client's in-memory mode, which is how it is
tested: no server binary can be had where this project is built.
"""

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twin.errors import IndexError as TwinIndexError
from twin.errors import IndexMismatch
from twin.index.payloads import (
    DENSE,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    MISMATCH_HINT,
    SPARSE,
    AnyOf,
    Between,
    NoneOf,
    conditions,
    from_fields,
    mismatch,
    to_fields,
)
from twin.points import CollectionInfo, Filters, Hit, Payload, Point, Query, SparseVector

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

_PAGE = 1000
_BATCH = 256


class QdrantServerStore:
    """A collection on a server.

    Args:
        client: a connected client; the store closes it.
        collection: the name of the collection.
        where: how errors name the server.
        in_memory: whether the client keeps the points itself; it then has no payload indexes, and
            only one thread may use it at once.
    """

    def __init__(
        self,
        client: "QdrantClient",
        collection: str,
        where: str,
        *,
        in_memory: bool = False,
    ) -> None:
        self._client = client
        self._in_memory = in_memory
        self._turn = threading.RLock() if in_memory else contextlib.nullcontext()
        self._collection = collection
        self._where = f"the collection {collection!r} of {where}"

    def info(self) -> CollectionInfo | None:
        """Return what the collection was made with, None if there is none."""
        with self._told():
            if not self._client.collection_exists(self._collection):
                return None
            metadata = self._client.get_collection(self._collection).config.metadata or {}
        try:
            return CollectionInfo(
                embedder=metadata["embedder"],
                dimension=int(metadata["dimension"]),
                sparse=metadata["sparse"],
            )
        except KeyError as error:
            message = f"{self._where} was not made by twin: it records no {error}"
            raise TwinIndexError(message, "give the twin a collection of its own") from error

    def ensure(self, info: CollectionInfo) -> None:
        """Make the collection, or check that it was made with the same."""
        from qdrant_client import models  # noqa: PLC0415 - half a second

        found = self.info()
        if found is not None:
            if difference := mismatch(found, info, self._where):
                raise IndexMismatch(difference, MISMATCH_HINT)
            return
        with self._told():
            self._client.create_collection(
                self._collection,
                vectors_config={
                    DENSE: models.VectorParams(size=info.dimension, distance=models.Distance.COSINE)
                },
                sparse_vectors_config={
                    SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)
                },
                metadata={
                    "embedder": info.embedder,
                    "dimension": info.dimension,
                    "sparse": info.sparse,
                },
            )
            for field in KEYWORD_FIELDS:
                self._index_field(field, models.PayloadSchemaType.KEYWORD)
            for field in INTEGER_FIELDS:
                self._index_field(field, models.PayloadSchemaType.INTEGER)

    def upsert(self, points: Sequence[Point]) -> None:
        """Insert points, or replace those with the same id."""
        from qdrant_client import models  # noqa: PLC0415

        rows = [
            models.PointStruct(
                id=point.id,
                vector={
                    DENSE: list(point.dense),
                    SPARSE: models.SparseVector(
                        indices=list(point.sparse.indices), values=list(point.sparse.values)
                    ),
                },
                payload=to_fields(point.payload),
            )
            for point in points
        ]
        with self._told():
            for start in range(0, len(rows), _BATCH):
                part = rows[start : start + _BATCH]
                self._client.upsert(self._collection, part, wait=True)

    def set_payload(self, payloads: Mapping[str, Payload]) -> None:
        """Replace the payload of existing points."""
        from qdrant_client import models  # noqa: PLC0415

        operations: list[Any] = [
            models.OverwritePayloadOperation(
                overwrite_payload=models.SetPayload(payload=to_fields(payload), points=[identity])
            )
            for identity, payload in payloads.items()
        ]
        with self._told():
            for start in range(0, len(operations), _BATCH):
                part = operations[start : start + _BATCH]
                self._client.batch_update_points(self._collection, part, wait=True)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""
        from qdrant_client import models  # noqa: PLC0415

        if ids:
            with self._told():
                chosen = models.PointIdsList(points=list(ids))
                self._client.delete(self._collection, chosen, wait=True)

    def points_of(self, document_ids: Sequence[str]) -> Mapping[str, Mapping[str, Payload]]:
        """Return the payloads of all points of some documents, by document and point id."""
        found: dict[str, dict[str, Payload]] = {identity: {} for identity in document_ids}
        if document_ids:
            wanted = _filter([AnyOf("document_id", tuple(document_ids))])
            for identity, payload in self._scroll(wanted):
                found[payload.document_id][identity] = payload
        return found

    def scroll(self) -> Iterator[tuple[str, Payload]]:
        """Yield every point's id and payload."""
        yield from self._scroll(None)

    def search(self, queries: Sequence[Query], filters: Filters, limit: int) -> list[list[Hit]]:
        """Return the best hits of each query, all sent as one batch."""
        from qdrant_client import models  # noqa: PLC0415

        if not queries:
            return []
        allowed = _filter(conditions(filters))
        requests = [
            models.QueryRequest(
                query=_vector(query),
                using=SPARSE if isinstance(query, SparseVector) else DENSE,
                filter=allowed,
                limit=limit,
                with_payload=True,
            )
            for query in queries
        ]
        with self._told():
            found = self._client.query_batch_points(self._collection, requests)
        return [
            [Hit(str(point.id), point.score, from_fields(point.payload)) for point in one.points]
            for one in found
        ]

    def count(self) -> int:
        """Return the number of points."""
        with self._told():
            return self._client.count(self._collection, exact=True).count

    def clear(self) -> None:
        """Delete the collection with all its points."""
        with self._told():
            self._client.delete_collection(self._collection)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _index_field(self, field: str, kind: "models.PayloadSchemaType") -> None:
        if not self._in_memory:
            self._client.create_payload_index(self._collection, field, kind, wait=True)

    def _scroll(self, wanted: "models.Filter | None") -> Iterator[tuple[str, Payload]]:
        offset: Any = None
        while True:
            with self._told():
                records, offset = self._client.scroll(
                    self._collection,
                    scroll_filter=wanted,
                    limit=_PAGE,
                    offset=offset,
                    with_payload=True,
                )
            for record in records:
                yield str(record.id), from_fields(record.payload)
            if offset is None:
                return

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the client's exceptions into ones that name the collection."""
        from qdrant_client.http.exceptions import ApiException  # noqa: PLC0415

        try:
            with self._turn:
                yield
        except (ApiException, OSError, ValueError) as error:
            message = f"{self._where} cannot be used: {error}"
            raise TwinIndexError(message, "is the server up, and is the key right?") from error


def _vector(query: Query) -> Any:
    from qdrant_client import models  # noqa: PLC0415

    if isinstance(query, SparseVector):
        return models.SparseVector(indices=list(query.indices), values=list(query.values))
    return list(query)


def _filter(found: Sequence[AnyOf | NoneOf | Between]) -> "models.Filter | None":
    from qdrant_client import models  # noqa: PLC0415

    must: list[Any] = []
    must_not: list[Any] = []
    for condition in found:
        if isinstance(condition, Between):
            bounds = models.Range(gte=condition.low, lt=condition.high)
            must.append(models.FieldCondition(key=condition.field, range=bounds))
        else:
            match = models.MatchAny(any=[str(value) for value in condition.values])
            side = must if isinstance(condition, AnyOf) else must_not
            side.append(models.FieldCondition(key=condition.field, match=match))
    return models.Filter(must=must, must_not=must_not) if found else None
