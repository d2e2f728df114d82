"""How passages stand in a prompt, and how they are read back out of it.

In: numbered passages and a question. Out: the text of the user's message, in which retrieved
writing is marked as data, and (for the model that only quotes) the same passages again, unchanged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape

REFUSAL = "I have not written about that."
"""What the twin says where nothing that was written fits; the template names it as ``$refusal``."""

LEFT_OUT = "[…]"
"""What stands in a passage where a sentence was left out."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A passage as the prompt shows it."""

    number: int
    text: str
    title: str = ""
    date: str = ""
    author: str = ""


_PASSAGE = re.compile(
    r'<passage n="(\d+)"(?: title="([^"]*)")?(?: date="([^"]*)")?(?: author="([^"]*)")?>\n'
    r"(.*?)\n</passage>",
    re.DOTALL,
)
_QUESTION = re.compile(r"<question>\n(.*?)\n</question>", re.DOTALL)

# A passage that holds one of these marks could end itself and speak as the prompt. A word joiner
# after the bracket makes it plain text again, and is taken out when the text is read back; a text
# that has joiners there already is given one more.
_JOINER = "\u2060"
_MARK = re.compile(f"<(?={_JOINER}*/?(?:passage|question)\\b)", re.IGNORECASE)
_DEFUSED = re.compile(f"<{_JOINER}(?={_JOINER}*/?(?:passage|question)\\b)", re.IGNORECASE)


def render(passages: Sequence[Numbered], question: str) -> str:
    """Return the user's message: the passages between marks, and then the question."""
    parts = []
    for passage in passages:
        known = {"title": passage.title, "date": passage.date, "author": passage.author}
        attributes = "".join(
            f' {name}="{escape(" ".join(value.split()), quote=True)}"'
            for name, value in known.items()
            if value
        )
        parts.append(
            f'<passage n="{passage.number}"{attributes}>\n{_defused(passage.text)}\n</passage>'
        )
    parts.append(f"<question>\n{_defused(question)}\n</question>")
    return "\n\n".join(parts)


def parse(message: str) -> tuple[list[Numbered], str]:
    """Return the passages and the question of a message that `render` wrote."""
    passages = [
        Numbered(
            number=int(number),
            text=_restored(text),
            title=unescape(title or ""),
            date=unescape(date or ""),
            author=unescape(author or ""),
        )
        for number, title, date, author, text in _PASSAGE.findall(message)
    ]
    question = _QUESTION.search(message)
    return passages, _restored(question.group(1)) if question else ""


def _defused(text: str) -> str:
    return _MARK.sub(f"<{_JOINER}", text)


def _restored(text: str) -> str:
    return _DEFUSED.sub("<", text)
