"""Make a set: from documents at rest to rows that are curated and held to the gates.

In: a warehouse, components, and what is asked for. Out: a `Draft`: the rows, what every document gave,
what every step left out, and every breach of a gate. Nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from twin.components import Cleaner
from twin.dataset_tables import DatasetSettings
from twin.datasets import corpus
from twin.datasets.corpus import Wanted
from twin.datasets.curation import Step, curate
from twin.datasets.cutting import Cut, Source, others_of, split_of_others
from twin.datasets.forms import Recipe, Rows, Wording
from twin.datasets.gates import Breach, Facts, breaches
from twin.datasets.preferences import OtherAuthors, Pairs, Written
from twin.datasets.targets import Target
from twin.datasets.words import number
from twin.documents import Audience
from twin.errors import DatasetError
from twin.samples import Curation, Curator, Reference, Sample, Split
from twin.warehouse.protocol import Warehouse

Told = Callable[[str, int, int | None], None]
"""Told the step, how many are done, and of how many."""

SFT, DPO = "sft", "dpo"

Asks = Callable[[Sequence[tuple[Target, Split]]], Wording]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked for.

    Attributes:
        kind: ``sft`` or ``dpo``.
        person: whose voice it is, by name.
        most: rows at most; None takes all.
        references: texts that must not be in the training rows.
    """

    kind: str
    wanted: Wanted
    person: str
    settings: DatasetSettings
    seed: int = 0
    most: int | None = None
    language: str = "english"
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a set is made with.

    Attributes:
        ask: given the targets, returns who words what the person did not write; None makes do with
            templates.
        rejecting: models that write texts to be rejected, by the name of the source.
        given: rows from elsewhere (feedback), to which every step applies.
    """

    warehouse: Warehouse
    cleaners: Sequence[Cleaner] = ()
    curators: Sequence[tuple[str, Curator]] = ()
    ask: Asks | None = None
    rejecting: Mapping[str, Written] = field(default_factory=dict)
    given: Callable[[Mapping[str, Split]], Iterator[Sample]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A set that may be written.

    Attributes:
        made: rows before curation.
        failed: documents that could not be cut, by source, with the reason.
        failed_others: likewise, of other authors.
        by: what rejected texts come from, in a preference set.
    """

    kind: str
    samples: tuple[Sample, ...]
    made: int
    sources: tuple[Source, ...]
    steps: tuple[Step, ...]
    breaches: tuple[Breach, ...]
    audience: Audience
    failed: Mapping[str, str] = field(default_factory=dict)
    failed_others: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()

    def of(self, split: Split) -> list[Sample]:
        """Return the rows of a split, in order."""
        return [sample for sample in self.samples if sample.split is split]


def build(request: Request, parts: Parts, told: Told = lambda _step, _done, _all: None) -> Draft:
    """Return the draft of a set.

    Raises:
        DatasetError: if there are no documents, or none of them gives a row.
    """
    found = corpus.summaries(parts.warehouse, request.wanted)
    if not found:
        message = f"there is no writing of {' or '.join(request.wanted.authors)} to learn from"
        hint = "`twin author` lists whose writing is here; --audience and datasets.kinds limit it"
        raise DatasetError(message, hint)
    settings = request.settings
    split_of = corpus.splits(
        found, test=settings.test, validation=settings.validation, seed=request.seed
    )
    cut = Cut(parts.warehouse, found, parts.cleaners, settings)
    in_order = cut.targets(split_of.__getitem__, lambda done, total: told("cutting", done, total))
    taken = _limited(list(in_order), request)
    others = None
    if request.kind == DPO and settings.rejected.get("others"):
        others = others_of(parts.warehouse, request.wanted, parts.cleaners, settings)
    samples, by = _rows(request, parts, taken, others, told)
    if parts.given is not None:
        # What was written in the chat may be asked for as a document's passage is.
        samples += parts.given(split_of)
    if not samples:
        message = f"{len(found)} documents give no row"
        hint = f"a target has {settings.minimum} characters at least (datasets.minimum)"
        raise DatasetError(message, hint)
    curation = Curation(seed=request.seed, language=request.language, references=request.references)
    left, steps = curate(samples, parts.curators, curation, told)
    facts = Facts(
        texts=cut.texts,
        foreign=cut.foreign,
        audience=request.wanted.audience,
        rows=settings.rows,
    )
    told("gates", 0, None)
    counts = Counter(sample.document_id for sample in left)
    return Draft(
        kind=request.kind,
        samples=tuple(left),
        made=len(samples),
        sources=tuple(replace(one, rows=counts[one.document_id]) for one in cut.sources),
        steps=tuple(steps),
        breaches=tuple(breaches(left, facts)),
        audience=corpus.widest([sample.audience for sample in left]),
        failed=cut.failed,
        failed_others=others.failed if others else {},
        by=by,
    )


def _limited(taken: list[tuple[Target, Split]], request: Request) -> list[tuple[Target, Split]]:
    """Return as many targets as are asked for, of all splits alike, in their order."""
    if request.most is None or len(taken) <= request.most:
        return taken

    def place(one: tuple[Target, Split]) -> tuple[int, str, int]:
        target = one[0]
        key = number("most", request.seed, target.stored.id, target.span.start)
        return key, target.stored.id, target.span.start

    chosen = {place(one) for one in sorted(taken, key=place)[: request.most]}
    return [one for one in taken if place(one) in chosen]


def _rows(
    request: Request,
    parts: Parts,
    taken: list[tuple[Target, Split]],
    others: Cut | None,
    told: Told,
) -> tuple[list[Sample], tuple[str, ...]]:
    settings = request.settings
    recipe = Recipe(
        person=request.person or "the author",
        shares=settings.forms,
        seed=request.seed,
        context=settings.context,
        citations=settings.citations,
        language=request.language,
    )
    wording = parts.ask(taken) if parts.ask else None
    rows = Rows(taken, recipe, wording)
    if request.kind == SFT:
        return list(rows.make(lambda done, total: told("asking", done, total))), ()
    passages: list[tuple[Target, Split]] = []
    if others is not None:
        split_of = split_of_others(settings, request.seed)
        passages += others.targets(
            split_of, lambda done, total: told("reading others", done, total)
        )
    pairs = Pairs(
        rows,
        taken,
        settings.rejected,
        request.seed,
        others=OtherAuthors(passages, request.language) if passages else None,
        written=parts.rejecting,
    )
    made = list(pairs.make(lambda done, total: told("pairing", done, total)))
    return made, pairs.sources
