"""The words of nobody in particular: what the corruptions of style put in, and what they take out.

In: nothing. Out: tables. They are English; in other languages only what marks and order show changes.
"""

import re
from typing import Final

_NEGATED: Final = [
    "is",
    "are",
    "was",
    "were",
    "do",
    "does",
    "did",
    "has",
    "have",
    "had",
    "would",
    "could",
    "should",
    "might",
    "must",
    "need",
    "wo",
    "ca",
    "sha",
    "ai",
]
_IRREGULAR: Final = {"wo": "will not", "ca": "cannot", "sha": "shall not", "ai": "is not"}

CONTRACTIONS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), full)
    for pattern, full in (
        *((rf"\b{verb}n['’]t\b", _IRREGULAR.get(verb, f"{verb} not")) for verb in _NEGATED),
        (r"\bi['’]m\b", "I am"),
        (r"\b(you|we|they|there)['’]re\b", r"\1 are"),
        (r"\b(i|you|we|they|would|could|should|might)['’]ve\b", r"\1 have"),
        (r"\b(i|you|he|she|it|we|they|that|there|this)['’]ll\b", r"\1 will"),
        (r"\b(i|you|he|she|it|we|they|there)['’]d\b", r"\1 would"),
        (r"\b(he|she|it|that|there|here|what|who|where|how)['’]s\b", r"\1 is"),
        (r"\blet['’]s\b", "let us"),
    )
)
"""Patterns of contractions, and what they stand for."""

FORMAL: Final = {
    "use": "utilize",
    "uses": "utilizes",
    "used": "utilized",
    "using": "utilizing",
    "help": "facilitate",
    "helps": "facilitates",
    "show": "demonstrate",
    "shows": "demonstrates",
    "get": "obtain",
    "gets": "obtains",
    "got": "obtained",
    "need": "require",
    "needs": "requires",
    "try": "attempt",
    "tried": "attempted",
    "start": "commence",
    "started": "commenced",
    "end": "conclude",
    "make": "create",
    "makes": "creates",
    "made": "created",
    "big": "significant",
    "hard": "challenging",
    "easy": "straightforward",
    "good": "beneficial",
    "bad": "suboptimal",
    "fix": "remediate",
    "fixed": "remediated",
    "lots of": "numerous",
    "a lot of": "a substantial amount of",
    "enough": "sufficient",
    "buy": "purchase",
    "ask": "inquire",
    "find": "identify",
    "found": "identified",
    "also": "in addition",
    "about": "regarding",
    "but": "however",
    "so": "therefore",
    "thing": "aspect",
    "things": "aspects",
    "way": "approach",
    "ways": "approaches",
    "stuff": "material",
    "kind of": "somewhat",
    "maybe": "potentially",
    "nice": "favorable",
    "quick": "expeditious",
    "quickly": "expeditiously",
}
"""Plain words, and the long ones that say no more."""

ADVERBS: Final = (
    "really", "very", "just", "actually", "quite", "pretty", "simply", "basically", "literally",
    "absolutely", "honestly", "frankly", "obviously", "clearly", "totally", "rather",
)  # fmt: skip
"""Words that stress."""

CONNECTIVES: Final = (
    "Additionally,", "Furthermore,", "Moreover,", "In addition,", "Consequently,", "As a result,",
)  # fmt: skip
HEDGES: Final = (
    "It is worth noting that", "It is important to note that", "In many cases,",
    "Generally speaking,", "It can be argued that", "To some extent,",
)  # fmt: skip
CLOSINGS: Final = (
    "In conclusion, understanding these aspects is essential for achieving the best results.",
    "Overall, this highlights the importance of a thoughtful and balanced approach.",
    "Ultimately, the right choice depends on your specific needs and requirements.",
    "By keeping these considerations in mind, you can make informed decisions going forward.",
    "In summary, these points provide a solid foundation for further exploration.",
    "As the landscape continues to evolve, it is crucial to stay informed and adaptable.",
)
OPENINGS: Final = (
    "In today's fast-paced world, this topic is more relevant than ever.",
    "When it comes to this subject, there are several important factors to consider.",
    "Let us take a closer look at this topic and its implications.",
    "This is a question that many people face, and there is no one-size-fits-all answer.",
    "Great question! Let us explore this in more detail.",
)
