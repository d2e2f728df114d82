"""A follow-up question, rewritten so that it stands alone.

In: a question and the turns before it. Out: the question that is searched for and answered. A model
rewrites it where there is one that can; else rules carry over the subject of the last question, in
its own words and in brackets, so that nothing is invented. The rules are English.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from twin.chat.wish import History
from twin.errors import ModelError, TwinError

REMEMBERED = 4
"""Turns that a model is shown."""

ANSWER = 600
"""Characters of each answer that a model is shown."""

LONGEST = 400
"""Characters of a rewritten question; more is an answer, or an essay."""

FEW = 5
"""A question with so many words of substance states its subject, whatever pronouns it has."""

TERMS = 6
"""Words that are carried over, at the most."""

Ask = Callable[[str, str], str]
"""Has a model answer: the system's message, the user's message. Returns its text."""

_WORD = re.compile(r"[^\W_][\w'’+#.-]*[\w+#]|[^\W_]")
_BEGINS = re.compile(
    r"\s*(?:and|but|so|or|also|then)\b|\s*(?:what|how) about\b|\s*(?:why|how|when|where|who|what|which)"
    r"(?: (?:not|so|else|exactly|then|is that|was that))?\s*[?.!]*\s*$|\s*(?:since when|until when|how"
    r" (?:long|many|much|often)|really|for example|such as|more|go on|tell me more)\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|theirs|these|those|he|him|his|she|her|hers|the (?:same|other|latter|"
    r"former|first|second|last) (?:one)?|both|there|back then|instead|ones?)\b"
    r"|\b(?:is|was|are|were|did|does|has) (?:this|that)\b"
    r"|\b(?:this|that)\b(?=\s*(?:[?.!,]|$|(?:is|was|has|had|did|does|do|still|change|work|mean|happen"
    r"|cost|take|help|go|matter|make|and|or|in|on|at|for|before|after|again)\b))",
    re.IGNORECASE,
)
# In "is it worth reviewing everything" the pronoun stands for what follows.
_EMPTY_IT = re.compile(
    r"\b(?:is|was|would|does|can|could|will|should) it\b(?= (?:\w+ )?(?:worth|better|best|possible|right"
    r"|wrong|ever|hard|easy|true|ok|okay|good|bad|safe|matter|make sense|take to)\b)",
    re.IGNORECASE,
)
_PREFACE = re.compile(
    r"^(?:(?:sure|certainly|okay|of course)\b[,.! ]*)?\W*"
    r"(?:here(?:['’]s| is)\b[^:?]*|(?:the )?(?:rewritten|standalone|last)\b[^:?]*|question)\W*:(?:\*+\s+|\s*)",
    re.IGNORECASE,
)
"""What small models put before the question that they were asked for."""
_CLAUSE = re.compile(
    r"\b(?:before|after|when|once|if|until|while|because|that|which|who|and|or|but|so|since)\b",
    re.IGNORECASE,
)
_NOTHING = frozenset(
    """
    a about after again against all also always am an and any are as at be because been before being
    between both but by came can could did do does doing down during each else ever every few first for
    from get give go got had has have having he her hers him his how i if in into is it its just know
    like long made make many me mean mention more most much my near never new no not now of off often
    on once one ones only or other our out over own please really same say said see she should show so
    some something still such take tell than that the their them then there these they thing things
    think thought this those through to too took under until up use used very want was way we were what
    when where whether which while who whom whose why will with without word words would write written
    wrote you your yours yourself opinion view views exactly happen happened article articles post posts
    essay essays note notes back year years
    """.split()  # noqa: SIM905 - a list of these words would be hundreds of lines
)


def follows(question: str) -> bool:
    """Return whether a question rests on what was said before it, by the rules of English."""
    if _BEGINS.match(question):
        return True
    if len(subject(question)) >= FEW:
        return False
    plain = _EMPTY_IT.sub("", question)
    return any(not _within(plain[: match.start()]) for match in _PRONOUN.finditer(plain))


def _within(before: str) -> bool:
    """Return whether a pronoun means what its own question named, as in "a change before it is"."""
    clauses = _CLAUSE.split(before)
    return len(clauses) > 1 and len(subject(clauses[0])) > 1


def subject(question: str) -> list[str]:
    """Return the words of a question that say what it is about, as they stand there, each once."""
    words = (re.sub(r"['’]s$", "", word) for word in _WORD.findall(question))
    kept = {word.casefold(): word for word in words if word.casefold() not in _NOTHING}
    return list(kept.values())


def by_rules(question: str, history: History) -> str:
    """Return a question with the subject of the last one behind it, if it rests on that."""
    if not history or not follows(question):
        return question
    own = {word.casefold() for word in subject(question)}
    # What the rules put in brackets the turn before is of the subject, too.
    last = subject(history[-1].question)
    terms = [word for word in last if word.casefold() not in own][:TERMS]
    return f"{question.strip()} ({', '.join(terms)})" if terms else question


def by_model(question: str, history: History, instructions: str, ask: Ask) -> str:
    """Return a question as a model rewrites it; what it says around the question is left out.

    Args:
        question: as it was asked.
        history: the turns before it; the last few are shown.
        instructions: the system's message.
        ask: has the model answer.

    Raises:
        TwinError: if the model fails, or gives no question.
    """
    told = [
        f"<question>\n{turn.question}\n</question>\n<answer>\n{turn.answer[:ANSWER]}\n</answer>"
        for turn in history[-REMEMBERED:]
    ]
    told.append(f"<last-question>\n{question}\n</last-question>")
    said = ask(instructions, "\n\n".join(told))
    said = re.sub(r"</?(?:last-)?question>", "", said)
    lines = (_bare(_PREFACE.sub("", line.strip())) for line in said.splitlines())
    line = next((line for line in lines if line), "")
    if not 0 < len(line) <= LONGEST:
        message = "the model gave no question"
        raise ModelError(message)
    return line


def _bare(line: str) -> str:
    """Return a line without the marks around all of it; what is quoted in a question stays so."""
    for first, last in (("*", "*"), ('"', '"'), ("“", "”"), ("'", "'")):
        inner = line.strip(first) if first == "*" else line[1:-1]
        if line[:1] == first and line[-1:] == last and first not in inner and last not in inner:
            line = inner.strip()
    return line


def standalone(
    question: str,
    history: History,
    *,
    instructions: str,
    ask: Ask | None,
    every: bool = False,
) -> tuple[str, str]:
    """Return the question that stands alone, and a note if something was in the way.

    Args:
        question: as it was asked.
        history: the turns before it, oldest first.
        instructions: what a model is told.
        ask: has a model answer; None where there is none that can.
        every: have the model decide about every question; else it sees those that the rules of
            English take for a follow-up, which costs the others no time.
    """
    if not history or not (every or follows(question)):
        return question, ""
    if ask is not None:
        try:
            return by_model(question, history, instructions, ask), ""
        except TwinError as error:
            note = f"the follow-up was understood by rules only: {error.message}"
            return by_rules(question, history), note
    return by_rules(question, history), ""
