"""Rows of an instruction set: each target in one form, asked for as the chat will ask.

In: the targets of all documents. Out: `Sample`s in the order of the documents. What was not written by
the person (a question, a plain version to rewrite) comes from a `Wording`, be it templates or a teacher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from twin.datasets.corpus import topic_of, widest
from twin.datasets.finding import Finder
from twin.datasets.keyphrases import Keyphrases
from twin.datasets.targets import Target
from twin.datasets.templates import Taken, continuations, instructions, questions, rewrites
from twin.datasets.words import number, share
from twin.prompts import prompt
from twin.prompts.passages import REFUSAL, Numbered, render
from twin.samples import Sample, Split

PASSAGE: int = 2000
"""Code points of a passage in a context at most: as the chat's node parser cuts an article."""

TERMS: int = 3

HANGING: Final = ("instruction", "context")
"""Forms in which nothing is shown of what stood before the answer."""


class Wording(Protocol):
    """Words for what the person did not write; empty where there are none."""

    name: str

    def instruction(self, target: Target) -> str:
        """Return what asks for a target."""

    def question(self, target: Target) -> str:
        """Return a question that a target answers."""

    def plain(self, target: Target) -> str:
        """Return what a target says, in nobody's style."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How rows are made.

    Attributes:
        person: whose voice it is.
        shares: of each form.
        seed: decides which target has which form.
        context: passages of a context.
        citations: whether an answer from context cites its passage.
        language: of the person's writing, as Snowball names it.
    """

    person: str
    shares: Mapping[str, float]
    seed: int = 0
    context: int = 4
    citations: bool = False
    language: str = "english"


def form_of(target: Target, shares: Mapping[str, float], seed: int) -> str:
    """Return the form that a target is to have."""
    at = share("form", seed, target.stored.id, target.span.start) * sum(shares.values())
    for form, part in shares.items():
        at -= part
        if at < 0:
            return form
    return list(shares)[-1]


def fitting(target: Target, shares: Mapping[str, float], seed: int) -> str:
    """Return the form that a target has, of those that are asked for.

    One that nothing stands before continues nothing. One that points back at what stands before it
    ("But that was before ...") is no answer to a question: it continues that, where continuations are
    wanted at all.
    """
    form = form_of(target, shares, seed)
    if form == "continuation" and target.before.end <= target.before.start:
        return "instruction"
    if form in HANGING and target.leans and shares.get("continuation"):
        return "continuation"
    return form


class Rows:
    """Makes the rows of a set.

    Args:
        targets: all of them, in order, with the split of each.
        recipe: how.
        wording: by whom the words are that the person did not write.
    """

    def __init__(
        self,
        targets: Sequence[tuple[Target, Split]],
        recipe: Recipe,
        wording: Wording | None = None,
    ) -> None:
        self._targets = targets
        self._recipe = recipe
        self._phrases = Keyphrases(target.text for target, _ in targets)
        self._wording = wording
        self._taken = Taken()
        self._finders: dict[Split, tuple[list[Target], Finder]] = {}
        self._voice = ("system", prompt("voice").fill(person=recipe.person))

    def make(self, told: Callable[[int, int], None] = lambda _done, _all: None) -> Iterator[Sample]:
        """Yield the rows, one a target at most: a target for which nothing can be asked has none."""
        makers = {
            "instruction": self.instruction,
            "continuation": self._continuation,
            "rewrite": self._rewrite,
            "context": self._context,
        }
        for done, (target, split) in enumerate(self._targets, start=1):
            form = fitting(target, self._recipe.shares, self._recipe.seed)
            if sample := makers[form](target, split):
                yield sample
            told(done, len(self._targets))

    def terms(self, target: Target) -> list[str]:
        """Return the terms that tell a target from the others."""
        return self._phrases.of(target.text, TERMS)

    def instruction(self, target: Target, split: Split, form: str = "instruction") -> Sample | None:
        """Return the row in which a target is asked for; None if nothing that is new can be asked."""
        written = self._wording.instruction(target) if self._wording else ""
        if written:
            asked = self._taken.first(iter((written,)))
        elif self._wording:
            return None
        else:
            asked = self._taken.first(self._ways(target))
        return self._row(target, split, form, asked, by=self._by(written)) if asked else None

    def _ways(self, target: Target) -> Iterator[str]:
        if target.leans:
            # What it points back at must be there to be read.
            yield from continuations(target, self._recipe.seed)
        yield from instructions(target, self.terms(target), self._recipe.seed)

    def _continuation(self, target: Target, split: Split) -> Sample | None:
        asked = self._taken.first(continuations(target, self._recipe.seed))
        return self._row(target, split, "continuation", asked, by="template") if asked else None

    def _rewrite(self, target: Target, split: Split) -> Sample | None:
        from twin.datasets.corruptions import plain  # noqa: PLC0415 - only for this form

        written = self._wording.plain(target) if self._wording else ""
        if self._wording and not written:
            return None
        text = written or plain(target.text, (target.stored.id, target.span.start))
        if text.strip() == target.text.strip():
            # Nothing in it could be made plain.
            return self.instruction(target, split)
        asked = self._taken.first(rewrites(target, text, self._recipe.seed))
        return self._row(target, split, "rewrite", asked, by=self._by(written)) if asked else None

    def _context(self, target: Target, split: Split) -> Sample | None:
        written = self._wording.question(target) if self._wording else ""
        if self._wording and not written:
            return None
        ways = questions(target, self.terms(target), self._recipe.seed)
        asked = self._taken.first(iter((written,)) if written else ways)
        if not asked:
            return None
        shown = self._found(target, split, asked)
        numbered = [_numbered(n, one) for n, one in enumerate(shown, start=1)]
        system = prompt("answer").fill(person=self._recipe.person, refusal=REFUSAL)
        sample = self._row(target, split, "context", render(numbered, asked), by=self._by(written))
        read = dict.fromkeys(one.stored.id for one in shown if one.stored.id != target.stored.id)
        return replace(
            sample,
            prompt=(("system", system), sample.prompt[-1]),
            audience=widest([one.stored.document.audience for one in shown]),
            reads=tuple(read),
            cited=self._cited(target, shown.index(target) + 1),
        )

    def _cited(self, target: Target, number: int) -> int:
        # A text that has such a mark of its own could not be told from what was added.
        return number if self._recipe.citations and f" [{number}]" not in target.text else 0

    def _found(self, target: Target, split: Split, question: str) -> list[Target]:
        """Return what the chat would have retrieved: the target's passage among others of its split."""
        if split not in self._finders:
            near = [one for one, its in self._targets if its is split]
            texts = [f"{one.stored.document.title}\n{one.text}" for one in near]
            self._finders[split] = (near, Finder(texts, self._recipe.language))
        near, finder = self._finders[split]
        chosen: list[Target] = []
        seen = {(target.stored.id, target.around)}
        for hit in finder.find(question, 4 * self._recipe.context):
            other = near[hit]
            key = (other.stored.id, other.around)
            if (
                key not in seen
                and not _meet(target, other)
                and len(chosen) < self._recipe.context - 1
            ):
                seen.add(key)
                chosen.append(other)
        place = number("place", self._recipe.seed, target.stored.id, target.span.start)
        chosen.insert(place % (len(chosen) + 1), target)
        return chosen

    def _by(self, written: str) -> str:
        return self._wording.name if self._wording and written else "template"

    def _row(self, target: Target, split: Split, form: str, asked: str, *, by: str) -> Sample:
        document = target.stored.document
        span = target.span
        return Sample(
            id=sample_id(form, target.stored.id, target.stored.version, *span),
            split=split,
            form=form,
            prompt=(self._voice, ("user", asked)),
            target=target.text,
            document_id=target.stored.id,
            version=target.stored.version,
            start=span.start,
            end=span.end,
            title=document.title,
            topic=topic_of(target.stored),
            kind=document.kind.value,
            audience=document.audience,
            published_at=document.published_at,
            language=document.language,
            prompt_by=by,
        )


def sample_id(form: str, document_id: str, version: int, start: int, end: int) -> str:
    """Return the id of a row: the same for the same form of the same span."""
    return f"{number(form, document_id, version, start, end):016x}"


def _meet(one: Target, other: Target) -> bool:
    same = one.stored.id == other.stored.id
    return same and one.around.start < other.around.end and other.around.start < one.around.end


def _numbered(n: int, target: Target) -> Numbered:
    document = target.stored.document
    text = target.around.of(document.text)
    if len(text) > PASSAGE:
        text = target.text
    return Numbered(n, text, document.title, (document.published_at or "")[:10], document.author)
