"""Other ways of asking a question, written by the teacher.

In: a question. Out: a LlamaIndex query bundle whose ``embedding_strs`` are the question and its
variants; each is searched on its own, and the results are fused.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from twin.components import BuildContext, Options, QueryTransformComponent, Teacher
from twin.prompts import prompt

if TYPE_CHECKING:
    from llama_index.core.indices.query.query_transform.base import BaseQueryTransform


class VariantsOptions(Options):
    """Options of the variants."""

    count: int = Field(default=3, ge=1, le=10, description="How many besides the question itself.")


class Variants(BaseModel):
    """The form that the teacher fills in."""

    queries: list[str] = Field(description="Search queries, each on its own.")


@cache
def _transform_class() -> Any:
    from llama_index.core.indices.query.query_transform.base import (  # noqa: PLC0415 - heavy
        BaseQueryTransform,
    )
    from llama_index.core.schema import QueryBundle  # noqa: PLC0415

    class VariantsTransform(BaseQueryTransform):
        """Adds the teacher's variants to the question."""

        def __init__(self, teacher: Teacher, count: int) -> None:
            super().__init__()
            self._teacher = teacher
            self._count = count

        def _get_prompts(self) -> dict[str, Any]:
            return {}

        def _update_prompts(self, prompts: Any) -> None:
            del prompts

        def _run(self, query_bundle: QueryBundle, metadata: dict[str, Any]) -> QueryBundle:
            del metadata
            question = query_bundle.query_str
            system = prompt("variants").fill(count=str(self._count))
            written = self._teacher.structured(Variants, system, question).queries
            queries = dict.fromkeys(q.strip() for q in written if q.strip())
            queries.pop(question, None)
            asked = [question, *list(queries)[: self._count]]
            return QueryBundle(query_str=question, custom_embedding_strs=asked)

    return VariantsTransform


def _build(options: VariantsOptions, ctx: BuildContext) -> BaseQueryTransform:
    transform: BaseQueryTransform = _transform_class()(ctx.get_teacher(), options.count)
    return transform


COMPONENTS = (
    QueryTransformComponent(
        name="variants",
        summary="Other ways of asking the question, by the teacher model",
        options=VariantsOptions,
        build=_build,
    ),
)
