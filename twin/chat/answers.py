"""What an answer is: its text with citations, the passages that it cites, and how it came about.

In: what an answerer makes. Out: `Token`, `Source` and `Answer`, and their JSON. Nothing is computed here.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twin.chat.wish import UNKNOWN, Usage
from twin.documents import Span
from twin.retrieve.passages import Passage, Retrieval

if TYPE_CHECKING:
    from twin.chat.support import SentenceSupport


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the answer, to be shown at once; empty while the model is silent."""

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
        question: as it was understood, standing alone.
        prompt: the messages as they were sent, each a role and its content; empty if none was.
        prompt_version: of the template, as in ``answer@1``.
        model: what answered, as it calls itself; empty if none was asked.
        adapter: the adapter that was asked, by its name in twin.toml; empty for `models.chat`.
        usage: what the model says it took.
        support: of each sentence that states something, whether what it cites bears it out.
        trace_id: 32 hexadecimal digits; empty where nothing is traced.
    """

    text: str
    sources: tuple[Source, ...]
    retrieval: Retrieval
    answered: bool
    timings: dict[str, float]
    notes: tuple[str, ...]
    question: str = ""
    prompt: tuple[tuple[str, str], ...] = ()
    prompt_version: str = ""
    model: str = ""
    adapter: str = ""
    usage: Usage = UNKNOWN
    support: tuple["SentenceSupport", ...] = ()
    trace_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        filters = self.retrieval.filters_json() | {"notes": list(self.notes)}
        return {
            "answer": self.text,
            "sources": [source.as_json() for source in self.sources],
            "support": [one.as_json() for one in self.support],
            "filters": filters,
            "timings": {name: round(seconds, 4) for name, seconds in self.timings.items()},
        }


Event = Retrieval | Token | Answer
