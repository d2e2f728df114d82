"""The steps of a dataset's curation: what is left out of it, and why.

In: rows. Out: those that go, each with its reason; no row is ever changed. Every step is named in
``datasets.curators`` of twin.toml, in the order in which they are taken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pydantic import Field

from twin.components import BuildContext, CuratorComponent, NoOptions, Options, OptionsT
from twin.datasets import rules, wordings
from twin.datasets.likeness import near_duplicates
from twin.datasets.words import OVERLAP, hashes, normal, number, sequences, words
from twin.samples import Curation, Curator, Removal, Sample, Split


class RuleOptions(Options):
    """Options of the rules."""

    shortest: int = Field(default=40, ge=1, description="Code points of a target at least.")
    longest: int = Field(default=8000, ge=1, description="Code points of a target at most.")
    code: float = Field(default=0.5, ge=0, le=1, description="Share of a target that may be code.")
    languages: tuple[str, ...] = Field(
        default=(), description="As documents state them, as in `en`; none takes all."
    )
    function_words: float = Field(
        default=0.2, ge=0, le=1, description="Share of function words in the prose, English only."
    )


class NearOptions(Options):
    """Options of the near duplicates."""

    threshold: float = Field(default=0.7, gt=0, le=1, description="Jaccard index of word triples.")


class ContaminationOptions(Options):
    """Options of the decontamination."""

    words: int = Field(
        default=OVERLAP, ge=3, description="A shared run of so many words is too long."
    )


class CoverageOptions(Options):
    """Options of the coverage of topics."""

    per_document: int = Field(default=60, ge=1, description="Rows of one document at most.")
    per_topic: float = Field(
        default=1.0, gt=0, le=1, description="Share of one topic in a split of 100 rows or more."
    )


class BalanceOptions(Options):
    """Options of the length balance."""

    low: float = Field(
        default=0.45, ge=0, le=1, description="Chosen is longer in this share at least."
    )
    high: float = Field(default=0.55, ge=0, le=1, description="And in this share at most.")
    most: float = Field(
        default=0.5, ge=0, le=1, description="Share of the rows that may go for it."
    )


def _rules(options: RuleOptions, ctx: BuildContext) -> Curator:
    limits = rules.Limits(
        shortest=options.shortest,
        longest=options.longest,
        code=options.code,
        languages=options.languages,
        function_words=options.function_words if ctx.language == "english" else 0.0,
    )

    def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
        del curation
        for sample in samples:
            if reason := rules.broken(sample, limits):
                yield Removal(sample.id, reason)

    return curate


def _found(find: Callable[[str], Iterable[str]]) -> Callable[[NoOptions, BuildContext], Curator]:
    """Return what builds a curator that leaves out rows in which something is found."""

    def build(options: NoOptions, ctx: BuildContext) -> Curator:
        del options, ctx

        def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
            del curation
            for sample in samples:
                prompt = (content for _, content in sample.prompt)
                texts = (*prompt, sample.target, sample.rejected or "")
                reason = next((name for text in texts for name in find(text)), "")
                if reason:
                    yield Removal(sample.id, reason)

        return curate

    return build


def _exact(options: NoOptions, ctx: BuildContext) -> Curator:
    del options, ctx

    def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
        del curation
        seen: dict[tuple[str, str], str] = {}
        for sample in _test_first(samples):
            pair = (("target", normal(sample.target)), ("instruction", normal(sample.instruction)))
            repeated = next((key for key in pair if key in seen), None)
            if repeated is not None:
                yield Removal(sample.id, f"the {repeated[0]} is that of another", seen[repeated])
            elif sample.rejected is not None and normal(sample.rejected) == pair[0][1]:
                yield Removal(sample.id, "chosen and rejected are the same")
            else:
                seen |= dict.fromkeys(pair, sample.id)

    return curate


def _near(options: NearOptions, ctx: BuildContext) -> Curator:
    del ctx

    def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
        del curation
        ordered = _test_first(samples)
        for one, other, likeness in near_duplicates([s.target for s in ordered], options.threshold):
            detail = f"{ordered[other].id} ({likeness:.2f})"
            yield Removal(ordered[one].id, "the target is nearly that of another", detail)

    return curate


def _decontaminated(options: ContaminationOptions, ctx: BuildContext) -> Curator:
    del ctx

    def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
        held: dict[int, str] = {}
        asked: dict[str, str] = {}
        for reference in curation.references:
            held |= dict.fromkeys(_runs(reference.text, options.words), reference.name)
            asked[normal(reference.text)] = reference.name
        # What the test asks and answers; its prompts hold templates, which are in all rows.
        for sample in samples:
            if sample.split is Split.TEST:
                held |= dict.fromkeys(_runs(sample.target, options.words), "the test split")
                asked[normal(sample.instruction)] = "the test split"
        for sample in samples:
            if sample.split is Split.TEST:
                continue
            # The first by name: the order of a set of hashes is another one in every process.
            name = asked.get(normal(sample.instruction)) or min(
                (held[run] for run in _runs(sample.target, options.words) if run in held),
                default="",
            )
            if name:
                yield Removal(sample.id, f"it is in {name}")

    return curate


def _runs(text: str, length: int) -> frozenset[int]:
    """Return the hashes of a text's runs of words; a text that is shorter has none."""
    return hashes(sequences(text, length)) if len(words(text)) >= length else frozenset()


def _coverage(options: CoverageOptions, ctx: BuildContext) -> Curator:
    del ctx
    enough = 100

    def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
        of_document: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        for sample in samples:
            if sample.document_id:
                of_document[sample.split, sample.document_id].append(sample)
        gone = set()
        for rows in of_document.values():
            for sample in _chosen_first(rows, curation.seed)[options.per_document :]:
                gone.add(sample.id)
                yield Removal(sample.id, "its document has many rows")
        left = [sample for sample in samples if sample.id not in gone]
        sizes = Counter(sample.split for sample in left)
        topics = Counter((sample.split, sample.topic) for sample in left)
        several = {split: sum(1 for known, _ in topics if known is split) > 1 for split in sizes}
        for (split, topic), count in sorted(topics.items()):
            # Of n rows besides, a share s of the whole is s / (1 - s) * n.
            others = sizes[split] - count
            most = (
                round(options.per_topic / (1 - options.per_topic) * others)
                if options.per_topic < 1
                else count
            )
            if sizes[split] >= enough and several[split] and topic and count > most:
                rows = [s for s in left if (s.split, s.topic) == (split, topic)]
                for sample in _chosen_first(rows, curation.seed)[most:]:
                    yield Removal(sample.id, "its topic has many rows", topic)

    return curate


def _balance(options: BalanceOptions, ctx: BuildContext) -> Curator:
    del ctx

    def curate(samples: Sequence[Sample], curation: Curation) -> Iterator[Removal]:
        for split in Split:
            pairs = [s for s in samples if s.split is split and s.rejected is not None]
            longer = [s for s in pairs if len(s.target) > len(s.rejected or "")]
            others = [s for s in pairs if len(s.target) <= len(s.rejected or "")]
            most = int(options.most * len(pairs))
            if len(longer) > options.high * len(pairs):
                # longer - n = high * (all - n)
                excess = (len(longer) - options.high * len(pairs)) / max(1 - options.high, 1e-9)
                many, what = longer, "longer"
            elif len(longer) < options.low * len(pairs):
                excess = (len(pairs) * options.low - len(longer)) / max(options.low, 1e-9)
                many, what = others, "not longer"
            else:
                continue
            for sample in _chosen_first(many, curation.seed)[: min(-int(-excess // 1), most)]:
                yield Removal(sample.id, f"chosen is {what} in too many rows")

    return curate


def _test_first(samples: Sequence[Sample]) -> list[Sample]:
    """Return the rows with those of the test first, so that of two alike the training row goes."""
    return sorted(samples, key=lambda sample: sample.split is not Split.TEST)


def _chosen_first(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """Return rows in an order that the seed decides and nothing else."""
    return sorted(samples, key=lambda sample: (number(seed, sample.id), sample.id))


def _step(
    name: str,
    summary: str,
    options: type[OptionsT],
    build: Callable[[OptionsT, BuildContext], Curator],
) -> CuratorComponent[OptionsT]:
    return CuratorComponent(name=name, summary=summary, options=options, build=build)


COMPONENTS: tuple[CuratorComponent[Any], ...] = (
    _step("rules", "Length, language, format, refusals, boilerplate, code", RuleOptions, _rules),
    _step(
        "keys",
        "Keys, tokens and passwords, by their shapes",
        NoOptions,
        _found(wordings.secrets),
    ),
    _step(
        "personal-data",
        "Mail addresses, telephone, card and account numbers, by their shapes",
        NoOptions,
        _found(wordings.personal),
    ),
    _step("exact-duplicates", "Targets or instructions that are there already", NoOptions, _exact),
    _step("near-duplicates", "Targets that nearly repeat another, by MinHash", NearOptions, _near),
    _step(
        "decontamination",
        "Training rows that the test, the goldens or a benchmark have",
        ContaminationOptions,
        _decontaminated,
    ),
    _step("coverage", "No document and no topic has too many rows", CoverageOptions, _coverage),
    _step(
        "length-balance", "Chosen is longer in about half of the pairs", BalanceOptions, _balance
    ),
)
