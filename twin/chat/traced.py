"""What the spans of a turn say: the question, the prompt, the generation, and the answer.

In: spans and what happened in them. Out: attributes of `twin.tracing`. Nothing is computed as long as
nobody watches.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import Span, Tracer

from twin.chat.wish import UNKNOWN, Usage
from twin.documents import Audience
from twin.prompts import Origin, Prompt
from twin.retrieve.passages import Passage
from twin.retrieve.traced import place
from twin.tracing import Kind, Within, as_json, describe, failed, put, warned

if TYPE_CHECKING:
    from twin.chat.answer import Answer
    from twin.chat.drafts import Draft

Messages = Sequence[tuple[str, str]]
"""Roles and contents, as sent."""


@contextmanager
def turn(tracer: Tracer, question: str, audience: Audience, name: str = "answer") -> Iterator[Span]:
    """Yield the span of a turn, which all its steps lie in; it is not made the current one."""
    span = tracer.start_span(name)
    describe(span, Kind.CHAIN, given=question, audience=audience.value)
    put(span, {"langfuse.trace.name": name, "langfuse.trace.tags": [audience.value]})
    try:
        yield span
    except GeneratorExit:
        put(span, {"twin.stopped": True})
        raise
    except Exception as error:
        failed(span, error)
        raise
    finally:
        span.end()


def answered(span: Span, answer: Answer) -> None:
    """Describe a turn as it ended, with what it rests on."""
    if not span.is_recording():
        return
    cited = [place(source.passage) for source in answer.sources]
    describe(span, Kind.CHAIN, gave=answer.text, answered=answer.answered, cited=len(cited))
    put(span, {"twin.documents": cited, "langfuse.observation.metadata.documents": as_json(cited)})
    put(span, {f"twin.seconds.{name}": seconds for name, seconds in answer.timings.items()})
    warned(span, answer.notes)


def drafted(span: Span, draft: Draft) -> None:
    """Describe a draft as it ended: each variant, and what its sentences rest on."""
    if not span.is_recording():
        return
    rests = {
        f"{rest.document_id}@{rest.version}:{rest.span.start}-{rest.span.end}"
        for variant in draft.variants
        for sentence in variant.sentences
        for rest in sentence.rests
    }
    texts = [variant.text for variant in draft.variants]
    describe(span, Kind.CHAIN, gave=texts, variants=len(texts), documents=sorted(rests))
    put(span, {f"twin.seconds.{name}": seconds for name, seconds in draft.timings.items()})
    warned(span, draft.notes)


def understood(span: Span, asked: str, question: str, prompt: Prompt) -> None:
    """Describe how a follow-up question was made to stand alone."""
    if span.is_recording():
        describe(span, Kind.CHAIN, given=asked, gave=question, rewritten=asked != question)
        put(span, _template(prompt))


def prompted(span: Span, prompt: Prompt, messages: Messages, passages: Sequence[Passage]) -> None:
    """Describe the prompt: which template, and which passages stand in it."""
    if not span.is_recording():
        return
    length = sum(len(text) for _, text in messages)
    describe(span, Kind.PROMPT, gave=_said(messages), characters=length)
    put(span, {"twin.documents": [place(one) for one in passages], **_template(prompt)})
    put(span, {"llm.prompt_template.template": prompt.template})


@dataclass(frozen=True, slots=True)
class Generation:
    """One call of a chat model.

    Attributes:
        model: its name.
        adapter: the adapter on it, by its name in twin.toml; empty if there is none.
        prompt: the template of the system message.
        messages: as sent.
        options: as sent: temperature, max_tokens; empty as the model's own say.
    """

    model: str
    adapter: str
    prompt: Prompt
    messages: Messages
    options: Mapping[str, float]

    def watch(
        self, tracer: Tracer, turn: Span, parts: Generator[str, None, Usage]
    ) -> Generator[str, None, Usage]:
        """Yield what the model says, in a span that says what it was asked and how it went.

        Args:
            tracer: opens the span.
            turn: the span that it lies in.
            parts: what the model says, and in the end what it took.
        """
        around = trace.set_span_in_context(turn)
        span = tracer.start_span("generation", context=around, kind=trace.SpanKind.CLIENT)
        if not span.is_recording():
            return (yield from parts)
        self._begin(span)
        begun, usage = time.perf_counter(), UNKNOWN
        said: list[str] = []
        try:
            stream = Within(span, parts)
            with closing(iter(stream)) as heard:
                for part in heard:
                    if part and not said:
                        _first(span, time.perf_counter() - begun)
                    if part:
                        said.append(part)
                    yield part
            usage = stream.value
        except GeneratorExit:
            put(span, {"twin.stopped": True})
            raise
        except Exception as error:
            failed(span, error)
            raise
        finally:
            _end(span, "".join(said), usage)
            span.end()
        return usage

    def _begin(self, span: Span) -> None:
        said = _said(self.messages)
        describe(span, Kind.LLM, given=said)
        listed = {
            f"llm.input_messages.{n}.message.{key}": text
            for n, message in enumerate(said)
            for key, text in message.items()
        }
        options = as_json(dict(self.options)) if self.options else None
        put(
            span,
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": self.model,
                "gen_ai.request.stream": True,
                "gen_ai.request.temperature": self.options.get("temperature"),
                "gen_ai.request.max_tokens": self.options.get("max_tokens"),
                "llm.model_name": self.model,
                "llm.invocation_parameters": options,
                "langfuse.observation.model.name": self.model,
                "langfuse.observation.model.parameters": options,
                "twin.model": self.model,
                "twin.adapter": self.adapter,
                **_template(self.prompt),
                **listed,
            },
        )


def _first(span: Span, seconds: float) -> None:
    """Say how long the first token took: in seconds, and for Langfuse as the moment it came."""
    now = datetime.now(UTC).isoformat()
    put(
        span,
        {
            "gen_ai.response.time_to_first_chunk": seconds,
            "langfuse.observation.completion_start_time": now,
        },
    )


def _end(span: Span, text: str, usage: Usage) -> None:
    describe(span, Kind.LLM, gave=text)
    given, gave = usage.prompt_tokens, usage.completion_tokens
    put(
        span,
        {
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": text,
            "gen_ai.usage.input_tokens": given,
            "gen_ai.usage.output_tokens": gave,
            "gen_ai.response.finish_reasons": [usage.finish_reason]
            if usage.finish_reason
            else None,
            "llm.token_count.prompt": given,
            "llm.token_count.completion": gave,
        },
    )
    if given is not None and gave is not None:
        counts = {"input": given, "output": gave, "total": given + gave}
        put(span, {"llm.token_count.total": given + gave})
        put(span, {"langfuse.observation.usage_details": as_json(counts)})


def _said(messages: Messages) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in messages]


def _template(prompt: Prompt) -> dict[str, object]:
    """Return what names a template; Langfuse links its own ones."""
    said: dict[str, object] = {
        "twin.prompt": prompt.label,
        "twin.prompt_origin": prompt.origin.value,
        "gen_ai.prompt.name": prompt.name,
        "llm.prompt_template.version": prompt.label,
    }
    if prompt.origin is Origin.LANGFUSE:
        said["langfuse.observation.prompt.name"] = prompt.name
        said["langfuse.observation.prompt.version"] = prompt.version
    return said
