"""Whether an answer's sentences are supported by what they cite.

In: the text of an answer, and its sources. Out: a `SentenceSupport` a sentence, with its span in the
answer's text and, where it is not supported, a reason that a person understands.

A sentence is compared with the sentences of the passages it cites, one, two or three in a row. It is
supported by the run that shares enough of its words (or is near enough in meaning, where an embedder
is given) and that contradicts none of what can be compared exactly: every number, every name, and
what is denied. An entailment model, where there is one, has the last word on what is left.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from twin.chat.citations import citation_spans
from twin.chat.claims import Claim, claim_of, opposite, softened, stemmed
from twin.chat.english import LIGHT, MONTHS
from twin.documents import Span
from twin.index.boundaries import sentences

if TYPE_CHECKING:
    from twin.chat.answer import Source

SHARED: Final = 0.5
"""A run of sentences supports another sentence if it has at least this share of its words."""

NEAR: Final = 0.6
"""… or if the cosine of the two is at least this, and it has at least `SOME` of its words."""

SOME: Final = 0.2

FARTHER: Final = 0.2
LITTLE: Final = 0.08
"""Differences of a score (the share of words, and half the cosine) that make another run of sentences
something else, and that make a longer run no better than a part of it."""

EVEN: Final = 0.5
"""The probability from which an entailment model says yes."""

SAME: Final = 0.8
"""Two sentences that share this much of each other's words are one, but for what was changed."""

ROW: Final = 3
"""Most sentences of a source that are taken together: an answer often joins two of them."""

FEWEST: Final = 4
"""Words of a sentence that states something; "So we left." does, "Yes." does not."""

Similar = Callable[[str, Sequence[str]], Sequence[float]]
"""Gives the cosine of a text with each of others, -1 to 1."""

Entails = Callable[[str, str], float]
"""Gives the probability, 0 to 1, that the first text (the source) entails the second."""


@dataclass(frozen=True, slots=True)
class SentenceSupport:
    """A sentence of an answer, and whether what it cites supports it.

    Attributes:
        start: of the sentence in the answer's text, in code points.
        end: likewise; citations behind the sentence are not part of it.
        numbers: the sources that it cites; of a sentence that cites nothing, those of the next
            citation in its paragraph.
        supported: whether they support it.
        reason: why not; empty if they do.
    """

    start: int
    end: int
    numbers: tuple[int, ...]
    supported: bool
    reason: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what `--json` prints."""
        return {
            "start": self.start,
            "end": self.end,
            "numbers": list(self.numbers),
            "supported": self.supported,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class _Cited:
    span: Span
    numbers: tuple[int, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Sentences of a source that stand in a row."""

    passage: int
    span: Span
    text: str
    claim: Claim
    around: frozenset[str]
    """Words of the passage, its title and its author, and its date: names that need not be said again."""


def check_support(
    text: str,
    sources: Sequence["Source"],
    *,
    similar: Similar | None = None,
    entails: Entails | None = None,
) -> tuple[SentenceSupport, ...]:
    """Return every sentence of an answer that states something, and whether it is supported.

    Args:
        text: the answer, with citations as ``[n]``.
        sources: what the numbers mean.
        similar: gives cosines; without it, words alone count.
        entails: asked where words and facts do not settle it, with the source's best run first; a
            sentence is then supported if the probability is at least a half.
    """
    known = {source.n: _runs(source) for source in sources}
    checked = []
    for cited in _cited(text):
        words = re.findall(r"[^\W_]+", cited.span.of(text))
        if len(words) < FEWEST or cited.span.of(text).rstrip(" *_”\"'").endswith((":", "?")):
            continue
        reason = _reason(cited, text, known, similar, entails)
        checked.append(
            SentenceSupport(*cited.span, cited.numbers, supported=not reason, reason=reason)
        )
    return tuple(checked)


def _cited(text: str) -> Iterator[_Cited]:
    """Yield the sentences with what they cite; one without citation takes those that come next."""
    blank = text
    found: list[tuple[int, tuple[int, ...]]] = []
    for span, numbers in citation_spans(text):
        blank = blank[: span.start] + " " * (span.end - span.start) + blank[span.end :]
        found.append((span.start, numbers))
    spans = sentences(blank)
    own: list[tuple[int, ...]] = [()] * len(spans)
    for start, numbers in found:
        # Behind a sentence, or within it: to the last one that began before.
        at = max((n for n, span in enumerate(spans) if span.start <= start), default=0)
        if spans:
            own[at] = (*own[at], *(n for n in numbers if n not in own[at]))
    for at, span in enumerate(spans):
        if own[at]:
            yield _Cited(span, own[at], own=True)
            continue
        later: tuple[int, ...] = ()
        for n in range(at + 1, len(spans)):
            if re.search(r"\n[ \t]*\n", text[span.end : spans[n].start]):
                break
            if later := own[n]:
                break
        yield _Cited(span, later, own=False)


def _reason(
    cited: _Cited,
    text: str,
    known: dict[int, list[_Run]],
    similar: Similar | None,
    entails: Entails | None,
) -> str:
    sentence = cited.span.of(text)
    dangling = [n for n in cited.numbers if n not in known]
    if dangling:
        return f"it cites [{dangling[0]}], which is not there"
    if not cited.numbers:
        return "it cites nothing"
    runs = [run for n in cited.numbers for run in known[n]]
    reason = ""
    if not any(_verbatim(sentence, run) for run in runs):
        reason = _unsupported(sentence, runs, similar, entails)
    if reason and not cited.own:
        return "it cites nothing, and what is cited next does not say it"
    return reason


def _verbatim(sentence: str, run: _Run) -> bool:
    """Return whether a run is the sentence word for word, or begins with it: nothing denies it then."""
    words = " ".join(_citations_out(sentence).split()).rstrip(".!… ")
    return " ".join(run.text.split()).startswith(words)


def _unsupported(
    sentence: str, runs: Sequence[_Run], similar: Similar | None, entails: Entails | None
) -> str:
    claim = claim_of(_citations_out(sentence))
    if not runs:
        return "the source holds no sentence"
    shares = [_share(claim, run.claim) for run in runs]
    cosines = similar(sentence, [run.text for run in runs]) if similar else [0.0] * len(runs)
    # The best run, the shortest of equals, is the one that the sentence must answer to.
    ranked = sorted(
        range(len(runs)), key=lambda n: (-(shares[n] + 0.5 * cosines[n]), len(runs[n].text))
    )
    near = [n for n in ranked if shares[n] >= SHARED or (cosines[n] >= NEAR and shares[n] >= SOME)]
    if not near:
        best = runs[ranked[0]]
        if entails is not None and entails(best.text, sentence) >= EVEN:
            return _contradiction(claim, best)
        return "nothing in the source says it"
    scores = {n: shares[n] + 0.5 * cosines[n] for n in near}
    reasons = []
    for n in near:
        # A run that is much farther says something else, and cannot excuse what the best one
        # denies; nor can a longer one that adds nothing but another number or name.
        if scores[n] < scores[near[0]] - FARTHER or _padded(n, scores, runs):
            continue
        reason = _contradiction(claim, runs[n])
        if not reason and entails is not None and entails(runs[n].text, sentence) < EVEN:
            reason = "the source does not follow through to it"
        if not reason:
            return ""
        reasons.append(reason)
    return reasons[0]


def _padded(n: int, scores: dict[int, float], runs: Sequence[_Run]) -> bool:
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


def _contradiction(claim: Claim, run: _Run) -> str:
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


def _names(claim: Claim, run: _Run) -> str:
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


def _runs(source: "Source") -> list[_Run]:
    passage = source.passage
    spans = sentences(passage.text)
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
            made.append(_Run(source.n, span, text, claim_of(text), fixed))
    return made


def _citations_out(text: str) -> str:
    for span, _ in reversed(list(citation_spans(text))):
        text = text[: span.start] + " " + text[span.end :]
    return text
