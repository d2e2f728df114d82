"""A prompt that its model can read: where it is too long, the worst passages are left out of it.

In: how to write the prompt with the best so many passages, and how to ask. Out: what the model says.

What surely fits is sent as it is. What may not is counted by the served model's own tokenizer, where that
can be asked. And whatever the model itself takes for too long, before its first word, is sent again with
fewer passages: only a prompt with a single one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from twin.chat.wish import Usage
from twin.errors import ContextOverflow, ModelError
from twin.models.speaker import ChecksLength, CountsTokens

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

Prompt = tuple[tuple[str, str], ...]
"""Messages as they are sent: a role and a content each."""

DENSEST: Final = 2
"""Characters of a token in the densest ASCII there is to quote, such as figures and code; prose has four.
Of other scripts a character may be two tokens."""

USUAL: Final = 4
"""Characters of a token in prose, where nothing can count them."""

FEWEST: Final = 32
"""Tokens that are left for the answer where a model tells its limit."""

TEMPLATE: Final = 64
"""Tokens that a chat template adds to a message, at the most."""


def fitted(
    llm: LLM,
    write: Callable[[int], Prompt],
    ask: Callable[[Prompt, int], Generator[str, None, Usage]],
    count: int,
    options: Mapping[str, float],
) -> Generator[str, None, Usage]:
    """Yield what a model says to a prompt with as many passages as it can read.

    Args:
        llm: the model.
        write: returns the prompt with the best so many passages.
        ask: sends a prompt, of which it is told how many passages it has, and yields the answer.
        count: how many passages there are.
        options: as they are sent; `max_tokens` among them counts.

    Raises:
        ContextOverflow: if not even a single passage fits.
        ModelError: if the model fails.
    """
    count = _counted(llm, write, count, options)
    while True:
        written = write(count)
        answer = ask(written, count)
        spoken = False
        try:
            while True:
                part = next(answer)
                spoken = spoken or bool(part)
                yield part
        except StopIteration as ended:
            usage: Usage = ended.value
            return usage
        except ContextOverflow as error:
            if spoken or count <= 1:
                raise
            tokens = error.tokens or _tokens(llm, written)
            room = error.limit - FEWEST if error.limit else _room(llm, options)
            count = _fewer(write, count, tokens, room)
        finally:
            answer.close()


def left_out(found: int, read: int) -> Iterator[str]:
    """Yield a note if a model read fewer passages than were found."""
    if left := found - read:
        were = "was" if left == 1 else "were"
        yield (
            f"{left} of {found} passages, the worst, did not fit into what the model reads, and "
            f"{were} left out"
        )


def _counted(
    llm: LLM, write: Callable[[int], Prompt], count: int, options: Mapping[str, float]
) -> int:
    """Return how many passages fit, by the model's own tokenizer where it may matter."""
    if (isinstance(llm, ChecksLength) and llm.checks_length) or not llm.metadata.is_chat_model:
        return count
    room = _room(llm, options)
    while count > 1 and _longest(written := write(count)) > room:
        tokens = _tokens(llm, written)
        if tokens is None or tokens <= room:
            break
        count = _fewer(write, count, tokens, room)
    return count


def _room(llm: LLM, options: Mapping[str, float]) -> int:
    """Return the tokens that a prompt may have beside the answer."""
    metadata = llm.metadata
    return metadata.context_window - int(options.get("max_tokens", max(metadata.num_output, 0)))


def _longest(written: Prompt) -> int:
    """Return the tokens that a prompt has at the most."""
    return sum(
        # Whatever is not ASCII has a byte more than one, at the least.
        TEMPLATE
        + len(text) // DENSEST
        + 2 * (len(text.encode("utf-8", "surrogatepass")) - len(text))
        for _, text in written
    )


def _tokens(llm: LLM, written: Prompt) -> int | None:
    """Return the tokens of a prompt; of a model that cannot count them, those that it usually has.

    Returns:
        None if the model should have counted them, and did not answer: asking it will tell.
    """
    if isinstance(llm, CountsTokens):
        from llama_index.core.llms import ChatMessage, MessageRole  # noqa: PLC0415 - heavy

        messages = [ChatMessage(role=MessageRole(role), content=text) for role, text in written]
        try:
            tokens = llm.count_tokens(messages)
        except ModelError:
            return None
        if tokens is not None:
            return tokens
    return sum(len(text) for _, text in written) // USUAL


def _fewer(write: Callable[[int], Prompt], count: int, tokens: int | None, room: int) -> int:
    """Return how many passages to try next: fewer, and at least one.

    The tokens are shared out among the passages by their length.
    """
    if tokens is None or tokens <= room:
        # It reads less than it is said to.
        return max(1, count // 2)
    long = sum(len(text) for _, text in write(count))
    wanted = long * room / tokens
    for fewer in range(count - 1, 1, -1):
        if sum(len(text) for _, text in write(fewer)) <= wanted:
            return fewer
    return 1
