"""What a span says: attributes by the conventions of OpenInference, OTel GenAI and Langfuse.

In: spans of opentelemetry-api and what happened in them. Out: attributes. Where spans go is decided
in `twin.observe`; as long as nobody watches, a span does not record, and nothing is computed for it.

The same thing has a name in each convention, so that Langfuse, Phoenix and any OTel backend show it:
https://arize-ai.github.io/openinference/spec/semantic_conventions.html,
https://opentelemetry.io/docs/specs/semconv/gen-ai/, https://langfuse.com/integrations/native/opentelemetry
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from opentelemetry import context, trace
from opentelemetry.trace import Span, Status, StatusCode, format_trace_id

_USER: Final = context.create_key("twin.user")
_SESSION: Final = context.create_key("twin.session")
Item = TypeVar("Item")
End = TypeVar("End")

Value = str | bool | int | float | Sequence[str] | Sequence[int] | Sequence[float]


class Kind(StrEnum):
    """What a step is, as OpenInference calls it."""

    CHAIN = "CHAIN"
    RETRIEVER = "RETRIEVER"
    EMBEDDING = "EMBEDDING"
    RERANKER = "RERANKER"
    PROMPT = "PROMPT"
    LLM = "LLM"
    GUARDRAIL = "GUARDRAIL"


_LANGFUSE_TYPES: Final = {
    Kind.CHAIN: "chain",
    Kind.RETRIEVER: "retriever",
    Kind.EMBEDDING: "embedding",
    Kind.LLM: "generation",
    Kind.GUARDRAIL: "guardrail",
}


@contextmanager
def asked_by(*, user: str = "", session: str = "") -> Iterator[None]:
    """Name the person and the conversation in every span that begins inside, in this thread.

    Args:
        user: who asks; empty if nobody logged in.
        session: the conversation that the turn belongs to.
    """
    current = context.get_current()
    for key, value in ((_USER, user), (_SESSION, session)):
        if value:
            current = context.set_value(key, value, current)
    token = context.attach(current)
    try:
        yield
    finally:
        context.detach(token)


def asker(given: context.Context | None = None) -> dict[str, str]:
    """Return the attributes that name who asks, as `asked_by` said it."""
    user, session = context.get_value(_USER, given), context.get_value(_SESSION, given)
    named: dict[str, str] = {}
    if user:
        named |= {"user.id": str(user), "langfuse.user.id": str(user)}
    if session:
        named |= {
            "session.id": str(session),
            "langfuse.session.id": str(session),
            "gen_ai.conversation.id": str(session),
        }
    return named


def trace_id(span: Span) -> str:
    """Return the id of a span's trace, 32 hexadecimal digits; empty if nobody watches."""
    return format_trace_id(span.get_span_context().trace_id) if span.is_recording() else ""


def describe(
    span: Span, kind: Kind, *, given: object = None, gave: object = None, **attributes: Value
) -> None:
    """Say what a step is, what went in and what came out.

    Args:
        span: of the step.
        kind: what it is.
        given: its input: text, or what JSON can hold.
        gave: its output, likewise.
        attributes: further ones of our own, under ``twin.``.
    """
    if not span.is_recording():
        return
    span.set_attribute("openinference.span.kind", kind.value)
    span.set_attribute("langfuse.observation.type", _LANGFUSE_TYPES.get(kind, "span"))
    for name, value in (("input", given), ("output", gave)):
        if value is None:
            continue
        text = value if isinstance(value, str) else as_json(value)
        span.set_attribute(f"{name}.value", text)
        span.set_attribute(f"langfuse.observation.{name}", text)
        kind_of_text = "text/plain" if isinstance(value, str) else "application/json"
        span.set_attribute(f"{name}.mime_type", kind_of_text)
    put(span, {f"twin.{name}": value for name, value in attributes.items()})


def put(span: Span, attributes: Mapping[str, Any]) -> None:
    """Set attributes, leaving out those that are None."""
    span.set_attributes({key: value for key, value in attributes.items() if value is not None})


def as_json(value: object) -> str:
    """Return a value as JSON, in which text stays legible."""
    return json.dumps(value, ensure_ascii=False, default=str)


def failed(span: Span, error: BaseException) -> None:
    """Say that a step failed, and how."""
    if span.is_recording():
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, str(error)))
        put(
            span,
            {
                "error.type": type(error).__name__,
                "langfuse.observation.level": "ERROR",
                "langfuse.observation.status_message": str(error),
            },
        )


def warned(span: Span, notes: Sequence[str]) -> None:
    """Say what was skipped or taken out, if anything was."""
    if notes and span.is_recording():
        put(
            span,
            {
                "twin.notes": list(notes),
                "langfuse.observation.level": "WARNING",
                "langfuse.observation.status_message": "; ".join(notes),
            },
        )


class Within(Generic[Item, End]):
    """Yield items, each computed while the span is the current one; it is none across a yield.

    Whoever reads may stop, or go on in another thread, so nothing is left current meanwhile. Closing
    this closes what is read; what that returned stands in `value` at the end.
    """

    value: End

    def __init__(self, span: Span, items: Generator[Item, None, End]) -> None:
        self._span = span
        self._items = items

    def __iter__(self) -> Generator[Item, None, None]:
        try:
            while True:
                with trace.use_span(
                    self._span, record_exception=False, set_status_on_exception=False
                ):
                    try:
                        item = next(self._items)
                    except StopIteration as end:
                        self.value = end.value
                        return
                yield item
        finally:
            self._items.close()
