"""Answer a question from what the person has written, and from nothing else.

In: a question and who asks. Out: events as they happen: what was retrieved, the tokens of the
answer, and at the end the `Answer` with its sources. Without evidence the model is not asked at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from twin.chat.citations import Citations, quoted_spans
from twin.documents import Audience, Span
from twin.errors import ModelError, TwinError
from twin.prompts import prompt
from twin.prompts.passages import Numbered, render
from twin.retrieve.filters import Found
from twin.retrieve.passages import Passage, Retrieval
from twin.retrieve.retriever import Retriever

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

REFUSAL = "I have not written about that."

_tracer = trace.get_tracer("twin.chat")


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the answer, to be shown at once."""

    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that the answer cites.

    Attributes:
        n: its number in the answer, from 1, in the order of the first citations.
        quotes: the spans of the document's text that the answer rests on, inside the passage.
    """

    n: int
    passage: Passage
    quotes: tuple[Span, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints of a source."""
        return {**self.passage.as_json(self.n), "quotes": [list(span) for span in self.quotes]}

    def quoted(self) -> list[str]:
        """Return the quoted slices."""
        offset = self.passage.start
        return [
            Span(start - offset, end - offset).of(self.passage.text) for start, end in self.quotes
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The finished answer.

    Attributes:
        answered: False if nothing that was written fits the question.
        timings: seconds of each step; ``first_token`` counts from the question.
    """

    text: str
    sources: tuple[Source, ...]
    retrieval: Retrieval
    answered: bool
    timings: dict[str, float]
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        filters = self.retrieval.filters_json() | {"notes": list(self.notes)}
        return {
            "answer": self.text,
            "sources": [source.as_json() for source in self.sources],
            "filters": filters,
            "timings": {name: round(seconds, 4) for name, seconds in self.timings.items()},
        }


Event = Retrieval | Token | Answer


class Answerer:
    """Answers questions.

    Args:
        retriever: finds the passages.
        llm: returns the chat model; it is not asked for before there is something to say.
        person: whose voice it is.
        minimum_relevance: the evidence below which nothing that was written fits.
    """

    def __init__(
        self,
        retriever: Retriever,
        llm: Callable[[], LLM],
        *,
        person: str,
        minimum_relevance: float,
    ) -> None:
        self._retriever = retriever
        self._llm = llm
        self._person = person or "the author"
        self._minimum = minimum_relevance

    def stream(
        self, question: str, *, audience: Audience, found: Found | None = None
    ) -> Iterator[Event]:
        """Yield the retrieval, then the tokens, and last the answer.

        Args:
            question: as it was asked.
            audience: who asks.
            found: filters that are given; None reads them out of the question.

        Raises:
            ModelError: if the language model fails.
        """
        begun = time.perf_counter()
        # The span is made current only around calls, never across a yield: whoever reads the
        # stream may stop, or go on in another thread.
        span = _tracer.start_span("answer")
        try:
            with trace.use_span(span):
                retrieval = self._retriever.retrieve(question, audience=audience, found=found)
            yield retrieval
            timings = dict(retrieval.timings)
            if not fits(retrieval, self._minimum):
                yield Token(REFUSAL)
                yield self._finished(REFUSAL, {}, retrieval, timings, begun, ())
                return
            citations = Citations(range(1, len(retrieval.passages) + 1))
            text = ""
            for part in citations.stream(self._generate(question, retrieval)):
                if not text:
                    timings["first_token"] = time.perf_counter() - begun
                text += part
                yield Token(part)
            if not text.strip():
                message = "the chat model answered nothing"
                raise ModelError(message, "is it the right model for models.chat?")
            span.set_attribute("twin.cited", len(citations.cited))
            dropped = tuple(
                f"the model cited [{number}], which was not retrieved: it was taken out"
                for number in dict.fromkeys(citations.dropped)
            )
            yield self._finished(text, citations.cited, retrieval, timings, begun, dropped)
        finally:
            span.end()

    def answer(self, question: str, *, audience: Audience, found: Found | None = None) -> Answer:
        """Return the finished answer."""
        *_, last = self.stream(question, audience=audience, found=found)
        if not isinstance(last, Answer):  # pragma: no cover - the stream ends with it
            raise TypeError(type(last))
        return last

    def _generate(self, question: str, retrieval: Retrieval) -> Iterator[str]:
        from llama_index.core.llms import ChatMessage, MessageRole  # noqa: PLC0415 - heavy

        numbered = [
            Numbered(n, p.text, p.title, (p.published_at or "")[:10], p.author)
            for n, p in enumerate(retrieval.passages, start=1)
        ]
        system = prompt("answer").fill(person=self._person, refusal=REFUSAL)
        messages = [
            ChatMessage(role=MessageRole.SYSTEM, content=system),
            ChatMessage(role=MessageRole.USER, content=render(numbered, question)),
        ]
        llm = self._llm()
        try:
            for response in llm.stream_chat(messages):
                if response.delta:
                    yield response.delta
        except TwinError:
            raise
        except Exception as error:  # the clients of models raise dozens of kinds
            message = f"the chat model {llm.metadata.model_name} failed: {error}"
            hint = "is models.chat reachable? `twin doctor` asks it"
            raise ModelError(message, hint) from error

    def _finished(
        self,
        text: str,
        cited: dict[int, int],
        retrieval: Retrieval,
        timings: dict[str, float],
        begun: float,
        notes: tuple[str, ...],
    ) -> Answer:
        timings["total"] = time.perf_counter() - begun
        sources = []
        for number, n in cited.items():
            passage = retrieval.passages[number - 1]
            spans = quoted_spans(text, n, passage.text)
            quotes = tuple(Span(passage.start + a, passage.start + b) for a, b in spans)
            sources.append(Source(n, passage, quotes))
        return Answer(
            text=text.strip(),
            sources=tuple(sources),
            retrieval=retrieval,
            answered=bool(sources) or not text.strip().startswith(REFUSAL.rstrip(".")),
            timings=timings,
            notes=(*retrieval.notes, *notes),
        )


def fits(retrieval: Retrieval, minimum: float) -> bool:
    """Return whether anything that was retrieved is near enough to the question to answer it."""
    return any(passage.evidence >= minimum for passage in retrieval.passages)
