"""Write as the person would: two variants, each sentence with where they said it.

In: a `Brief`. Out: events as they happen: what was retrieved, the tokens of each variant, and at the
end the `Draft`. The citations that the model writes are taken out of the text and kept as marks. A
model that only quotes cannot write: the person's own sentences are then put together, and it says so.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opentelemetry import trace

from twin.chat import traced
from twin.chat.asking import parts, said_nothing
from twin.chat.assembling import assembled
from twin.chat.bearing import Entails, Run, Similar, judged, runs_of, verbatim
from twin.chat.citations import Uncited
from twin.chat.drafts import Brief, Draft, DraftSentence, DraftToken, DraftVariant, Rest
from twin.chat.entailing import NO_MODEL, Entailing
from twin.chat.fences import unfenced
from twin.chat.fitting import Prompt, fitted, left_out
from twin.chat.guarding import GUARD, Guard, nothing
from twin.chat.wish import NO_WISH, UNKNOWN, Usage, Wish
from twin.documents import Kind, Span
from twin.index.boundaries import sentences
from twin.prompts import prompt
from twin.prompts.passages import render
from twin.retrieve.passages import Passage, Retrieval
from twin.retrieve.retriever import Searching
from twin.tracing import trace_id

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

    from twin.retrieve.retriever import Retriever

Event = Retrieval | DraftToken | Draft

UNLIKE: Final = 0.5
"""Below this a sentence does not sound like the person; what measures it puts its own line there."""

SHORTEST: Final = 4
"""Words of a sentence that is marked."""

CODE: Final = re.compile(r"^(?:#|\||```|~~~|:::|!\[|<|[-*_]{3,}\s*$)")

ANGLES: Final = (
    "Begin with what happened, and let the point come out of it.",
    "Begin with the point itself, in one plain sentence, and then say how it came about.",
    "Begin with what others say about it, and where you differ.",
    "Begin with a question that your readers have.",
)
"""How the variants differ: models given the same prompt twice write much the same twice."""

_FORMS: Final = {
    Kind.POST: "a short post for a social network",
    Kind.ARTICLE: "an article",
    Kind.MESSAGE: "a message to somebody you know",
    Kind.CODE: "a comment that explains code",
}

_tracer = trace.get_tracer("twin.chat")


@dataclass(frozen=True, slots=True)
class _Written:
    text: str
    marks: tuple[tuple[int, int], ...]
    prompt: tuple[tuple[str, str], ...]
    usage: Usage = UNKNOWN


class Drafter:
    """Writes drafts.

    Args:
        retriever: finds what the person has written.
        llm: returns the chat model of a name, empty for `models.chat`.
        person: whose voice it is.
        similar: gives cosines of sentences, by which a paraphrase is known for one; None leaves it
            to words.
        entailing: the model that has the last word on what rests on what, if any.
        sounds_like: how much a sentence sounds like the person, 0 to 1; None leaves that mark out.
        unlike: below this it does not.
        guard: what is told apart from a subject, and left out of prompts.
    """

    def __init__(  # noqa: PLR0913 - its parts, by keyword
        self,
        retriever: Retriever,
        llm: Callable[[str], LLM],
        *,
        person: str = "",
        similar: Similar | None = None,
        entailing: Entailing = NO_MODEL,
        sounds_like: Callable[[str], float] | None = None,
        unlike: float = UNLIKE,
        guard: Guard = GUARD,
    ) -> None:
        self._retriever = retriever
        self._llm = llm
        self._person = person or "the author"
        self._similar = similar
        self._entailing = entailing
        self._sounds_like = sounds_like
        self._unlike = unlike
        self._guard = guard

    def stream(self, brief: Brief, *, variants: int = 2, wish: Wish = NO_WISH) -> Iterator[Event]:
        """Yield the retrieval, then the tokens of each variant, and last the draft.

        Args:
            brief: what is to be written.
            variants: how many, 1 to 4.
            wish: passages, filters, temperature, length and adapter, as of a question.

        Raises:
            ModelError: if the model fails, or writes nothing.
        """
        begun = time.perf_counter()
        with traced.turn(_tracer, brief.about, brief.audience, "draft") as span:
            with trace.use_span(span):
                told = self._guard.told(brief.about)
                retrieval = (
                    nothing(brief.about, brief.audience)
                    if told
                    else self._retriever.retrieve(
                        brief.about,
                        audience=brief.audience,
                        passages=wish.passages,
                        searching=Searching(
                            expand=wish.expand, rerank=wish.rerank, within=wish.filters
                        ),
                    )
                )
            yield retrieval
            timings = dict(retrieval.timings)
            llm = self._llm(wish.model)
            writes = llm.metadata.is_chat_model
            runs = [run for n, p in enumerate(retrieval.passages, start=1) for run in runs_of(n, p)]
            made: list[DraftVariant] = []
            notes: list[str] = [told] if told else []
            wanted = 0 if told else max(1, min(variants, len(ANGLES)))
            texts = [] if writes else assembled(brief, retrieval.passages, self._guard)
            for number in range(1, (wanted if writes else min(wanted, len(texts))) + 1):
                since = time.perf_counter()
                if writes:
                    written = yield from self._write(
                        llm, brief, number, retrieval, wish, span, notes
                    )
                else:
                    written = _Written(texts[number - 1], (), ())
                    yield DraftToken(number, written.text)
                timings[f"variant {number}"] = time.perf_counter() - since
                made.append(self._marked(number, written, runs, retrieval.passages, notes))
            if not told:
                found = bool(retrieval.passages if writes else made)
                notes += _notes(writes=writes, found=found, short=0 < len(made) < wanted)
            timings["total"] = time.perf_counter() - begun
            template = prompt("draft")
            draft = Draft(
                brief=brief,
                variants=tuple(made),
                retrieval=retrieval,
                assembled=not writes,
                prompt_version=template.label if writes else "",
                model=llm.metadata.model_name,
                adapter=wish.model,
                timings=timings,
                notes=(*retrieval.notes, *dict.fromkeys(notes)),
                trace_id=trace_id(span),
            )
            traced.drafted(span, draft)
            yield draft

    def draft(self, brief: Brief, *, variants: int = 2, wish: Wish = NO_WISH) -> Draft:
        """Return the finished draft."""
        *_, last = self.stream(brief, variants=variants, wish=wish)
        if not isinstance(last, Draft):  # pragma: no cover - the stream ends with it
            raise TypeError(type(last))
        return last

    def _write(  # noqa: PLR0917 - all that one variant rests on
        self,
        llm: LLM,
        brief: Brief,
        number: int,
        retrieval: Retrieval,
        wish: Wish,
        span: trace.Span,
        notes: list[str],
    ) -> Generator[DraftToken, None, _Written]:
        numbered = self._guard.numbered(retrieval.passages)
        template = prompt("draft")
        system = template.fill(
            person=self._person,
            form=_FORMS[brief.kind],
            words=str(brief.words),
            angle=ANGLES[number - 1],
        )
        about = self._guard.question(brief.about)
        options = wish.options()
        known: set[int] = set()
        sent: list[Prompt] = []

        def write(count: int) -> Prompt:
            return ("system", system), ("user", render(numbered[:count], about))

        def ask(written: Prompt, count: int) -> Generator[str, None, Usage]:
            known.clear()
            known.update(range(1, count + 1))
            sent.append(written)
            model = llm.metadata.model_name
            generation = traced.Generation(model, wish.model, template, written, options)
            return generation.watch(_tracer, span, parts(llm, written, options))

        uncited = Uncited(known)
        stream = _Kept(fitted(llm, write, ask, len(numbered), options))
        text = ""
        for part in uncited.stream(stream):
            text += part
            yield DraftToken(number, part)
        if not text.strip():
            raise said_nothing(stream.usage)
        notes += left_out(len(numbered), len(known))
        return _Written(text, tuple(uncited.marks), sent[-1], stream.usage)

    def _marked(
        self,
        number: int,
        written: _Written,
        runs: Sequence[Run],
        passages: Sequence[Passage],
        notes: list[str],
    ) -> DraftVariant:
        """Return a variant with each sentence's marks."""

        def mark(entails: Entails | None) -> DraftVariant:
            return self._judged(number, written, runs, passages, entails)

        return self._entailing.checked(mark, notes)

    def _judged(
        self,
        number: int,
        written: _Written,
        runs: Sequence[Run],
        passages: Sequence[Passage],
        entails: Entails | None,
    ) -> DraftVariant:
        text = written.text.rstrip()
        marked = []
        for span in sentences(unfenced(text)):
            sentence = span.of(text)
            if len(re.findall(r"[^\W_]+", sentence)) < SHORTEST or CODE.match(sentence):
                continue
            # A citation stands behind its sentence: nearer to its end than to the next one's.
            cited = {n for place, n in written.marks if span.start < place <= span.end + 1}
            rests, own = self._rests(sentence, cited, runs, passages, entails)
            sounds = None if self._sounds_like is None else self._sounds_like(sentence)
            marked.append(
                DraftSentence(
                    start=span.start,
                    end=span.end,
                    rests=rests,
                    own=own,
                    sounds=sounds,
                    unlike=sounds is not None and not own and sounds < self._unlike,
                )
            )
        return DraftVariant(
            number=number,
            text=text,
            sentences=tuple(marked),
            prompt=written.prompt,
            usage=written.usage,
        )

    def _rests(
        self,
        sentence: str,
        cited: set[int],
        runs: Sequence[Run],
        passages: Sequence[Passage],
        entails: Entails | None,
    ) -> tuple[tuple[Rest, ...], bool]:
        """Return where a sentence rests: on what it cites if that bears it out, else on anything."""
        for chosen in ([run for run in runs if run.passage in cited], runs):
            found = judged(sentence, chosen, self._similar, entails) if chosen else None
            if found is None or found.reason or found.run is None:
                continue
            passage = passages[found.run.passage - 1]
            span = Span(passage.start + found.run.span.start, passage.start + found.run.span.end)
            rest = Rest(
                document_id=passage.document_id,
                version=passage.version,
                span=span,
                title=passage.title,
                url=passage.url or passage.source,
                published_at=passage.published_at,
            )
            return (rest,), verbatim(sentence, found.run)
        return (), False


class _Kept:
    """Iterates over a model's parts and keeps the usage that its generator returns."""

    def __init__(self, stream: Generator[str, None, Usage]) -> None:
        self._stream = stream
        self.usage = UNKNOWN

    def __iter__(self) -> Iterator[str]:
        self.usage = yield from self._stream


def _notes(*, writes: bool, found: bool, short: bool) -> Iterator[str]:
    if not found:
        yield "nothing that was written fits this: " + (
            "every sentence is the model's own" if writes else "there is nothing to put together"
        )
    if short:
        yield "what was found is too little for another variant that differs"
    if not writes:
        yield (
            "the chat model only quotes: these are your own sentences, put together; to have it "
            "written, set models.chat to a model that writes (docs/settings.md)"
        )
