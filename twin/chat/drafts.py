"""What a draft is: a text in the person's voice, sentence by sentence with what it rests on.

In: what a drafter makes. Out: `Brief`, `DraftToken` and `Draft`, and their JSON. Nothing is computed
here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.chat.wish import UNKNOWN, Usage
from twin.documents import Audience, Kind, Span
from twin.retrieve.passages import Retrieval


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is to be written.

    Attributes:
        about: the subject, in the words of whoever asks.
        kind: an article, a post, or a message.
        words: how long it shall be.
        audience: for whom it is; nothing above it is read.
    """

    about: str
    kind: Kind = Kind.POST
    words: int = 120
    audience: Audience


@dataclass(frozen=True, slots=True)
class DraftToken:
    """A part of a variant, to be shown at once: variants are numbered from 1."""

    variant: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Where the person said what a sentence says.

    Attributes:
        span: in the document's text, of that version.
        published_at: ISO 8601; None if the document states no date.
    """

    document_id: str
    version: int
    span: Span
    title: str
    url: str
    published_at: str | None

    @property
    def said(self) -> str:
        """The mark that a page shows: ``you said this in 2022``."""
        if self.published_at:
            return f"you said this in {self.published_at[:4]}"
        return f"you said this in “{self.title}”" if self.title else "you said this"

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "document_id": self.document_id,
            "version": self.version,
            "start": self.span.start,
            "end": self.span.end,
            "title": self.title,
            "url": self.url,
            "published_at": self.published_at,
            "said": self.said,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSentence:
    """A sentence of a variant.

    Attributes:
        start: in the variant's text, in code points.
        end: likewise.
        rests: where the person said it; empty if nowhere that was found.
        own: whether it is a sentence of theirs word for word.
        sounds: how much it sounds like them, 0 to 1; None if nothing measures that.
        unlike: whether that is too little.
    """

    start: int
    end: int
    rests: tuple[Rest, ...]
    own: bool
    sounds: float | None = None
    unlike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftVariant:
    """One way of writing it.

    Attributes:
        number: from 1.
        prompt: the messages as they were sent; empty if no model wrote it.
    """

    number: int
    text: str
    sentences: tuple[DraftSentence, ...]
    prompt: tuple[tuple[str, str], ...] = ()
    usage: Usage = UNKNOWN

    @property
    def words(self) -> int:
        """How long it has become."""
        return len(self.text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The finished variants.

    Attributes:
        assembled: whether they are nothing but the person's own sentences, put one after another,
            because the chat model cannot write.
        model: what wrote it, as it calls itself.
        adapter: by its name in twin.toml; empty for `models.chat`.
        trace_id: 32 hexadecimal digits; empty where nothing is traced.
    """

    brief: Brief
    variants: tuple[DraftVariant, ...]
    retrieval: Retrieval
    assembled: bool
    prompt_version: str
    model: str
    adapter: str
    timings: Mapping[str, float]
    notes: tuple[str, ...]
    trace_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "about": self.brief.about,
            "kind": self.brief.kind.value,
            "audience": self.brief.audience.value,
            "assembled": self.assembled,
            "model": self.model,
            "adapter": self.adapter,
            "prompt_version": self.prompt_version,
            "variants": [
                {
                    "number": variant.number,
                    "text": variant.text,
                    "words": variant.words,
                    "sentences": [
                        {
                            "start": one.start,
                            "end": one.end,
                            "text": variant.text[one.start : one.end],
                            "rests": [rest.as_json() for rest in one.rests],
                            "own": one.own,
                            "sounds": one.sounds,
                            "unlike": one.unlike,
                        }
                        for one in variant.sentences
                    ],
                }
                for variant in self.variants
            ],
            "notes": list(self.notes),
            "timings": {name: round(seconds, 4) for name, seconds in self.timings.items()},
        }
