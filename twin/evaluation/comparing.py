"""Candidates beside each other: style, memorisation, perplexity, shared words, the judge.

In: candidates, the first being the base that the others are measured against; the author's scale;
prompts and held-out text. Out: a `Comparison`, one row a candidate. What they wrote is kept, so that
an interrupted comparison goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from twin.components import Teacher
from twin.errors import ModelError, UsageError
from twin.evaluation.candidates import Candidate
from twin.evaluation.generation import Prompted, Sampling
from twin.evaluation.judge import Judged, Rating, Shown, judged, rate
from twin.evaluation.memorisation import Memorised, memorised
from twin.evaluation.overlap import corpus_bleu, overlaps
from twin.evaluation.perplexity import Perplexity, perplexity
from twin.evaluation.style import Mark, Scale, StyleReport

Told = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that is known of one candidate; None is what could not be measured.

    Attributes:
        rouge_l: mean over the prompts whose reference is known.
        bleu: over all of those together.
    """

    name: str
    texts: tuple[str, ...]
    style: Mark
    memorised: Memorised | None = None
    perplexity: Perplexity | None = None
    rouge_l: float | None = None
    bleu: float | None = None
    judged: Judged | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "name": self.name,
            "texts": len(self.texts),
            "style": self.style.as_json(),
            "memorised": self.memorised.as_json() if self.memorised else None,
            "perplexity": self.perplexity.as_json() if self.perplexity else None,
            "rouge_l": self.rouge_l,
            "bleu": self.bleu,
            "judge": self.judged.as_json() if self.judged else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Candidates on one scale, the base first.

    Attributes:
        notes: what could not be measured, and why.
    """

    style: StyleReport
    measured: tuple[Measured, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "author": self.style.author,
            "words": self.style.words,
            "scale": self.style.told_apart.as_json(),
            "own": self.style.marks[0].as_json(),
            "others": self.style.marks[1].as_json(),
            "candidates": [one.as_json() for one in self.measured],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """What candidates are compared by.

    Attributes:
        scale: the author's.
        prompts: what they write on.
        sampling: how.
        held_out: the author's text by document, for perplexity; empty leaves it out.
        training: what none may give back, besides what each was trained on.
        teacher: judges; None leaves it out.
        sample: other writing of the author, the judge's measure of style.
        cache: where what they wrote is kept.
    """

    scale: Scale
    prompts: Sequence[Prompted]
    sampling: Sampling
    held_out: Mapping[str, str]
    training: Mapping[str, str]
    teacher: Teacher | None
    sample: str
    cache: Path


def written(one: Candidate, by: Comparing, told: Told) -> list[str]:
    """Return a candidate's texts: those that are there, or those that it writes now.

    Raises:
        UsageError: if there is nothing that it could write on.
    """
    if one.writer is None:
        return list(one.texts.values())
    if not by.prompts:
        message = f"there is nothing for {one.name} to write on"
        raise UsageError(message, "name prompts with --prompts, or a run whose set has a test part")
    recipe = json.dumps(
        [one.identity, asdict(by.sampling), [asdict(prompt) for prompt in by.prompts]]
    )
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    place = (one.folder or by.cache) / f"texts-{key}.jsonl"
    if place.is_file():
        return [json.loads(line)["text"] for line in place.read_text("utf-8").split("\n") if line]
    texts = one.writer.write(
        by.prompts, by.sampling, lambda done, every: told(f"{one.name} writes", done, every)
    )
    rows = [
        json.dumps({"prompt": p.user, "text": t, "model": one.name}, ensure_ascii=False)
        for p, t in zip(by.prompts, texts, strict=True)
    ]
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    part.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    part.replace(place)
    return texts


def compare(
    candidates: Sequence[Candidate], by: Comparing, told: Told = lambda _what, _done, _all: None
) -> Comparison:
    """Measure candidates; the first is the base.

    Raises:
        UsageError: if one has no texts, or too short ones.
    """
    texts = {one.name: written(one, by, told) for one in candidates}
    if len(texts) < len(candidates):
        message = "two of the things to compare have the same name"
        raise UsageError(message, "rename one of the files")
    style = by.scale.report(texts)
    notes: list[str] = []
    ratings = _ratings(candidates, texts, by, notes, told)
    measured = []
    for one, mark in zip(candidates, style.marks[2:], strict=True):
        training = {**by.training, **one.training}
        rouge, bleu = _shared(texts[one.name], one, by)
        measured.append(
            Measured(
                name=one.name,
                texts=tuple(texts[one.name]),
                style=mark,
                memorised=memorised(texts[one.name], training) if training else None,
                perplexity=_perplexity(one, by, told),
                rouge_l=rouge,
                bleu=bleu,
                judged=judged(ratings, one.name) if one.name in {r.text for r in ratings} else None,
            )
        )
    return Comparison(style=style, measured=tuple(measured), notes=tuple(notes))


def _perplexity(one: Candidate, by: Comparing, told: Told) -> Perplexity | None:
    if one.checkpoint is None or not by.held_out:
        return None
    return perplexity(
        one.checkpoint,
        by.held_out,
        lambda done, every: told(f"{one.name} reads held-out text", done, every),
    )


def _shared(
    texts: Sequence[str], one: Candidate, by: Comparing
) -> tuple[float | None, float | None]:
    if one.writer is None:
        return None, None
    pairs = [(t, p.reference) for t, p in zip(texts, by.prompts, strict=True) if p.reference]
    if not pairs:
        return None, None
    own, references = [t for t, _ in pairs], [r for _, r in pairs]
    return mean(o.rouge_l for o in overlaps(own, references)), corpus_bleu(own, references)


def _ratings(
    candidates: Sequence[Candidate],
    texts: Mapping[str, Sequence[str]],
    by: Comparing,
    notes: list[str],
    told: Told,
) -> list[Rating]:
    """Have the judge compare each candidate with the base; both must have written on the prompts."""
    base, *rest = candidates
    if by.teacher is None or base.writer is None:
        return []
    found: list[Rating] = []
    for one in rest:
        if one.writer is None:
            continue
        for number, (prompt, mine, theirs) in enumerate(
            zip(by.prompts, texts[one.name], texts[base.name], strict=True), start=1
        ):
            if prompt.reference:
                shown = Shown(
                    case=str(number),
                    question=prompt.user,
                    reference=prompt.reference,
                    sample=by.sample,
                )
                try:
                    found += rate(shown, (base.name, theirs), (one.name, mine), by.teacher)
                except ModelError as error:
                    notes.append(f"the judge, {one.name}, text {number}: {error.message}")
            told(f"judging {one.name}", number, len(by.prompts))
    return found
