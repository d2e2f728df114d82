"""Two states of a folder of notes: what a person had, and what they have now.

In: an empty folder. Out: short Markdown files. Between the two states lies all that can happen to a
text: it is added, edited, moved within the file, renamed, deleted, given another title, and one of
two files with the same text goes.
"""

import random
from pathlib import Path

WORDS = (
    "harbour",
    "winter",
    "engine",
    "letter",
    "copper",
    "meadow",
    "signal",
    "patience",
    "river",
    "compass",
    "orchard",
    "ledger",
    "thunder",
    "glass",
    "station",
    "paper",
    "shadow",
    "bridge",
    "market",
    "silence",
    "garden",
    "anchor",
    "candle",
    "window",
)
KEPT = "untouched"
"""How the files are called that are the same in both states."""

QUESTION = "the lantern of untouched number four"
ANSWER = f"{KEPT}-04.md"


def write(folder: Path, state: int) -> None:
    """Write a state (1 or 2) of the notes into a folder that is made anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        path.unlink()
    for name, text in notes(state).items():
        (folder / name).write_text(text, encoding="utf-8")


def notes(state: int) -> dict[str, str]:
    """Return the files of a state by name."""
    found = {f"{KEPT}-{n:02}.md": _note(f"untouched number {_name(n)}", n) for n in range(14)}
    shared = _note("twice", 100)
    for n in range(6):
        edited = _note(f"edited {n}", 200 + n)
        # In front, so that the text behind it moves and is not embedded again.
        found[f"edited-{n}.md"] = edited if state == 1 else f"{_paragraph(300 + n)}\n\n{edited}"
        found[f"titled-{n}.md"] = f"# Title {n} of state {state}\n\n{_paragraph(400 + n)}\n"
        found[f"{'old' if state == 1 else 'new'}-name-{n}.md"] = _note(f"renamed {n}", 500 + n)
    for n in range(4):
        gone_or_new = {1: f"deleted-{n}.md", 2: f"added-{n}.md"}[state]
        found[gone_or_new] = _note(gone_or_new, 600 + 10 * state + n)
    found["twin-a.md"] = shared
    if state == 1:
        found["twin-b.md"] = shared
    return found


def letters() -> dict[str, str]:
    """Return the files of a second collection, which is forgotten as a whole."""
    return {f"letter-{n}.md": _note(f"letter {n}", 700 + n) for n in range(6)}


def _note(title: str, seed: int) -> str:
    paragraphs = "\n\n".join(_paragraph(seed * 10 + n) for n in range(3))
    return f"# The {title}\n\nThe lantern of {title}.\n\n{paragraphs}\n"


def _paragraph(seed: int) -> str:
    source = random.Random(seed)
    sentences = [
        " ".join(source.choice(WORDS) for _ in range(source.randint(6, 12))).capitalize() + "."
        for _ in range(5)
    ]
    return " ".join(sentences)


def _name(number: int) -> str:
    names = "zero one two three four five six seven eight nine ten eleven twelve thirteen"
    return names.split()[number]
