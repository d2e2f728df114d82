"""Controlled corruptions of style: what a person wrote, as nobody in particular would have written it.

In: a text of the person's. Out: the same said worse, in one known way a step, and the names of the
steps. No model is asked. Code, inline code, links and addresses are never touched.

Each step takes away or adds one thing that stylometry counts or that readers of model output name:

=============== ==================================================================================
contractions    written out: ``don't`` becomes ``do not``
punctuation     flattened: dashes, semicolons, colons and brackets become commas, ``!`` and ``…`` stops
impersonal      the first person goes: ``I think that`` is dropped, ``I`` becomes ``we``
formal          plain words become long ones: ``use`` utilize, ``help`` facilitate, ``show`` demonstrate
emphasis        bold and italics go, and so do words that stress (``really``, ``just``, ``actually``)
lists           a paragraph becomes a list of its sentences, with a line that announces it
connectives     sentences begin with ``Additionally,``, ``Furthermore,``, ``Moreover,`` (adds length)
hedging         statements are hedged: ``It is worth noting that …`` (adds length)
closing         a sentence that says nothing closes the text (adds length)
opening         a sentence that says nothing opens it (adds length)
asides          what stands in brackets or between dashes goes (takes length)
shortening      sentences from the end go (takes length)
=============== ==================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from twin.datasets.likeness import jaccard
from twin.datasets.phrasing import (
    ADVERBS,
    CLOSINGS,
    CONNECTIVES,
    CONTRACTIONS,
    FORMAL,
    HEDGES,
    OPENINGS,
)
from twin.datasets.words import hashes, number, sequences, share
from twin.index.boundaries import sentences

_KEPT: Final = re.compile(
    r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[^\n]*$|\Z)|`[^`\n]+`|!?\[[^\]]*\]\([^)]*\)|https?://\S+|^(?: {4}|\t|\|)[^\n]*$",
    re.MULTILINE | re.DOTALL,
)
"""What is never touched: code, links, addresses, tables."""

_STARTS: Final = re.compile(r"(?<=[.!?]\s)(?=[A-Z][a-z])|(?<=\n\n)(?=[A-Z][a-z])")
_ASIDE: Final = re.compile(
    r"[ \t]*\((?!https?:)[^()\n]{3,200}\)|[ \t]*[—–][^—–.\n]{3,120}[—–](?=[ \t])"
)
FEWEST: Final = 3
"""Steps that change something, at least."""

NEAREST: Final = 0.75
"""Jaccard index of word triples of a corrupted text and its original at most; else more is done."""

MOST_CUTS: Final = 8
_EVERY: Final = 3
"""A sentence in so many gets a connective or a hedge."""

LONG_ENOUGH: Final = 3
"""Sentences of a paragraph that can become a list."""

NEUTRAL: Final = ("contractions", "punctuation", "impersonal", "formal", "emphasis", "lists")
LONGER: Final = ("hedging", "connectives", "closing", "opening")
SHORTER: Final = ("asides", "shortening")


def corrupted(text: str, *, longer: bool, key: object) -> tuple[str, tuple[str, ...]]:
    """Return a text in nobody's style, longer or shorter than the person's, and the steps taken.

    Args:
        text: the person's.
        longer: whether the result is to be longer; where it cannot be had, the steps are those that
            came nearest.
        key: decides the choice of steps.
    """
    steps: list[str] = []
    result = text
    for step in (name for name in NEUTRAL if _chosen(name, key)):
        result = _take(step, result, key, steps)
    for step in ("connectives", "hedging", "opening", "lists", "closing"):
        if len(steps) >= FEWEST and _likeness(text, result) <= NEAREST:
            break
        if step not in steps:
            result = _take(step, result, key, steps)
    for step in LONGER if longer else (*SHORTER, *(["shortening"] * MOST_CUTS)):
        if (len(result) > len(text)) == longer and len(result) != len(text):
            break
        if step not in steps or step == "shortening":
            result = _take(step, result, (key, len(result)), steps)
    return result, tuple(dict.fromkeys(steps))


def _likeness(one: str, other: str) -> float:
    return jaccard(hashes(sequences(one)), hashes(sequences(other)))


def plain(text: str, key: object) -> str:
    """Return a text without its style, about as long: what a rewriting begins from."""
    steps: list[str] = []
    result = text
    for step in ("contractions", "punctuation", "impersonal", "formal", "emphasis"):
        result = _take(step, result, key, steps)
    if share("connectives", key) < 0.5:  # noqa: PLR2004 - half of them
        result = _take("connectives", result, key, steps)
    return result


def _chosen(step: str, key: object) -> bool:
    # Lists are easily told apart: a model that only learned to avoid them would have learned little.
    often = {"lists": 0.25, "contractions": 0.9, "punctuation": 0.9}
    return share(step, key) < often.get(step, 0.7)


def _take(step: str, text: str, key: object, steps: list[str]) -> str:
    changed = STEPS[step](text, key)
    if changed != text:
        steps.append(step)
    return changed


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Return a text changed outside what is kept."""
    parts: list[str] = []
    at = 0
    for kept in _KEPT.finditer(text):
        parts += [change(text[at : kept.start()]), kept[0]]
        at = kept.end()
    return "".join([*parts, change(text[at:])])


def _contractions(text: str, key: object) -> str:
    del key

    def written_out(part: str) -> str:
        for pattern, full in CONTRACTIONS:
            part = pattern.sub(lambda m, full=full: _cased(m[0], m.expand(full)), part)  # type: ignore[misc]
        return part

    return _outside(text, written_out)


def _punctuation(text: str, key: object) -> str:
    del key

    def flat(part: str) -> str:
        part = re.sub(r"[ \t]*[—–][ \t]*|[ \t]+--?-?[ \t]+", ", ", part)
        part = re.sub(r";[ \t]", ", ", part)
        part = re.sub(r":[ \t](?=[a-z])", ", ", part)
        part = re.sub(r"[ \t]\(([^()\n]{1,200})\)", r", \1,", part)
        part = re.sub(r"!+|…|\.{3,}", ".", part)
        part = re.sub(r",[ \t]*(?=[,.])", "", part)
        return re.sub(r"[“”]", '"', part.replace("’", "'"))

    return _outside(text, flat)


def _impersonal(text: str, key: object) -> str:
    del key

    def of_nobody(part: str) -> str:
        part = re.sub(
            r"\b(?:I (?:think|believe|feel|suspect|guess|find)(?: that)?|In my (?:opinion|view),?"
            r"|To me,?|Personally,?|I must say(?: that)?)[ \t]+(\w)",
            lambda m: m[1].upper(),
            part,
        )
        part = re.sub(r"\bI am\b", "we are", part)
        part = re.sub(r"\bI was\b", "we were", part)
        for one, other in (
            ("I", "we"),
            ("me", "us"),
            ("my", "our"),
            ("My", "Our"),
            ("mine", "ours"),
            ("myself", "ourselves"),
        ):
            part = re.sub(rf"\b{one}\b(?!['’.])", other, part)
        return re.sub(r"(^|[.!?][ \t]+|\n\n)we\b", r"\1We", part)

    return _outside(text, of_nobody)


def _formal(text: str, key: object) -> str:
    del key

    def long_words(part: str) -> str:
        return _PLAIN_WORDS.sub(lambda m: _cased(m[0], FORMAL[m[0].lower()]), part)

    return _outside(text, long_words)


def _emphasis(text: str, key: object) -> str:
    del key

    def calm(part: str) -> str:
        part = re.sub(r"(?<![\w*])\*{1,2}(?=\S)([^*\n]+?)(?<=\S)\*{1,2}(?![\w*])", r"\1", part)
        part = re.sub(r"(?<!\w)_{1,2}(?=\S)([^_\n]+?)(?<=\S)_{1,2}(?!\w)", r"\1", part)
        return re.sub(rf"\b(?:{'|'.join(ADVERBS)})[ \t]+(?=[a-z])", "", part)

    return _outside(text, calm)


def _lists(text: str, key: object) -> str:
    paragraphs = text.split("\n\n")
    for place, paragraph in enumerate(paragraphs):
        if _KEPT.search(paragraph) or paragraph.startswith(("-", "*", "1.", ">", "#")):
            continue
        found = [" ".join(one.of(paragraph).split()) for one in sentences(paragraph)]
        if len(found) >= LONG_ENOUGH:
            head = ("Here are the key points:", "Key takeaways:", "There are several aspects:")
            items = "\n".join(f"- {sentence}" for sentence in found)
            paragraphs[place] = f"{head[number('head', key) % len(head)]}\n\n{items}"
            break
    return "\n\n".join(paragraphs)


def _connectives(text: str, key: object) -> str:
    return _begun(text, CONNECTIVES, key, 0)


def _hedging(text: str, key: object) -> str:
    return _begun(text, HEDGES, key, 1)


def _begun(text: str, words: Sequence[str], key: object, first: int) -> str:
    """Return a text in which every few sentences begin with one of these words; at least one does."""
    count = -1
    turn = number(words[0], key)

    def one() -> str:
        nonlocal count
        count += 1
        return words[(turn + count // _EVERY) % len(words)] + " " if count % _EVERY == first else ""

    def begin(part: str) -> str:
        begun = _STARTS.sub(lambda _: one(), part)
        # The letter after it becomes small, unless it may be of a name or is a lone I.
        for word in words:
            begun = re.sub(
                rf"({re.escape(word)} )({_COMMON})\b", lambda m: m[1] + m[2].lower(), begun
            )
        return begun

    changed = _outside(text, begin)
    started = text.startswith((*CONNECTIVES, *HEDGES))
    if changed == text and not started and re.match(r"[A-Z][a-z]", text):
        word = words[turn % len(words)]
        letter = text[0].lower() if re.match(rf"(?:{_COMMON})\b", text) else text[0]
        changed = f"{word} {letter}{text[1:]}"
    return changed


def _closing(text: str, key: object) -> str:
    return f"{text.rstrip()}\n\n{CLOSINGS[number('closing', key) % len(CLOSINGS)]}"


def _opening(text: str, key: object) -> str:
    return f"{OPENINGS[number('opening', key) % len(OPENINGS)]}\n\n{text}"


def _asides(text: str, key: object) -> str:
    del key
    return _outside(text, lambda part: _ASIDE.sub("", part))


def _shortening(text: str, key: object) -> str:
    """Return a text without about a tenth to a third of its sentences, from the end."""
    spans = [one for one in sentences(text) if not _KEPT.search(one.of(text))]
    if len(spans) <= 1:
        return _cut_clause(text)
    goes = max(1, int(len(spans) * (0.1 + 0.2 * share("short", key))))
    for span in reversed(spans[-goes:]):
        text = text[: span.start].rstrip(" \t") + text[span.end :]
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _cut_clause(text: str) -> str:
    """Return a text of one sentence without its last clause."""
    places = [
        m.start() for m in re.finditer(r",[ \t]|[ \t](?:and|but|because|which|so)[ \t]", text)
    ]
    return f"{text[: places[-1]]}." if places and places[-1] > len(text) // 3 else text


def _cased(before: str, after: str) -> str:
    return after[:1].upper() + after[1:] if before[:1].isupper() else after


_COMMON: Final = (
    "The|This|That|These|Those|It|There|Here|They|We|You|He|She|If|When|While|As|In|On|At|For|With|By"
    "|But|And|So|Or|Not|No|My|Our|Your|Their|Its|His|Her|What|Which|Who|How|Why|Where|After|Before"
    "|Because|Since|Although|Though|Then|Now|Some|Many|Most|All|Each|One|Two|A|An|From|To"
)
_PLAIN_WORDS: Final = re.compile(rf"\b(?:{'|'.join(FORMAL)})\b", re.IGNORECASE)

STEPS: Final[dict[str, Callable[[str, object], str]]] = {
    "contractions": _contractions,
    "punctuation": _punctuation,
    "impersonal": _impersonal,
    "formal": _formal,
    "emphasis": _emphasis,
    "lists": _lists,
    "connectives": _connectives,
    "hedging": _hedging,
    "closing": _closing,
    "opening": _opening,
    "asides": _asides,
    "shortening": _shortening,
}
"""Every step by name."""
