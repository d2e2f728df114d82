"""Cut a conversation between its messages.

In: a conversation as its reader wrote it: a message begins with the sender's name in bold at the
start of a line, as in ``**Ada** 2024-05-01 10:00``. Out: the spans of passages of whole messages,
each passage beginning with the last message of the one before, which it often answers.
"""

import re
from itertools import pairwise

from twin.documents import Span
from twin.index.boundaries import split, trim

_MESSAGE = re.compile(r"^\*\*[^*\n]+\*\*", re.MULTILINE)


def conversation_passages(text: str, maximum: int) -> list[Span]:
    """Return the passages of a conversation, in order.

    Args:
        text: the whole conversation.
        maximum: characters of a passage; only a single message that is longer is cut.
    """
    starts = [match.start() for match in _MESSAGE.finditer(text)]
    places = sorted({0, *starts, len(text)})
    messages = [part for a, b in pairwise(places) for part in split(text, Span(a, b), maximum)]
    passages: list[Span] = []
    first = 0
    for number, message in enumerate(messages):
        if message.end - messages[first].start > maximum and number > first:
            passages.append(Span(messages[first].start, messages[number - 1].end))
            answered = message.end - messages[number - 1].start <= maximum
            first = number - 1 if answered and number - 1 > first else number
    if messages:
        passages.append(Span(messages[first].start, messages[-1].end))
    trimmed = (trim(text, passage) for passage in passages)
    return [passage for passage in trimmed if passage.end > passage.start]
