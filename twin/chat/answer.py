"""Answer a question from what the person has written, and from nothing else.

In: a question and who asks. Out: events as they happen: what was retrieved, the tokens of the
answer, and at the end the `Answer` with its sources. Without evidence the model is not asked at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from opentelemetry import trace

from twin.chat import traced
from twin.chat.answers import Answer, Event, Source, Token
from twin.chat.asking import parts, rewriter, said_nothing
from twin.chat.citations import Citations, quoted_spans
from twin.chat.entailing import NO_MODEL, Entailing
from twin.chat.fitting import Prompt, fitted, left_out
from twin.chat.guarding import GUARD, Guard, nothing
from twin.chat.standalone import standalone
from twin.chat.support import Similar, check_support
from twin.chat.wish import NO_WISH, UNKNOWN, History, Usage, Wish
from twin.components import Teacher
from twin.documents import Audience, Span
from twin.prompts import passages, prompt
from twin.prompts.passages import render
from twin.retrieve.filters import Found
from twin.retrieve.passages import Retrieval
from twin.retrieve.retriever import Retriever, Searching

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

__all__ = ["REFUSAL", "Answer", "Answerer", "Event", "Source", "Token", "fits"]

REFUSAL = passages.REFUSAL

_tracer = trace.get_tracer("twin.chat")


class _Said:
    """What is known of one answer while it is being written."""

    def __init__(self, question: str, wish: Wish) -> None:
        self.begun = time.perf_counter()
        self.question = question
        self.wish = wish
        self.told = ""
        self.timings: dict[str, float] = {}
        self.notes: list[str] = []
        self.prompt: Prompt = ()
        self.known: set[int] = set()
        """Numbers of the passages in the prompt."""
        self.prompt_version = ""
        self.model = ""
        self.usage = UNKNOWN

    def took(self, step: str, since: float) -> None:
        self.timings[step] = time.perf_counter() - since


class Answerer:
    """Answers questions.

    Args:
        retriever: finds the passages.
        llm: returns the chat model of a name, empty for `models.chat`; it is not asked for before
            there is something to say.
        person: whose voice it is.
        minimum_relevance: the evidence below which nothing that was written fits.
        teacher: rewrites follow-up questions where the chat model cannot; None if there is none.
        similar: compares sentences, where their words do not settle whether one bears out another.
        entailing: the model that has the last word on that, if any.
        language: of the writing, in English; the rules that know a follow-up know English alone.
        guard: what is told apart from a question, and left out of prompts.
        own_work: held while an answer is checked without asking a model.
    """

    def __init__(  # noqa: PLR0913 - its parts, by keyword
        self,
        retriever: Retriever,
        llm: Callable[[str], LLM],
        *,
        person: str,
        minimum_relevance: float,
        teacher: Callable[[], Teacher] | None = None,
        similar: Similar | None = None,
        entailing: Entailing = NO_MODEL,
        language: str = "english",
        guard: Guard = GUARD,
        own_work: AbstractContextManager[object] | None = None,
    ) -> None:
        self._retriever = retriever
        self._llm = llm
        self._person = person or "the author"
        self._minimum = minimum_relevance
        self._teacher = teacher
        self._similar = similar
        self._entailing = entailing
        self._language = language
        self._guard = guard
        self._own_work = own_work or nullcontext()

    def stream(
        self,
        question: str,
        *,
        audience: Audience,
        found: Found | None = None,
        wish: Wish = NO_WISH,
        history: History = (),
        retrieval: Retrieval | None = None,
    ) -> Iterator[Event]:
        """Yield the retrieval, then the tokens, and last the answer.

        Args:
            question: as it was asked.
            audience: who asks.
            found: filters that are given; None reads them out of the question.
            wish: what the asker wishes beyond the question.
            history: the turns before it, from which a follow-up is made to stand alone.
            retrieval: what was retrieved for this very question and audience already, so that a
                second model can answer it.

        Raises:
            ModelError: if the language model fails.
        """
        said = _Said(question, wish)
        if told := self._guard.told(question):
            said.told, retrieval = told, nothing(question, audience)
        # The span is made current only around calls, never across a yield: whoever reads the
        # stream may stop, or go on in another thread.
        with traced.turn(_tracer, question, audience) as span:
            with trace.use_span(span):
                if retrieval is None or retrieval.audience is not audience:
                    self._understand(said, history)
                    retrieval = self._retriever.retrieve(
                        said.question,
                        audience=audience,
                        found=found,
                        passages=wish.passages,
                        searching=Searching(
                            expand=wish.expand, rerank=wish.rerank, within=wish.filters
                        ),
                    )
                    if said.timings:
                        before = {**said.timings, **retrieval.timings}
                        retrieval = replace(retrieval, timings=before)
                else:
                    said.question = retrieval.asked[0] if retrieval.asked else question
            yield retrieval
            said.timings = dict(retrieval.timings)
            if not fits(retrieval, self._minimum):
                text = said.told or REFUSAL
                yield Token(text)
                answer = self._finished(text, {}, retrieval, said, span)
                traced.answered(span, answer)
                yield answer
                return
            citations = Citations(said.known)
            text = ""
            asked = time.perf_counter()
            for part in citations.stream(self._generate(said, retrieval, span)):
                if part and not text:
                    said.took("first_token", said.begun)
                text += part
                yield Token(part)
            said.took("generate", asked)
            if not text.strip():
                raise said_nothing(said.usage)
            said.notes += [
                f"the model cited [{number}], which was not retrieved: it was taken out"
                for number in dict.fromkeys(citations.dropped)
            ]
            if said.usage.finish_reason == "length":
                said.notes.append("the answer was cut off at the model's limit of tokens")
            with nullcontext() if self._entailing.is_set else self._own_work:
                answer = self._finished(text, citations.cited, retrieval, said, span)
            traced.answered(span, answer)
            yield answer

    def answer(
        self,
        question: str,
        *,
        audience: Audience,
        found: Found | None = None,
        wish: Wish = NO_WISH,
        history: History = (),
    ) -> Answer:
        """Return the finished answer."""
        *_, last = self.stream(question, audience=audience, found=found, wish=wish, history=history)
        if not isinstance(last, Answer):  # pragma: no cover - the stream ends with it
            raise TypeError(type(last))
        return last

    def _understand(self, said: _Said, history: History) -> None:
        """Make a follow-up question stand alone."""
        # An order that was told so is no turn that a model should read.
        history = [turn for turn in history if not self._guard.told(turn.question)]
        if not history:
            return
        ask = rewriter(self._llm(""), self._teacher)
        since = time.perf_counter()
        with _tracer.start_as_current_span("follow-up") as step:
            asked = said.question
            said.question, note = standalone(
                asked,
                history,
                instructions=prompt("standalone").fill(),
                ask=ask and (lambda system, user: ask(system, self._guard.question(user))),
                every=self._language != "english",
            )
            traced.understood(step, asked, said.question, prompt("standalone"))
        if said.question != asked:
            # What stood alone already was no follow-up, and the page does not call it one.
            said.took("follow-up", since)
        said.notes += [note] if note else []

    def _generate(self, said: _Said, retrieval: Retrieval, span: trace.Span) -> Iterator[str]:
        numbered = self._guard.numbered(retrieval.passages)
        template = prompt("answer")
        system = template.fill(person=self._person, refusal=REFUSAL)
        question = self._guard.question(said.question)
        llm = self._llm(said.wish.model)
        said.model = llm.metadata.model_name
        options = said.wish.options()

        def write(count: int) -> Prompt:
            return ("system", system), ("user", render(numbered[:count], question))

        def ask(written: Prompt, count: int) -> Generator[str, None, Usage]:
            said.known.clear()
            said.known.update(range(1, count + 1))
            said.prompt, said.prompt_version = written, template.label
            with trace.use_span(span), _tracer.start_as_current_span("prompt") as step:
                traced.prompted(step, template, written, retrieval.passages[:count])
            generation = traced.Generation(said.model, said.wish.model, template, written, options)
            return generation.watch(_tracer, span, parts(llm, written, options))

        said.usage = yield from fitted(llm, write, ask, len(numbered), options)
        said.notes += left_out(len(numbered), len(said.known))

    def _finished(
        self, text: str, cited: dict[int, int], retrieval: Retrieval, said: _Said, span: trace.Span
    ) -> Answer:
        sources = []
        for number, n in cited.items():
            passage = retrieval.passages[number - 1]
            spans = quoted_spans(text, n, passage.text)
            quotes = tuple(Span(passage.start + a, passage.start + b) for a, b in spans)
            sources.append(Source(n, passage, quotes))
        since = time.perf_counter()
        answer = text.strip()
        answered = bool(sources) or not answer.startswith(said.told or REFUSAL.rstrip("."))
        # An answer that cites nothing at all is the last one to go unchecked.
        support = (
            self._entailing.checked(
                lambda entails: check_support(
                    answer, sources, similar=self._similar, entails=entails
                ),
                said.notes,
            )
            if answered
            else ()
        )
        said.took("check", since)
        said.took("total", said.begun)
        context = span.get_span_context()
        return Answer(
            text=answer,
            sources=tuple(sources),
            retrieval=retrieval,
            answered=answered,
            timings=said.timings,
            notes=(*retrieval.notes, *said.notes),
            question=said.question,
            prompt=said.prompt,
            prompt_version=said.prompt_version,
            model=said.model,
            adapter=said.wish.model,
            usage=said.usage,
            support=support,
            trace_id=f"{context.trace_id:032x}" if context.is_valid else "",
        )


def fits(retrieval: Retrieval, minimum: float) -> bool:
    """Return whether anything that was retrieved is near enough to the question to answer it."""
    return any(passage.evidence >= minimum for passage in retrieval.passages)
