"""Instructions without a teacher: from the title, the headings, the first sentence and the kind.

In: a target and the terms that tell it from others. Out: an instruction that no other row has. Which of
several ways of asking is taken is decided by the seed and the target alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from twin.datasets.targets import Target
from twin.datasets.words import normal, number, prose
from twin.documents import Kind, Span
from twin.index.boundaries import sentences

OPENING: Final = (
    "Write the beginning of “{title}”.",
    "How does your piece “{title}” begin?",
    "Open a piece called “{title}”.",
    "You are about to write “{title}”. What are the first paragraphs?",
)
SECTION: Final = (
    "Write the part of “{title}” on “{heading}”.",
    "In “{title}”, what do you say under “{heading}”?",
    "What do you have to say about “{heading}”? It is for “{title}”.",
    "Explain “{heading}” as you would in “{title}”.",
)
WITHIN: Final = (
    "In “{title}”, under “{heading}”, what do you say about {terms}?",
    "Write the passage on {terms} that stands under “{heading}” in “{title}”.",
    "The part of “{title}” on “{heading}” comes to {terms}. Write that passage.",
    "What do you write about {terms}? It is for the part on “{heading}” of “{title}”.",
)
"""Of a passage that does not open its part."""

PART: Final = (
    "Write the part of “{title}” that deals with {terms}.",
    "In “{title}”, what do you say about {terms}?",
    "A passage for “{title}”, please: it should touch on {terms}.",
    "I am interested in {terms}. What did you write about it in “{title}”?",
    "Write about {terms}, in about {length} words, for “{title}”.",
)
UNTITLED: Final = (
    "What do you think about {terms}?",
    "Write a few paragraphs about {terms}.",
    "Tell me about {terms}, in about {length} words.",
    "What have you got to say on the subject of {terms}?",
)
POST: Final = (
    "Write a short post about {terms}.",
    "Post something about {terms}.",
    "Say something about {terms}, in a few sentences.",
    "What would you post about {terms}?",
)
SENTENCE: Final = (
    "How do you go on after “{sentence}”? Begin with that sentence.",
    "Write the passage that begins “{sentence}”",
)
"""Last of all: where every other way of asking is taken, the first sentence tells the rows apart."""

CONTINUATION: Final = (
    "Go on from here, as you would:\n\n{before}",
    "Continue this piece of yours:\n\n{before}",
    "This is what you have so far. Write what comes next.\n\n{before}",
    "Here is a draft of yours. What is the next passage?\n\n{before}",
)
REWRITE: Final = (
    "Rewrite this in your own style:\n\n{plain}",
    "Say this the way you would say it:\n\n{plain}",
    "This reads like nobody in particular. Make it sound like you:\n\n{plain}",
    "Put this into your own words:\n\n{plain}",
)
QUESTION: Final = (
    "What did you write about {terms}?",
    "What do you think about {terms}?",
    "Have you written anything on {terms}?",
    "How do you see {terms}?",
    "What is there in your writing about {terms}?",
)
HEADED_QUESTION: Final = (
    "What did you say about “{heading}” in “{title}”?",
    "What is your view on “{heading}”, as in “{title}”?",
    "How do you explain “{heading}” in “{title}”?",
)
WITHIN_QUESTION: Final = (
    "What did you say about {terms} in “{title}”?",
    "In “{title}”, how do you see {terms}?",
    "What is there in “{title}” about {terms}?",
)

MOST_BEFORE: Final = 1200
"""Code points of what a continuation goes on from."""

ROUND: Final = 10
_LINKED: Final = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\]|\{[^{}]*\})")
_ESCAPED: Final = re.compile(r"\\([^\w\s])")
_MARKED: Final = re.compile(
    r"(?<!\w)(?:\*{1,3}|_(?!_))(?=\w)|(?<=[\w.!?)])(?:\*{1,3}|(?<!_)_)(?!\w)"
)
LONGEST_SENTENCE: Final = 160


def instructions(target: Target, terms: Sequence[str], seed: int) -> Iterator[str]:
    """Yield ways of asking for a target, the one that the seed chooses first."""
    document = target.stored.document
    blanks = _blanks(target, terms)
    groups: list[tuple[str, ...]]
    if document.kind is Kind.POST:
        groups = [POST] if terms else []
    elif target.first and document.title:
        groups = [OPENING]
    elif document.title and target.headings:
        groups = [SECTION] if target.opens else [WITHIN] if terms else []
    else:
        groups = []
    if terms:
        groups += [PART] if document.title else [UNTITLED]
        if document.kind is not Kind.POST:
            groups.append(UNTITLED)
    yield from _filled(groups, blanks, target, seed)
    if blanks["sentence"]:
        yield from _filled([SENTENCE], blanks, target, seed)


def questions(target: Target, terms: Sequence[str], seed: int) -> Iterator[str]:
    """Yield questions to which a target is an answer from context."""
    title = target.stored.document.title
    groups: list[tuple[str, ...]] = []
    if target.headings and title and target.opens:
        groups.append(HEADED_QUESTION)
    if terms:
        groups += [WITHIN_QUESTION, QUESTION] if title and not target.opens else [QUESTION]
    yield from _filled(groups, _blanks(target, terms), target, seed)


def continuations(target: Target, seed: int) -> Iterator[str]:
    """Yield ways of asking to go on from what stands before a target; none where nothing does."""
    if target.before.end - target.before.start < ROUND:
        return
    text = target.stored.document.text
    before = target.before.of(text)
    if len(before) > MOST_BEFORE:
        cut = before.find("\n\n", len(before) - MOST_BEFORE)
        before = before[cut if cut >= 0 else len(before) - MOST_BEFORE :].strip()
    title = target.stored.document.title
    # Where the beginning is cut off, the title says what it is about.
    if title and title not in before[:200]:
        before = f"# {title}\n\n{before}"
    yield from _filled([CONTINUATION], {"before": before}, target, seed)


def rewrites(target: Target, plain: str, seed: int) -> Iterator[str]:
    """Yield ways of asking to say a plain text as the person would."""
    yield from _filled([REWRITE], {"plain": plain}, target, seed)


class Taken:
    """The instructions that rows have already."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def first(self, ways: Iterator[str]) -> str:
        """Return the first way of asking that no row has yet, and take it; empty if there is none."""
        for way in ways:
            if self.take(way):
                return way
        return ""

    def take(self, instruction: str) -> bool:
        """Take an instruction; False if a row has it."""
        key = normal(instruction)
        if key in self._known:
            return False
        self._known.add(key)
        return True


def joined(terms: Sequence[str]) -> str:
    """Return terms as a person lists them."""
    if len(terms) < 2:  # noqa: PLR2004 - one needs no "and"
        return "".join(terms)
    return f"{', '.join(terms[:-1])} and {terms[-1]}"


def first_sentence(text: str) -> str:
    """Return the first sentence of a text if it is short and plain; else nothing."""
    found = sentences(text, Span(0, min(len(text), 2 * LONGEST_SENTENCE)))
    sentence = " ".join(found[0].of(text).split()) if found else ""
    plain = sentence and not re.search(r"[`|\[\]#>]", sentence)
    return sentence if plain and len(sentence) <= LONGEST_SENTENCE else ""


def _blanks(target: Target, terms: Sequence[str]) -> dict[str, str]:
    length = len(prose(target.text).split())
    return {
        "title": _plain(target.stored.document.title),
        "heading": _plain(target.headings[-1]) if target.headings else "",
        "terms": joined(terms),
        "length": str(max(round(length, -1), ROUND)),
        "sentence": first_sentence(target.text),
    }


def quoted(title: str) -> str:
    """Return a title between quotation marks, as instructions have it; empty if there is none."""
    plain = _plain(title)
    return f"“{plain}”" if plain else ""


def _plain(text: str) -> str:
    """Return a title as it is read, without its markup, to stand between quotation marks."""
    text = _LINKED.sub(r"\1", text)
    text = _MARKED.sub("", _ESCAPED.sub(r"\1", text))
    return " ".join(text.replace("“", "‘").replace("”", "’").replace("`", "").split())


def _filled(
    groups: Sequence[Sequence[str]], blanks: dict[str, str], target: Target, seed: int
) -> Iterator[str]:
    for group in groups:
        turn = number(seed, target.stored.id, target.span.start) % len(group)
        for template in (*group[turn:], *group[:turn]):
            yield template.format_map(blanks)
