"""Two writers who share every content word and differ only in how they build a sentence.

Their nouns and verbs mean nothing, and there are many, so that no two pieces repeat each other.
"""

import random
from itertools import product

_WORDS = [a + b + c for a, b, c in product(("tar", "bo", "lin"), ("de", "ka", "mo"), "klmnprst")]
NOUNS, VERBS = _WORDS[::2], _WORDS[1::2]

CAREFUL = (
    "{n} is, I think, {m} that {o} ought to {v}, however {w}.",
    "Although {n} was not {v}ed by {m}, {o} might nevertheless {w}.",
    "In {n} there is {m}, which cannot {v}; and {o}, perhaps, {w}.",
    "Whether {n} should {v}, or rather {m}, is {o} upon which {w} depends.",
    "Had {n} known of {m}, {o} would have {v}ed, and without {w}.",
)
BRISK = (
    "So {n} just {v} {m} and then {o} can {w}!",
    "Don't {v} {m} yet. You'll {w} {n} first, and here's {o}.",
    "I {v}ed {n}. Then {m} {w}ed it, and {o} too.",
    "Got {n}? It's {m}, you {v} it, but don't {w} {o}.",
    "Here's {n}: I got {m}, I {v}ed {o}, and it {w}ed.",
)


def pieces(turns: tuple[str, ...], count: int, *, sentences: int = 50, seed: int = 0) -> list[str]:
    """Return so many texts in Markdown, each of a few paragraphs."""
    rng = random.Random(seed)

    def said() -> str:
        slots = {slot: rng.choice(NOUNS) for slot in "nmo"} | {
            slot: rng.choice(VERBS) for slot in "vw"
        }
        sentence = rng.choice(turns).format(**slots)
        return sentence[0].upper() + sentence[1:]

    return [
        f"# Piece {number}\n\n"
        + "\n\n".join(" ".join(said() for _ in range(5)) for _ in range(sentences // 5))
        + "\n"
        for number in range(count)
    ]


def named(texts: list[str], name: str) -> dict[str, str]:
    return {f"{name}-{number}": text for number, text in enumerate(texts)}
