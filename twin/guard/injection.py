"""Whether a text tries to instruct the model that reads it.

In: a question, or the text of a document. Out: the `Finding`s that together are an attempt, none if
it is harmless; and a passage without the sentences that hold them.

This is a sieve, not a wall: it is made of rules, and whoever knows them can write around them. What
comes through still stands between marks that say it is data, and can cite nothing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from twin.documents import Document, Span
from twin.guard.encoded import decoded
from twin.guard.hidden import Plain, messages, plain, spelled
from twin.guard.rules import ABOUT, FOR_EXAMPLE, RULES, Rule
from twin.index.boundaries import merged, sentences, trim
from twin.prompts.passages import LEFT_OUT

ENOUGH: Final = 1.0
"""Findings near each other that count so much together are an attempt."""

DOUBT: Final = 0.7
"""So much is let in, but no model reads it: it may be an order, and no answer rests on it."""

NEAR: Final = 400
"""Characters between findings that belong together, in a document; a question is one piece."""

_QUOTED: Final = re.compile(
    r"“[^”\n]{3,600}”|\"[^\"\n]{3,600}\"|‘[^’\n]{8,600}’|(?<!\w)'[^'\n]{8,600}'(?!\w)|«[^»\n]{3,600}»"
    r"|(?P<code>`[^`\n]+`)|^(?P<block>(?:    |\t|>).*)$",
    re.MULTILINE,
)
_FENCED: Final = re.compile(
    r"^[ \t]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL
)


class Channel(StrEnum):
    """Where a text comes in."""

    QUESTION = "question"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of a text that looks like an order to a model.

    Attributes:
        rule: the rule's name.
        says: what it does, as the end of "it …".
        span: in the text as it was given.
        weight: how much it counts.
    """

    rule: str
    says: str
    span: Span
    weight: float


def attempts(text: str, channel: Channel, enough: float = ENOUGH) -> tuple[Finding, ...]:
    """Return the findings that together are an attempt to instruct, in order; empty if harmless.

    Args:
        text: a question or a document's text.
        channel: which of the two it is.
        enough: how much they must count together.
    """
    found = sorted(_findings(text, channel), key=lambda one: one.span)
    if channel is Channel.QUESTION:
        return tuple(found) if _weight(found) >= enough else ()
    kept: list[Finding] = []
    for group in _groups(found):
        if _weight(group) >= enough:
            kept += group
    return tuple(kept)


def reason(found: Sequence[Finding]) -> str:
    """Return what was found, in words for a person."""
    said = list(dict.fromkeys(one.says for one in found))
    return f"it {said[0]}" if len(said) == 1 else f"it {', '.join(said[:-1])} and {said[-1]}"


def suspicion(document: Document) -> str:
    """Return why a document looks like an attempt to instruct a model; empty if it does not."""
    found = attempts(document.title, Channel.DOCUMENT) or attempts(document.text, Channel.DOCUMENT)
    return reason(found) if found else ""


@lru_cache(maxsize=512)
def without_orders(text: str) -> str:
    """Return a passage as a prompt may have it: each sentence that may be an order is left out."""
    found = attempts(text, Channel.DOCUMENT, DOUBT)
    if not found:
        return text
    spans = sentences(text)
    holes = merged([_around(one.span, spans) for one in found])
    kept, done = [], 0
    for hole in holes:
        kept += [text[done : hole.start], LEFT_OUT]
        done = hole.end
    return "".join([*kept, text[done:]])


def _around(span: Span, spans: Sequence[Span]) -> Span:
    touched = [one for one in spans if one.start < span.end and span.start < one.end]
    if not touched:
        return span
    return Span(min(span.start, touched[0].start), max(span.end, touched[-1].end))


def _weight(found: Iterable[Finding]) -> float:
    """Return how much findings count together: each rule once, by its heaviest."""
    heaviest: dict[str, float] = {}
    for one in found:
        heaviest[one.rule] = max(heaviest.get(one.rule, 0.0), one.weight)
    return sum(heaviest.values()) + 1e-9


def _groups(found: Sequence[Finding]) -> list[list[Finding]]:
    groups: list[list[Finding]] = []
    for one in found:
        if groups and one.span.start - groups[-1][-1].span.end <= NEAR:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _findings(text: str, channel: Channel) -> list[Finding]:
    read = plain(text)
    said = _mentions(text) if channel is Channel.DOCUMENT else []
    found = _by_rules(read, read.text, channel, said)
    undone = read.undone
    if undone != read.text:
        found += [one for one in _by_rules(read, undone, channel, said) if one not in found]
    for span in messages(text):
        found.append(Finding("hidden", "hides a message in characters that nobody sees", span, 1.0))
    for span, words in decoded(text):
        if channel is Channel.QUESTION or _findings(words, Channel.QUESTION):
            found.append(Finding("encoded", "has a message in code", span, 1.0))
    for span, word in spelled(read.text):
        if re.match(r"ignor|disregard|forget|override|password|reveal|system", word):
            place = read.span(*span)
            found.append(Finding("spelled", "spells a word so that it is not found", place, 0.6))
    return found


def _by_rules(read: Plain, text: str, channel: Channel, said: Sequence[Span]) -> list[Finding]:
    found = []
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            weight = rule.question if channel is Channel.QUESTION else rule.document
            span = trim(read.original, read.span(*match.span()))
            if channel is Channel.DOCUMENT:
                weight *= _use(rule, span, text, match, said)
            if weight > 0:
                found.append(Finding(rule.name, rule.says, span, weight))
    return found


def _use(rule: Rule, span: Span, text: str, match: re.Match[str], said: Sequence[Span]) -> float:
    """Return how much of a finding is left where somebody writes about it and does not do it."""
    left = 1.0
    if any(one.start <= span.start and span.end <= one.end for one in said):
        left *= rule.mention
    before = text[max(0, match.start() - NEAR) : match.start()]
    after = text[match.end() : match.end() + NEAR]
    if ABOUT.search(before) or FOR_EXAMPLE.search(before) or ABOUT.search(after):
        left *= 0.5
    return left


def _mentions(text: str) -> list[Span]:
    """Return where a text quotes, or is code."""
    spans = [Span(*match.span()) for match in _FENCED.finditer(text)]
    return spans + [Span(*match.span()) for match in _QUOTED.finditer(text)]
