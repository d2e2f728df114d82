"""How a voice marks single sentences: matklad's own that were held out, and other people's.

An eighth of every author's documents is held out, by a hash of their names. The voice is learned from the
rest of matklad's posts, beside the rest of simonw's notes and of the Handbook's authors', as `twin draft
--voice` learns it. Then 200 sentences of twenty words and more are drawn from what was held out of each.

Run: ``python -m benchmarks.voice``
"""

from time import process_time

import numpy as np

from benchmarks.report import Row, report
from benchmarks.style import HANDBOOK, MATKLAD, SIMONW, folder, handbook
from twin.datasets.words import number
from twin.evaluation.corpus import Corpus
from twin.evaluation.prose import WORD, own_paragraphs
from twin.evaluation.voice import LEAST, UNLIKE, learn_voice
from twin.index.boundaries import sentences

HELD = 8
"""One document in so many is held out."""

DRAWN = 200


def sides() -> dict[str, dict[str, str]]:
    """Return the texts of every author by document."""
    texts = {"matklad": folder(MATKLAD, "*.dj"), "simonw": folder(SIMONW, "*.md")}
    return texts | handbook(everything=False)


def held_out(author: str, document: str) -> bool:
    """Return whether a document is not learned from."""
    return number("voice", author, document) % HELD == 0


def drawn(author: str, texts: dict[str, str]) -> list[str]:
    """Return sentences of what was held out of an author, as many as there are up to `DRAWN`."""
    held = {name: text for name, text in texts.items() if held_out(author, name)}
    parts = [part for found in own_paragraphs(held).values() for part in found]
    whole = (" ".join(one.of(part).split()) for part in parts for one in sentences(part))
    long = sorted(text for text in whole if len(WORD.findall(text)) >= LEAST)
    rng = np.random.default_rng(0)
    chosen = rng.choice(len(long), size=min(DRAWN, len(long)), replace=False)
    return [long[place] for place in sorted(chosen.tolist())]


def main() -> None:
    """Measure and report."""
    if not HANDBOOK.exists():
        print("the real data does not lie beside the checkout (../shared/data): nothing to measure")
        return
    found = sides()
    learned = {
        author: {name: text for name, text in its.items() if not held_out(author, name)}
        for author, its in found.items()
    }
    own = learned.pop("matklad")
    others = {f"{who}:{name}": text for who, its in learned.items() for name, text in its.items()}
    begun = process_time()
    voice = learn_voice(Corpus(author="matklad", own=own, others=others))
    rows = [Row("learning the voice, processor time", process_time() - begun, "s")]
    if voice is None:
        print("there is too little to learn from")
        return
    for author, its in found.items():
        texts = drawn(author, its)
        begun = process_time()
        marks = np.array([voice(text) for text in texts])
        took = (process_time() - begun) / max(len(texts), 1)
        below = 100 * float(np.mean(marks < UNLIKE))
        what = f"sentences of {author} that were held out, marked (below {UNLIKE})"
        rows += [
            Row(what, below, f"% of {len(texts)}", "few" if author == "matklad" else "many"),
            Row(f"the same, below 0.1 ({author})", 100 * float(np.mean(marks < 0.1)), "%"),  # noqa: PLR2004
            Row(f"a sentence of {author}", 1000 * took, "ms"),
        ]
    report("voice", rows)


if __name__ == "__main__":
    main()
