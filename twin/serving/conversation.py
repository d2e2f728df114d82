"""What was said in a conversation so far, by the questions that were asked.

In: turns as they end. Out: those before a question. A question that is edited takes back all that
followed it.
"""

from collections.abc import Iterable

from twin.chat.wish import Turn


class Conversation:
    """The turns of one conversation, oldest first.

    Args:
        turns: each with the id of the message that asked.
    """

    def __init__(self, turns: Iterable[tuple[str, Turn]] = ()) -> None:
        self._turns = dict(turns)

    def before(self, asked_id: str) -> list[Turn]:
        """Return the turns before a question, and forget the question's own and what followed."""
        kept: dict[str, Turn] = {}
        for one, turn in self._turns.items():
            if one == asked_id:
                break
            kept[one] = turn
        self._turns = kept
        return list(kept.values())

    def add(self, asked_id: str, turn: Turn) -> None:
        """Add a turn that has ended."""
        self._turns[asked_id] = turn
