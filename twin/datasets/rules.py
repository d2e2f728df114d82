"""The rules that a single row must keep: length, language, format, refusals, boilerplate, code.

In: a row and limits. Out: the first rule that it breaks, in words that can be counted.
"""

import re
from dataclasses import dataclass
from typing import Final

from twin.datasets.likeness import jaccard
from twin.datasets.wordings import BOILERPLATE, MARKERS, REFUSALS
from twin.datasets.words import code_share, hashes, prose, sequences, words
from twin.samples import Sample

FUNCTION_WORDS: Final = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "don't",
        "even",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "here",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "it's",
        "its",
        "just",
        "like",
        "more",
        "most",
        "my",
        "no",
        "not",
        "now",
        "of",
        "on",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "that's",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "under",
        "up",
        "us",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "why",
        "will",
        "with",
        "without",
        "would",
        "you",
        "your",
    ]
)
"""The commonest words of English prose; a text in which they are few is in another language, or is a
list or a table."""

ENOUGH: Final = 25
"""Words of prose below which no language can be told."""

LETTERS: Final = 0.5
"""Share of letters in a target, white space aside, at least; below it, it is a table, a log or a listing."""

NEARLY: Final = 0.9
"""Jaccard index of word triples of chosen and rejected above which they differ by a word or a comma. What makes
the one likelier makes the other so, too, and the chosen one may even become less likely (Pal et al., Smaug,
arXiv 2402.13228, 2024)."""

HALF: Final = 0.5
_LINK_ALONE: Final = re.compile(
    r"(?:[-*+•]|\d+[.)])?\s*(?:\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])|<?https?://\S+)[^\w]*(?:[\d./ -]{0,24})"
)
"""A line that is a link, and perhaps a date."""

ROLES: Final = ("system", "user", "assistant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is asked of a row; see the options of the curator `rules`."""

    shortest: int = 40
    longest: int = 8000
    code: float = 0.5
    languages: tuple[str, ...] = ()
    function_words: float = 0.2


def broken(sample: Sample, limits: Limits) -> str:
    """Return the rule that a row breaks; empty if it keeps all."""
    target = sample.target
    if len(target) < limits.shortest:
        return "the target is too short"
    if len(target) > limits.longest:
        return "the target is too long"
    if reason := malformed(sample):
        return reason
    if limits.languages and sample.language and sample.language not in limits.languages:
        return "it is in another language"
    if not sample.verbatim:
        return ""
    fault = no_prose(target, limits)
    return f"the target {fault}" if fault else _pair(target, sample.rejected)


def _pair(chosen: str, rejected: str | None) -> str:
    """Return what is wrong with two texts of which one is to be preferred; empty if nothing is."""
    if rejected is None:
        return ""
    likeness = jaccard(hashes(sequences(chosen)), hashes(sequences(rejected)))
    return "chosen and rejected are nearly the same" if likeness > NEARLY else ""


def no_prose(text: str, limits: Limits) -> str:  # noqa: PLR0911 - one a rule
    """Return why a text is no writing to learn from; empty if it is.

    Args:
        text: what somebody wrote.
        limits: how much of it may be code, and how many common words it has at least.
    """
    if REFUSALS.search(text):
        return "is a refusal of a model"
    if BOILERPLATE.search(text):
        return "holds boilerplate"
    if code_share(text) > limits.code:
        return "is mostly code"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if sum(line.startswith("|") for line in lines) > HALF * len(lines):
        return "is mostly a table"
    if sum(bool(_LINK_ALONE.fullmatch(line)) for line in lines) > HALF * len(lines):
        return "is a list of links"
    plain = prose(text)
    if sum(map(str.isalpha, plain)) < LETTERS * len("".join(plain.split())):
        return "is hardly prose"
    found = words(plain)
    # An apostrophe is set in two ways.
    common = sum(word.replace("’", "'") in FUNCTION_WORDS for word in found)
    if len(found) >= ENOUGH and common < limits.function_words * len(found):
        return "is in another language, or a list"
    return ""


def malformed(sample: Sample) -> str:
    """Return what is wrong with the shape of a row; empty if nothing is."""
    roles = [role for role, _ in sample.prompt]
    if not roles or roles[-1] != "user" or any(role not in ROLES for role in roles):
        return "the prompt does not end with a question"
    if not sample.instruction.strip():
        return "the instruction is empty"
    texts = (*(content for _, content in sample.prompt), sample.target, sample.rejected or "")
    if any(MARKERS.search(text) for text in texts):
        return "it holds marks of a chat template"
    if any("\ufffd" in text or "\0" in text for text in texts):
        return "it holds broken characters"
    if sample.rejected is not None and not sample.rejected.strip():
        return "the rejected text is empty"
    return ""
