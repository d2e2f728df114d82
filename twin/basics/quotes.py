"""A language model that invents nothing: it answers with the author's own best sentences.

In: the same prompt that any model gets. Out: sentences of the passages in it, word for word, each
with its number. It is the default because it needs no server and cannot be wrong about what was
written; what it lacks is a thread between the sentences.

A quotation is a run of sentences that stand together, because a sentence alone often answers with a
pronoun. Runs are scored by the cosine of their embedding and the question's, and by how many of the
question's words they have. A run that has what the form of the question asks for (a number after
"how long", a reason after "why") is preferred a little; those forms are English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from twin.documents import Span
from twin.guard.quotable import LONGEST, quotable
from twin.index.sparse import SparseEncoder
from twin.prompts.passages import Numbered, parse

if TYPE_CHECKING:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import LLM

    from twin.components import BuildContext

WORDS_WEIGHT = 0.3
"""What having all of the question's words adds to the cosine: of 0.15, 0.3 and 0.45 on 36 questions, 0.45
quoted the answering sentence least often, and the others alike."""

TYPE_WEIGHT = 0.12
"""What having the kind of answer that is asked for adds."""

NEARLY = 0.8
"""A further run is quoted if it scores at least this part of the best one."""

NOTHING = "I have not written about that."


class QuoteOptions(Protocol):
    """What may be set: sentences of one run, runs of an answer, passages that are read."""

    sentences: int
    quotations: int
    passages: int


@dataclass(frozen=True, slots=True)
class Run:
    """Sentences of one paragraph that stand together.

    Attributes:
        number: the passage's number in the prompt.
        sentences: their spans in the passage.
        text: from the first to the last.
        score: how near it is to the question.
    """

    number: int
    sentences: tuple[Span, ...]
    text: str
    score: float = 0.0


_KINDS_OF_ANSWER = (
    (
        re.compile(
            r"\bhow (?:long|many|much|often|far|fast|big|old)\b|^when\b|\bcosts?\b", re.IGNORECASE
        ),
        re.compile(
            r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?"
            r"|thousands?|millions?|half|once|twice)\b",
            re.IGNORECASE,
        ),
    ),
    (
        re.compile(r"\bwhy\b", re.IGNORECASE),
        re.compile(
            r"\b(?:because|since|reasons?|so that|in order to|due to|that is why)\b", re.IGNORECASE
        ),
    ),
)


def runs(passage: Numbered, most: int, question: str = "") -> list[Run]:
    """Return every run of up to `most` sentences of a passage, not crossing a paragraph."""
    text = passage.text
    spans = quotable(text, question)
    made = []
    for first in range(len(spans)):
        for last in range(first, min(first + most, len(spans))):
            if last > first and _apart(text, spans[last - 1], spans[last]):
                break
            whole = Span(spans[first].start, spans[last].end)
            if whole.end - whole.start > LONGEST and last > first:
                break
            chosen = tuple(spans[first : last + 1])
            made.append(Run(passage.number, chosen, whole.of(text)))
    return made


def _apart(text: str, one: Span, other: Span) -> bool:
    """Return whether more than a single line break lies between two sentences."""
    between = text[one.end : other.start]
    return bool(between.strip()) or between.count("\n") > 1


def best(candidates: Sequence[Run], count: int) -> list[Run]:
    """Return up to `count` runs, best first, none of which repeats or overlaps another."""
    chosen: list[Run] = []
    said: set[str] = set()
    for run in sorted(candidates, key=lambda r: (-r.score, r.number, r.sentences)):
        if chosen and run.score < NEARLY * chosen[0].score:
            break
        words = " ".join(re.findall(r"\w+", run.text.casefold()))
        overlaps = any(
            other.number == run.number and set(other.sentences) & set(run.sentences)
            for other in chosen
        )
        if words not in said and not overlaps:
            said.add(words)
            chosen.append(run)
        if len(chosen) == count:
            break
    return chosen


def scored(
    question: str,
    candidates: Sequence[tuple[str, Run]],
    model: BaseEmbedding,
    terms: Callable[[str], Sequence[int]],
) -> list[Run]:
    """Return the runs with their scores.

    Args:
        question: as it was asked.
        candidates: runs, each with its passage's title, which often names what the run speaks of.
        model: embeds them.
        terms: gives the stems of a text, as numbers.
    """
    import numpy as np  # noqa: PLC0415 - comes with the embedder

    texts = [f"{title}\n{run.text}" for title, run in candidates]
    asked = np.asarray(model.get_query_embedding(question))
    vectors = np.asarray(model.get_text_embedding_batch(texts))
    norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(asked)
    cosines = vectors @ asked / np.maximum(norms, 1e-9)
    wanted = set(terms(question))
    fitting = [answers for asks, answers in _KINDS_OF_ANSWER if asks.search(question)]
    return [
        replace(
            run,
            score=float(cosine)
            + WORDS_WEIGHT * _share(wanted, terms(text))
            + TYPE_WEIGHT * any(kind.search(run.text) for kind in fitting),
        )
        for (_, run), text, cosine in zip(candidates, texts, cosines, strict=True)
    ]


def _share(wanted: set[int], found: Sequence[int]) -> float:
    return len(wanted & set(found)) / len(wanted) if wanted else 0.0


def answer(prompt: str, options: QuoteOptions, ctx: BuildContext) -> Iterator[str]:
    """Yield the answer to a prompt, a sentence at a time."""
    passages, question = parse(prompt)
    read = passages[: options.passages]
    candidates = [
        (one.title, run) for one in read for run in runs(one, options.sentences, question)
    ]
    if not candidates:
        yield NOTHING
        return
    sparse = SparseEncoder(ctx.language)
    rated = scored(
        question, candidates, ctx.get_embedding(), lambda text: sparse.query(text).indices
    )
    texts = {passage.number: passage.text for passage in read}
    space = ""
    for run in best(rated, options.quotations):
        for span in run.sentences:
            words = " ".join(span.of(texts[run.number]).split())
            yield f"{space}{words} [{run.number}]"
            space = " "


@cache
def _model_class() -> Any:
    from llama_index.core.bridge.pydantic import PrivateAttr  # noqa: PLC0415 - heavy
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata  # noqa: PLC0415
    from llama_index.core.llms.callbacks import llm_completion_callback  # noqa: PLC0415

    class Quotes(CustomLLM):
        """Quotes the sentences nearest to the question."""

        _options: Any = PrivateAttr()
        _ctx: Any = PrivateAttr()

        def __init__(self, options: QuoteOptions, ctx: BuildContext) -> None:
            super().__init__()
            self._options = options
            self._ctx = ctx

        @classmethod
        def class_name(cls) -> str:
            return "Quotes"

        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(model_name="quotes", is_chat_model=False)

        @llm_completion_callback()
        def complete(
            self,
            prompt: str,
            formatted: bool = False,  # noqa: FBT001, FBT002 - the base class has it so
            **kwargs: Any,
        ) -> CompletionResponse:
            del formatted, kwargs
            return CompletionResponse(text="".join(answer(prompt, self._options, self._ctx)))

        @llm_completion_callback()
        def stream_complete(
            self,
            prompt: str,
            formatted: bool = False,  # noqa: FBT001, FBT002 - the base class has it so
            **kwargs: Any,
        ) -> Iterator[CompletionResponse]:
            del formatted, kwargs
            text = ""
            for part in answer(prompt, self._options, self._ctx):
                text += part
                yield CompletionResponse(text=text, delta=part)

    return Quotes


def quotes_model(options: QuoteOptions, ctx: BuildContext) -> LLM:
    """Return the model that quotes."""
    model: LLM = _model_class()(options, ctx)
    return model
