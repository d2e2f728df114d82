"""Spans on their way out: whose they are, what of them may be told, and where they are kept.

In: spans as they end. Out: OTLP bodies in outboxes. This module needs the extra `trace`; it is
imported only when a server is named.
"""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import (
    Event,
    ReadableSpan,
    SpanLimits,
    SpanProcessor,
    TracerProvider,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from twin.observe.outbox import Body, Outbox
from twin.tracing import asker

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span
    from opentelemetry.util.types import Attributes

_log = logging.getLogger("twin.observe")

DELAY_MS = 1000
"""Milliseconds that spans are gathered before they are kept."""

WAITING, TOGETHER = 16_384, 128
"""Spans that wait in memory; spans of one body, some four turns."""

ATTRIBUTES = 1024
"""Of one span. The SDK's 128 would cut the list of passages that a reranker is given."""

SCOPES = ("twin", "openinference")
"""Whose spans are told. Others in this process (a web framework's) are none of ours to give away."""

_HARMLESS = frozenset(
    {
        "error.type",
        "exception.type",
        "gen_ai.conversation.id",
        "gen_ai.operation.name",
        "gen_ai.prompt.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.model",
        "langfuse.environment",
        "langfuse.observation.completion_start_time",
        "langfuse.observation.level",
        "langfuse.observation.metadata.documents",
        "langfuse.observation.model.name",
        "langfuse.observation.model.parameters",
        "langfuse.observation.prompt.name",
        "langfuse.observation.type",
        "langfuse.observation.usage_details",
        "langfuse.release",
        "langfuse.session.id",
        "langfuse.trace.name",
        "langfuse.trace.tags",
        "langfuse.version",
        "embedding.model_name",
        "llm.invocation_parameters",
        "llm.model_name",
        "llm.prompt_template.version",
        "llm.provider",
        "openinference.span.kind",
        "reranker.model_name",
        "session.id",
        "twin.adapter",
        "twin.audience",
        "twin.documents",
        "twin.kinds",
        "twin.model",
        "twin.prompt",
        "twin.prompt_origin",
        "twin.rerankers",
        "twin.search",
        "twin.since",
        "twin.until",
    }
)
"""Attributes whose text tells nothing of what was asked, written or answered. What is not named here
is left out when `content` is off, so that a new attribute is silent until somebody has thought of it."""

_IDENTIFIER = ".document.id"

_PEOPLE = frozenset({"langfuse.user.id", "user.id"})
"""Attributes that name somebody; with `content` off, a pseudonym stands in their place."""


def without_texts(attributes: Attributes, pseudonym: Callable[[str], str]) -> Attributes:
    """Return numbers, and the texts that are known to hold no words of anybody's; people by pseudonym."""
    people = {
        key: pseudonym(str(value)) for key, value in (attributes or {}).items() if key in _PEOPLE
    }
    return people | {
        key: value
        for key, value in (attributes or {}).items()
        if isinstance(value, bool | int | float)
        or key in _HARMLESS
        or key.endswith(_IDENTIFIER)
        or (isinstance(value, Sequence) and all(isinstance(one, int | float) for one in value))
    }


def with_masks(
    attributes: Attributes, masked: Callable[[Any], Any], pseudonym: Callable[[str], str]
) -> Attributes:
    """Return attributes with personal data masked; whoever is named by such, by pseudonym."""
    told: dict[str, Any] = {}
    for key, value in (attributes or {}).items():
        kept = key in _HARMLESS or key.endswith(_IDENTIFIER)
        told[key] = value if kept else masked(value)
        if key in _PEOPLE and told[key] != value:
            told[key] = pseudonym(str(value))
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What of a span may be told.

    Attributes:
        content: whether texts may be.
        mask: hides personal data in the value of an attribute; None hides none.
        pseudonym: what people are called where they may not be named.
    """

    content: bool = True
    mask: Callable[[Any], Any] | None = None
    pseudonym: Callable[[str], str] = str

    @property
    def everything(self) -> bool:
        """Whether spans are told as they are."""
        return self.content and self.mask is None

    def told(self, spans: Sequence[ReadableSpan]) -> Sequence[ReadableSpan]:
        """Return spans as they may be told: attributes, events, links and status alike."""
        if self.everything:
            return spans
        return [self._told(span) for span in spans]

    def _told(self, span: ReadableSpan) -> ReadableSpan:
        def may(attributes: Attributes) -> Attributes:
            if not self.content or self.mask is None:
                return without_texts(attributes, self.pseudonym)
            return with_masks(attributes, self.mask, self.pseudonym)

        words = span.status.description if self.content else None
        return ReadableSpan(
            span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=may(span.attributes),
            events=[Event(e.name, may(e.attributes), e.timestamp) for e in span.events],
            kind=span.kind,
            status=Status(
                span.status.status_code, self.mask(words) if self.mask and words else None
            ),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )


EVERYTHING = Telling()


class Keeping(SpanExporter):
    """Writes spans into outboxes, which send them.

    Args:
        outboxes: one a server.
        telling: what of them may be told.
    """

    def __init__(self, outboxes: Sequence[Outbox], telling: Telling) -> None:
        self._outboxes = outboxes
        self._telling = telling

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep some spans; those that cannot be masked are not told at all."""
        try:
            told = self._telling.told(spans)
        except Exception as error:  # noqa: BLE001 - the boundary of plugins' guards
            _log.warning("not traced, since it could not be masked: %s", error)
            return SpanExportResult.FAILURE
        # Level 1 halves the processor's time for a tenth more bytes.
        body = gzip.compress(encode_spans(told).SerializeToString(), compresslevel=1)
        for outbox in self._outboxes:
            outbox.put(body, Body.TRACES)
        return SpanExportResult.SUCCESS


class Switch(SpanProcessor):
    """Hands the spans of this product to whoever watches at the moment, if anybody does."""

    def __init__(self) -> None:
        self._watching: tuple[SpanProcessor, ...] = ()
        self._lock = threading.Lock()

    def add(self, processor: SpanProcessor) -> None:
        """Hand spans to a processor from now on."""
        with self._lock:
            self._watching = (*self._watching, processor)

    def remove(self, processor: SpanProcessor) -> None:
        """Hand it no more."""
        with self._lock:
            self._watching = tuple(one for one in self._watching if one is not processor)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Name who asks, on every span: Langfuse 4 looks at each by itself."""
        if self._watching and _ours(span):
            span.set_attributes(asker(parent_context))

    def on_end(self, span: ReadableSpan) -> None:
        """Hand on a span."""
        if _ours(span):
            for processor in self._watching:
                processor.on_end(span)


def _ours(span: ReadableSpan) -> bool:
    scope = span.instrumentation_scope
    return scope is not None and scope.name.startswith(SCOPES)


_switch = Switch()
_place = threading.Lock()
_joined: list[TracerProvider] = []


def watch(
    outboxes: Sequence[Outbox],
    environ: Mapping[str, str],
    telling: Telling = EVERYTHING,
) -> BatchSpanProcessor:
    """Keep this process's spans from now on; `unwatch` ends it.

    The tracer provider can be set once in a process, so it stays, and what watches is switched. A
    provider that somebody else has set is used as it is.

    Args:
        outboxes: one a server.
        environ: as OpenTelemetry reads it.
        telling: what of them may be told.
    """
    processor = BatchSpanProcessor(
        Keeping(outboxes, telling),
        max_queue_size=WAITING,
        schedule_delay_millis=DELAY_MS,
        max_export_batch_size=TOGETHER,
    )
    with _place:
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            provider = _provider(environ)
            trace.set_tracer_provider(provider)
        if provider not in _joined:
            _joined.append(provider)
            provider.add_span_processor(_switch)
    _switch.add(processor)
    return processor


def unwatch(processor: BatchSpanProcessor) -> None:
    """Keep what has ended so far, and no more; it takes as long as writing it to the disk."""
    _switch.remove(processor)
    processor.force_flush()
    processor.shutdown()  # type: ignore[no-untyped-call]


def _provider(environ: Mapping[str, str]) -> TracerProvider:
    """Return a provider that ends nothing at exit: the observer is closed by the entrance."""
    described = {
        "service.version": version("twin"),
        "langfuse.environment": environ.get("LANGFUSE_TRACING_ENVIRONMENT", ""),
        "langfuse.release": environ.get("LANGFUSE_RELEASE", ""),
    }
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES are read by the SDK.
    resource = Resource.create({key: value for key, value in described.items() if value})
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "twin"}))
    return TracerProvider(
        resource=resource,
        shutdown_on_exit=False,
        span_limits=SpanLimits(max_span_attributes=ATTRIBUTES),
    )
