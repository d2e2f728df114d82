"""The single steps by which a text loses its style; `corruptions` says which are taken.

In: a text, and a key that decides between ways of doing it. Out: the text changed in one respect. Code,
inline code, links and addresses are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from twin.datasets.phrasing import (
    ADVERBS,
    CLOSINGS,
    CONNECTIVES,
    CONTRACTIONS,
    FORMAL,
    HEDGES,
    OPENINGS,
    WORDY,
)
from twin.datasets.words import number, share
from twin.index.boundaries import sentences

_KEPT: Final = re.compile(
    r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[^\n]*$|\Z)|`[^`\n]+`|!?\[[^\]]*\]\([^)]*\)|https?://\S+|^(?: {4}|\t|\|)[^\n]*$",
    re.MULTILINE | re.DOTALL,
)
"""What is never touched: code, links, addresses, tables."""

_MASK: Final = "\ue000"
_MASKED: Final = re.compile(rf"{_MASK}(.)", re.DOTALL)
_FIRST_MASK: Final = 0xF0000

_SUBJECTS: Final = (
    "The|This|That|These|Those|It|There|They|We|You|He|She|I|If|When|In|For|With|On|At|My|Our|Your"
    "|Their|Its|Some|Many|Most|All|Each|One|A|An"
)
_STARTS: Final = re.compile(
    rf"(?<=[.!?][ \n])(?=(?:{_SUBJECTS})[ ][^.!?]*[.!:])|(?<=\n\n)(?=(?:{_SUBJECTS})[ ][^.!?]*[.!:])"
)
"""Where a statement begins with a word that something can be put before."""

_ASIDE: Final = re.compile(
    rf"(?<=\S)(?:[ \t]*\n)?[ \t]*\((?!https?:)[^()\n{_MASK}]{{3,200}}\)"
    rf"|[ \t]*[—–][^—–.\n{_MASK}]{{3,120}}[—–](?=[ \t])"
)
_DASH: Final = re.compile(r"(?<=[^\s\d])[ \t]*[—–][ \t]*|(?<=\S)[ \t]+--?-?[ \t]+(?=\S)")
"""A dash within a line: what begins one is the mark of an item."""

_MAIN: Final = re.compile(
    r"(?:I|we|you|he|she|it|they|there|this|that|these|those|so|but|and the|the|my|our|your)\b",
    re.IGNORECASE,
)
"""What a sentence of its own may begin with."""

_BRACKETS: Final = re.compile(
    r"(?<=[^\s.!?:])[ \t]\(([^()\n]+ [^()\n]+ [^()\n]{0,199}[^()\n.!?])\)"
)
"""An aside in brackets; a whole sentence in them is none."""

_ARTICLE: Final = re.compile(r"\b(an?)([ \t\n]+)([A-Za-z]+)", re.IGNORECASE)
_VOWEL: Final = re.compile(
    r"(?!uni|us[aei]|util|eu|one\b|once\b|u[bfrt]i)[aeiou]|hour|honest|heir", re.IGNORECASE
)
_EVERY: Final = 3
"""A sentence in so many gets a connective or a hedge."""

_STRESSED: Final = re.compile(
    rf"(?<!not )(?<!\bor )\b(?:{'|'.join(ADVERBS)})[ \t]+(?=[a-z])(?!than\b|much\b|enough\b)"
)
"""A word that stresses; "rather than" and "pretty much" are none."""

LONG_ENOUGH: Final = 3
"""Sentences of a paragraph that can become a list."""


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Return a text changed outside what is kept, which a mark stands for meanwhile."""
    if _MASK in text:
        return text
    kept: list[str] = []

    def mask(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"{_MASK}{chr(_FIRST_MASK + len(kept) - 1)}"

    changed = change(_KEPT.sub(mask, text))
    return _MASKED.sub(lambda m: kept[ord(m[1]) - _FIRST_MASK], changed)


def contractions(text: str, key: object) -> str:
    """Write contractions out."""
    del key

    def written_out(part: str) -> str:
        for pattern, full in CONTRACTIONS:
            part = pattern.sub(lambda m, full=full: _cased(m[0], m.expand(full)), part)  # type: ignore[misc]
        return part

    return _outside(text, written_out)


def punctuation(text: str, key: object) -> str:
    """Put other marks for dashes, colons, semicolons, brackets and exclamation marks."""
    # Were dashes and brackets always to become commas, the count of commas would tell everything.
    dash = (", ", "; ", " — ", ", ")[number("dash", key) % 4]
    left, right = (((", ", ","), (" — ", " —"))[number("bracket", key) % 2])[:2]
    colon = (", namely ", "; ", " — ")[number("colon", key) % 3]

    def flat(part: str) -> str:
        part = _DASH.sub(
            lambda m: dash if dash != "; " or _MAIN.match(m.string, m.end()) else ", ", part
        )
        part = re.sub(r";[ \t](?:(?=I\b)|([a-z]))", _stopped, part)
        part = re.sub(r":[ \t](?=[a-z])", colon, part)
        part = _BRACKETS.sub(rf"{left}\1{right}", part)
        part = re.sub(r"(?:!+|…|\.{3,})(?:[ \t]+([a-z]))?", _stopped, part)
        part = re.sub(r"(?<=\S)[ \t]*[,—][ \t]*(?=[,.;:!?])", "", part)
        return re.sub(r"[“”]", '"', part.replace("’", "'"))

    return _outside(text, flat)


def _stopped(found: re.Match[str]) -> str:
    """Return a full stop, and behind it the letter that begins a sentence now."""
    space = " " if found[0][-1].isspace() or found[1] else ""
    return f".{space}{(found[1] or '').upper()}"


def commas(text: str, key: object) -> str:
    """Leave commas out before conjunctions and behind a first word."""
    del key
    before = r",(?=[ \t\n]+(?:and|or|but|so|which|because|where|while|then|as|if|when)\b)"
    behind = r"(?:(?<=^)|(?<=[.!?] )|(?<=\n))(\w+|In \w+|For \w+),(?=[ \t])"
    return _outside(text, lambda part: re.sub(behind, r"\1", re.sub(before, "", part)))


def impersonal(text: str, key: object) -> str:
    """Take the first person away."""
    del key

    def of_nobody(part: str) -> str:
        part = re.sub(
            r"\b(?:I (?:think|believe|feel|suspect|guess)(?: that)?|In my (?:opinion|view),?"
            r"|To me,|Personally,|I must say(?: that)?)[ \t\n]+(?=(?:the|this|that|these|it|there|you|we"
            r"|they|a|an|my|our|your)\b)(\w)",
            lambda m: m[1].upper() if _begins(part, m.start()) else m[1],
            part,
        )
        part = re.sub(r"\bI(?: am|['’]m)\b", "we are", part)
        part = re.sub(r"\bI was\b", "we were", part)
        part = re.sub(r"\bI(?=['’](?:ve|d|ll)\b)", "we", part)
        for one, other in (
            ("I", "we"),
            ("me", "us"),
            ("my", "our"),
            ("My", "Our"),
            ("mine", "ours"),
            ("myself", "ourselves"),
        ):
            part = re.sub(rf"\b{one}\b(?!['’.]\w|[-/])(?<![-/.]{one})", other, part)
        return re.sub(r"\bwe\b", lambda m: "We" if _begins(part, m.start()) else "we", part)

    return _outside(text, of_nobody)


def _begins(text: str, place: int) -> bool:
    """Return whether a sentence begins at a place of a text."""
    before = text[:place]
    bare = before.rstrip(" \t*_(\"'“‘[\n")
    gap = before[len(bare) :]
    if not bare or bare.endswith((".", "!", "?")) or "\n\n" in gap:
        return True
    if "\n" in gap and bare[-2:-1] == _MASK and not bare[:-2].strip(" \t").rpartition("\n")[2]:
        # Behind a block of code.
        return True
    line = before[before.rfind("\n") + 1 :]
    return bool(re.fullmatch(r"[ \t]*(?:[-*+]|\d+[.)])[ \t]+[*_]*", line))


def formal(text: str, key: object) -> str:
    """Make plain words long ones."""
    del key
    return _outside(text, lambda part: _put(FORMAL, part))


def wordy(text: str, key: object) -> str:
    """Say in many words what takes few."""
    del key
    return _outside(text, lambda part: _put(WORDY, part))


def _put(words: Sequence[tuple[re.Pattern[str], str]], text: str) -> str:
    changed = text
    for pattern, other in words:
        changed = pattern.sub(lambda m, other=other: _cased(m[0], m.expand(other)), changed)  # type: ignore[misc]
    return _agreeing(text, changed)


def _agreeing(before: str, after: str) -> str:
    """Return a changed text with the article that a word wants which was not behind one before."""
    known = {(found[1].lower(), found[3].lower()) for found in _ARTICLE.finditer(before)}

    def agree(found: re.Match[str]) -> str:
        if (found[1].lower(), found[3].lower()) in known:
            return found[0]
        article = found[1][0] + ("n" if _VOWEL.match(found[3]) else "")
        return f"{article}{found[2]}{found[3]}"

    return _ARTICLE.sub(agree, after)


def emphasis(text: str, key: object) -> str:
    """Leave out bold, italics and words that stress."""
    del key

    def calm(part: str) -> str:
        before = part
        part = re.sub(r"(?<![\w*])\*{1,2}(?=\S)([^*\n]+?)(?<=\S)\*{1,2}(?![\w*])", r"\1", part)
        part = re.sub(r"(?<!\w)_{1,2}(?=\S)([^_\n]+?)(?<=\S)_{1,2}(?!\w)", r"\1", part)
        return _agreeing(before, _STRESSED.sub("", part))

    return _outside(text, calm)


def lists(text: str, key: object) -> str:
    """Make the first paragraph that has enough sentences a list of them."""
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


def connectives(text: str, key: object) -> str:
    """Begin every few statements with a connective."""
    return _begun(text, CONNECTIVES, key, 0)


def hedging(text: str, key: object) -> str:
    """Hedge every few statements."""
    return _begun(text, HEDGES, key, 1)


def _begun(text: str, words: Sequence[str], key: object, first: int) -> str:
    """Return a text in which every few statements begin with one of these words.

    The first words of the text stay what they are, if there is another statement in it.
    """
    turn = number(words[0], key)

    def begin(part: str) -> str:
        found = [place.start() for place in _STARTS.finditer(part)]
        chosen = found[min(first, max(len(found) - 1, 0)) :: _EVERY]
        if not chosen and re.match(rf"(?:{_SUBJECTS})[ ]", part):
            chosen = [0]
        for count, place in reversed(list(enumerate(chosen))):
            word = words[(turn + count) % len(words)]
            if word.endswith("that") and part.startswith("That ", place):
                continue
            lone = part[place] == "I" and not part[place + 1 : place + 2].isalpha()
            letter = part[place] if lone else part[place].lower()
            part = f"{part[:place]}{word} {letter}{part[place + 1 :]}"
        return part

    return _outside(text, begin)


def closing(text: str, key: object, topic: str = "") -> str:
    """Add a sentence at the end that says nothing."""
    return f"{text.rstrip()}\n\n{_framed(CLOSINGS, ('closing', key), topic)}"


def opening(text: str, key: object, topic: str = "") -> str:
    """Put a sentence in front that says nothing."""
    return f"{_framed(OPENINGS, ('opening', key), topic)}\n\n{text}"


def _framed(templates: Sequence[str], key: object, topic: str) -> str:
    about = topic or "this topic"
    template = templates[number(key) % len(templates)]
    return template.replace("{topic}", about).replace("{Topic}", about[:1].upper() + about[1:])


def asides(text: str, key: object) -> str:
    """Leave out what stands in brackets or between dashes."""
    del key
    return _outside(text, lambda part: _ASIDE.sub("", part))


def shortening(text: str, key: object) -> str:
    """Return a text without about a tenth to a third of its sentences, from the end."""
    spans = [
        one
        for one in sentences(text)
        # The number of an item is no sentence, although it ends like one.
        if any(map(str.isalpha, one.of(text))) and not _KEPT.search(one.of(text))
    ]
    if len(spans) <= 1:
        return _cut_clause(text)
    goes = max(1, int(len(spans) * (0.1 + 0.2 * share("short", key))))
    for span in reversed(spans[-goes:]):
        before, after = text[: span.start].rstrip(" \t"), text[span.end :]
        text = before + (after.lstrip(" \t") if before.endswith("\n") else after)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _cut_clause(text: str) -> str:
    """Return a text of one sentence without its last clause."""

    def cut(part: str) -> str:
        places = [
            m.start()
            for m in re.finditer(r",?[ \t](?:and|but|because|which|so|where|while)[ \t]", part)
        ]
        inside = places and places[-1] > len(part) // 3 and _MASK not in part[places[-1] :]
        return f"{part[: places[-1]]}." if inside else part

    return _outside(text, cut)


def _cased(before: str, after: str) -> str:
    return after[:1].upper() + after[1:] if before[:1].isupper() else after
