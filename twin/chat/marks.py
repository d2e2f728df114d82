"""Marks in an answer where a sentence is not borne out by what it cites.

In: an answer's text, and the support of its sentences. Out: the text with a mark behind each such
sentence, and what the marks mean.
"""

from collections.abc import Sequence

from twin.chat.page import escaped
from twin.chat.support import SentenceSupport

MARK = "⚠"


def marked(text: str, support: Sequence[SentenceSupport]) -> str:
    """Return an answer with a mark behind every sentence that is not supported."""
    done = text
    for one in sorted(support, key=lambda one: -one.end):
        if not one.supported:
            done = f"{done[: one.end]} {MARK}{done[one.end :]}"
    return done


def legend(support: Sequence[SentenceSupport]) -> str:
    """Return what the marks mean, as Markdown; empty if there are none."""
    reasons = dict.fromkeys(one.reason for one in support if not one.supported)
    return "\n".join(f"{MARK} {escaped(reason)}" for reason in reasons)
