"""Near duplicates: found by MinHash, decided by the very sequences of words.

In: texts. Out: for each that is nearly one before it, which one. MinHash (Broder, 1997) with
locality-sensitive hashing names the candidates, and only a Jaccard index over word sequences that
reaches the threshold makes two of them duplicates, so that no estimate decides.
"""

from collections.abc import Sequence
from typing import Final

from twin.datasets.words import hashes, sequences
from twin.errors import ComponentUnavailable

PERMUTATIONS: Final = 128
BANDS: Final = 32
"""Of 4 hashes each: two texts with a Jaccard index of 0.7 meet in one of the bands in 99.98% of cases
(1 - (1 - 0.7^4)^32), two with 0.5 in 87%, two with 0.2 in 5%."""


def near_duplicates(texts: Sequence[str], threshold: float) -> list[tuple[int, int, float]]:
    """Return the texts that are nearly one before them: index, index of the other, Jaccard index.

    A text that is left out is compared with no later one, so a chain of small changes is cut where
    its ends have grown apart.

    Raises:
        ComponentUnavailable: if rensa is not installed.
    """
    try:
        from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        message = "near duplicates are found with rensa, which is not installed"
        raise ComponentUnavailable(message, "pip install 'twin[datasets]'") from error
    index = RMinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, num_bands=BANDS)
    kept: dict[int, frozenset[int]] = {}
    found: list[tuple[int, int, float]] = []
    for number, text in enumerate(texts):
        grams = list(dict.fromkeys(sequences(text)))
        if not grams:
            continue
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update(grams)
        own = hashes(grams)
        best = max(
            ((jaccard(own, kept[other]), -other) for other in index.query(sketch)),
            default=(0.0, 0),
        )
        if best[0] >= threshold:
            found.append((number, -best[1], best[0]))
        else:
            index.insert(number, sketch)
            kept[number] = own
    return found


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of two sets' members that both have, 0 to 1."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0
