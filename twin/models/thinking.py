"""What a model thinks aloud before it answers, told from the answer.

In: the parts of an answer as the model says them. Out: the same without the thoughts that open it, and
a pause for each part of them. Many servers hand thoughts over apart (``reasoning_content``); others
leave them in the text, between the marks that the model was trained on.
"""

from collections.abc import Iterator
from typing import Final

from twin.models.calls import Ending, Pause, Said

THINKING: Final = Pause("the model is thinking")

MARKS: Final = {"<think>": "</think>", "<thinking>": "</thinking>", "[THINK]": "[/THINK]"}
"""What begins and ends thoughts: of DeepSeek-R1 and Qwen3, of some tunes, and of Magistral."""


def without_thoughts(parts: Iterator[Said]) -> Iterator[Said]:
    """Yield an answer without the thoughts that open it.

    Only what opens an answer are thoughts: an author may well write about ``<think>`` later on. White
    space before the answer goes along with them.
    """
    held, closes, begun = "", "", False
    for said in parts:
        if begun or not isinstance(said, str):
            if isinstance(said, Ending) and held and not closes:
                yield held
                held = ""
            yield said
            continue
        held += said
        start = held.lstrip()
        if not closes and not start.startswith(tuple(MARKS)):
            if any(mark.startswith(start) for mark in MARKS):
                continue  # it may still become a mark
            begun = True
            yield held
            held = ""
            continue
        closes = closes or next(MARKS[mark] for mark in MARKS if start.startswith(mark))
        _, ended, rest = held.partition(closes)
        if not ended:
            held = held[-len(closes) :]  # the mark may come in pieces
            yield THINKING
            continue
        # From here on, only white space is still held.
        held = f"{closes}{rest}" if not rest.strip() else ""
        begun = not held
        if begun:
            yield rest.lstrip()
    if held and not closes:
        yield held
