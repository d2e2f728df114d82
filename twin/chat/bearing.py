"""Which sentences of a source bear out a sentence, and what contradicts it.

In: a sentence without citations, and `Source`s. Out: the reason why none of their sentences says it,
or the spans of those that do. Every number, every name and what is denied is compared exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twin.chat.claims import Claim, claim_of, opposite, softened, stemmed
from twin.chat.english import LIGHT, MONTHS
from twin.documents import Span
from twin.index.boundaries import sentences_of

if TYPE_CHECKING:
    from twin.retrieve.passages import Passage

SHARED: Final = 0.5
"""A run of sentences supports another sentence if it has at least this share of its words."""

NEAR: Final = 0.6
"""… or if the cosine of the two is at least this, and it has at least `SOME` of its words."""

SOME: Final = 0.2

FARTHER: Final = 0.2
LITTLE: Final = 0.08
"""Differences of the share of words that make another run of sentences
something else, and that make a longer run no better than a part of it."""

EVEN: Final = 0.5
"""The probability from which an entailment model says yes."""

SAME: Final = 0.8
"""Two sentences that share this much of each other's words are one, but for what was changed."""

ASKED: Final = 4
"""Runs that an entailment model reads where none shares enough words: the nearest by words."""

COMPARED: Final = 12
"""Runs that are compared by meaning, which costs a call of the embedder."""

ROW: Final = 3
"""Most sentences of a source that are taken together: an answer often joins two of them."""

Similar = Callable[[str, Sequence[str]], Sequence[float]]
"""Gives the cosine of a text with each of others, -1 to 1."""

Entails = Callable[[Sequence[tuple[str, str]]], Sequence[float]]
"""Gives for each pair the probability, 0 to 1, that its first text (a source) entails the second."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sentences of a source that stand in a row."""

    passage: int
    span: Span
    text: str
    claim: Claim
    around: frozenset[str]
    """Words of the passage, its title and its author, and its date: names that need not be said again."""


def verbatim(sentence: str, run: Run) -> bool:
    """Return whether a run is the sentence word for word, or begins with it: nothing denies it then."""
    words = " ".join(sentence.split()).rstrip(".!… ")
    return " ".join(run.text.split()).startswith(words)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found of a sentence.

    Attributes:
        reason: why nothing bears it out; empty if `run` does.
        run: the sentences that bear it out, or that come nearest.
    """

    reason: str
    run: Run | None


def judged(
    sentence: str,
    runs: Sequence[Run],
    similar: Similar | None = None,
    entails: Entails | None = None,
) -> Judged:
    """Return whether one of some runs bears out a sentence.

    Args:
        sentence: without citations.
        runs: of all the passages that it may rest on.
        similar: gives cosines; asked only where words do not settle it.
        entails: has the last word on what words and facts let pass, and may let pass what shares
            few words; with the facts still compared. It is asked at most once, and not about what
            stands in the source word for word.
    """
    if not runs:
        return Judged("the source holds no sentence", None)
    same = min((r for r in runs if verbatim(sentence, r)), key=lambda r: len(r.text), default=None)
    if same is not None:
        return Judged("", same)
    claim = claim_of(sentence)
    scores = _scores(sentence, claim, runs, similar)
    # The best run, the shortest of equals, is the one that the sentence must answer to.
    ranked = sorted(range(len(runs)), key=lambda n: (-scores[n], len(runs[n].text)))
    near = {n: scores[n] for n in ranked if scores[n] >= SHARED}
    best = runs[ranked[0]]
    if not near:
        said = _entailed(sentence, ranked[:ASKED], runs, entails) if entails is not None else []
        # It may let pass what shares few words; the facts are still compared.
        best = runs[said[0]] if said else best
        return Judged(
            _contradiction(claim, best) if said else "nothing in the source says it", best
        )
    # A run that is much farther says something else, and cannot excuse what the best one
    # denies; nor can a longer one that adds nothing but another number or name.
    likely = [n for n in near if scores[n] >= scores[ranked[0]] - FARTHER]
    likely = [n for n in likely if not _padded(n, near, runs)]
    reasons = {n: _contradiction(claim, runs[n]) for n in likely}
    bearing = [n for n in likely if not reasons[n]]
    if bearing and entails is not None:
        said = _entailed(sentence, bearing, runs, entails)
        reasons |= {n: "the source does not go so far" for n in bearing if n not in said}
        bearing = said
    if bearing:
        return Judged("", runs[bearing[0]])
    return Judged(reasons[likely[0]], runs[likely[0]])


def _entailed(
    sentence: str, numbers: Sequence[int], runs: Sequence[Run], entails: Entails
) -> list[int]:
    """Return those of some runs that an entailment model takes to say a sentence, in order."""
    found = entails([(runs[n].text, sentence) for n in numbers])
    return [n for n, probability in zip(numbers, found, strict=True) if probability >= EVEN]


def _scores(
    sentence: str, claim: Claim, runs: Sequence[Run], similar: Similar | None
) -> dict[int, float]:
    """Return how near each run is: the share of words, or what meaning lifts it to."""
    shares = {n: _share(claim, run.claim) for n, run in enumerate(runs)}
    if similar is None or max(shares.values()) >= SHARED:
        return shares
    # Words do not settle it: the nearest by words are compared by meaning.
    likely = sorted(shares, key=lambda n: (-shares[n], len(runs[n].text)))[:COMPARED]
    cosines = similar(sentence, [runs[n].text for n in likely])
    for n, cosine in zip(likely, cosines, strict=True):
        if cosine >= NEAR and shares[n] >= SOME:
            shares[n] = max(shares[n], SHARED)
    return shares


def _padded(n: int, scores: dict[int, float], runs: Sequence[Run]) -> bool:
    """Return whether a part of a run says as much as the whole of it."""
    return any(
        other != n
        and runs[other].passage == runs[n].passage
        and runs[n].span.start <= runs[other].span.start
        and runs[other].span.end <= runs[n].span.end
        and scores[other] >= scores[n] - LITTLE
        for other in scores
    )


def _share(claim: Claim, run: Claim) -> float:
    if not claim.stems:
        return 1.0
    return len(claim.stems & run.stems) / len(claim.stems)


def _contradiction(claim: Claim, run: Run) -> str:
    """Return what of a claim a run of sentences does not bear out; empty if nothing."""
    theirs = run.claim
    have = [*theirs.numbers]
    for number in claim.numbers:
        if number in have:
            have.remove(number)
        elif number not in theirs.numbers and number not in run.around:
            return f"the source does not say {number}"
        elif number not in theirs.numbers and have:
            # The passage's date may be told, but not in the place of another number.
            return f"the source says {have[0]}, not {number}"
    reason = _names(claim, run)
    if reason:
        return reason
    return _denial(claim, theirs)


def _names(claim: Claim, run: Run) -> str:
    theirs = run.claim
    said = theirs.names | theirs.doubtful
    stems = {stemmed(word) for word in theirs.words}
    strange = [
        name
        for name in sorted(claim.names)
        if name not in said and name not in theirs.words and stemmed(name) not in stems
    ]
    # A word that only begins its sentence may be a name or any other: it is one that was put in the
    # place of another if nothing else of the sentence is strange.
    opening = [
        name
        for name in sorted(claim.doubtful)
        if name not in theirs.words and stemmed(name) not in stems and name not in run.around
    ]
    others = sorted((theirs.names | theirs.doubtful) - claim.words)
    rest = claim.stems - {stemmed(name) for name in opening}
    if opening and others and rest and len(rest & theirs.stems) >= SAME * len(rest):
        return f"the source names {others[0].title()}, not {opening[0].title()}"
    if not strange:
        return ""
    replaced = sorted(theirs.names - claim.names - claim.doubtful - claim.words)
    for name in strange:
        if name not in run.around:
            return f"the source does not name {name.title()}"
        if replaced:
            return f"the source names {replaced[0].title()}, not {name.title()}"
    return ""


def _denial(claim: Claim, theirs: Claim) -> str:
    if not (softened(theirs, claim) or softened(claim, theirs)):
        shared = (claim.stems & theirs.stems) - LIGHT
        ours_only = (claim.denied & shared) - theirs.denied
        theirs_only = (theirs.denied & shared) - claim.denied
        same = min(_share(claim, theirs), _share(theirs, claim)) >= SAME
        if claim.negations > theirs.negations and (ours_only or same):
            return "the source does not deny it"
        if claim.negations < theirs.negations and (theirs_only or same):
            return "the source denies it"
    if found := opposite(claim, theirs):
        return f"the source says {found[1]!r}, not {found[0]!r}"
    return ""


def runs_of(number: int, passage: "Passage") -> list[Run]:
    """Return the runs of a passage's sentences, up to `ROW` of them each."""
    spans = sentences_of(passage.text)
    about = f"{passage.title}\n{passage.author}\n{passage.text}"
    around = set(claim_of(about).words)
    if passage.published_at:
        year, _, rest = passage.published_at[:10].partition("-")
        around |= {year, *(str(int(part)) for part in rest.split("-") if part.isdigit())}
        if rest[:2].isdigit():
            around.add(MONTHS[int(rest[:2]) - 1])
    fixed = frozenset(around)
    made = []
    for first in range(len(spans)):
        for last in range(first, min(first + ROW, len(spans))):
            span = Span(spans[first].start, spans[last].end)
            text = span.of(passage.text)
            made.append(Run(number, span, text, claim_of(text), fixed))
    return made
