"""A prompt that is too long loses its worst passages, and nothing is counted that surely fits."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage, LLMMetadata

from tests.speaking import Speaking
from twin.chat.asking import parts
from twin.chat.fitting import Prompt, fitted, left_out
from twin.chat.wish import Usage
from twin.errors import ContextOverflow, ModelError
from twin.models.calls import Call, Ending, Said, from_thread
from twin.models.chat_model import chat_model
from twin.models.speaker import Message, Speaker, Wanted

WORDS = 100
"""Of a passage; a token of the scripted reader is a word."""


class Reader(Speaker):
    """Reads so many words, answers, and keeps what it was sent and how often it counted."""

    def __init__(self, reads: int, *, tells: bool = False, counts: bool = True) -> None:
        self.reads, self.tells, self.counts = reads, tells, counts
        self.sent: list[int] = []
        self.counted = 0
        self.away = False
        self.after = ""

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        words = self._words(conversation)

        def say(call: Call) -> Iterator[Said]:
            del call
            if self.after:
                yield self.after
            self.sent.append(words)
            if words + wanted.max_tokens > self.reads:
                message = "the conversation is too long"
                known = {"tokens": words, "limit": self.reads} if self.tells else {}
                raise ContextOverflow(message, **known)
            yield "It is so."
            yield Ending(prompt_tokens=words)

        return from_thread(say)

    def token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        self.counted += 1
        if self.away:
            message = "it loads its model"
            raise ModelError(message)
        return list(range(self._words(conversation))) if self.counts else None

    def _words(self, conversation: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in conversation)


def model(speaker: Speaker, context: int) -> Any:
    return chat_model(
        speaker, kind="reader", name="r", temperature=0, max_tokens=50, context_window=context
    )


def write(count: int) -> Prompt:
    return ("system", "Be brief."), ("user", " ".join(["tide"] * WORDS * count))


def said(llm: Any, passages: int = 8, **options: int) -> tuple[str, int, Usage]:
    """Return what came, how many passages stood in the prompt, and what it took."""
    counts: list[int] = []

    def ask(written: Prompt, count: int) -> Generator[str, None, Usage]:
        counts.append(count)
        assert written == write(count)
        return parts(llm, written, options)

    stream = fitted(llm, write, ask, passages, options)
    text = ""
    while True:
        try:
            text += next(stream)
        except StopIteration as ended:
            return text, counts[-1], ended.value


def test_what_surely_fits_is_sent_without_being_counted() -> None:
    reader = Reader(10_000)
    text, count, usage = said(model(reader, 10_000))
    assert (text, count, usage.prompt_tokens) == ("It is so.", 8, 8 * WORDS + 2)
    assert reader.counted == 0


def test_what_may_not_fit_is_counted_and_fits() -> None:
    # 800 words are at most 2,000 tokens, and are 802 of this reader's.
    reader = Reader(900)
    assert said(model(reader, 900))[:2] == ("It is so.", 8)
    assert (reader.counted, reader.sent) == (1, [802])


@pytest.mark.parametrize("context", [460, 300, 210])
def test_the_worst_passages_are_left_out_before_it_is_sent(context: int) -> None:
    reader = Reader(context)
    text, count, _ = said(model(reader, context))
    assert text == "It is so."
    assert count == (context - 52) // WORDS
    assert reader.sent == [WORDS * count + 2]


def test_the_answers_own_tokens_count() -> None:
    reader = Reader(460)
    assert said(model(reader, 460), max_tokens=250)[1] == 2


@pytest.mark.parametrize("tells", [True, False])
def test_a_model_that_reads_less_than_it_is_said_to_is_asked_again(*, tells: bool) -> None:
    reader = Reader(460, tells=tells)
    text, count, _ = said(model(reader, 10_000))
    assert text == "It is so."
    assert 2 <= count <= 4
    assert len(reader.sent) <= 3
    assert reader.sent[0] == 802


def test_a_model_that_cannot_count_is_believed_to_read_prose() -> None:
    reader = Reader(460, counts=False)
    text, count, _ = said(model(reader, 460))
    assert text == "It is so."
    # A word and the space behind it are five characters here: a quarter more than a token.
    assert count == 3
    assert len(reader.sent) == 1


def test_a_model_that_is_not_ready_to_count_is_just_asked() -> None:
    reader = Reader(900)
    reader.away = True
    assert said(model(reader, 900))[:2] == ("It is so.", 8)


def test_a_model_that_knows_its_length_is_not_counted_for() -> None:
    class Knows(Reader):
        checks_length = True

    reader = Knows(460, tells=True)
    text, count, _ = said(model(reader, 460))
    assert text == "It is so."
    assert 2 <= count <= 4
    assert reader.counted == 0


def test_a_single_passage_that_does_not_fit_is_an_error() -> None:
    reader = Reader(120, tells=True)
    with pytest.raises(ContextOverflow):
        said(model(reader, 10_000))
    assert reader.sent[-1] == WORDS + 2


def test_after_the_first_word_nothing_is_asked_again() -> None:
    reader = Reader(120)
    reader.after = "It"
    with pytest.raises(ContextOverflow):
        said(model(reader, 10_000))
    assert len(reader.sent) == 1


def test_a_script_of_two_tokens_a_character_is_counted() -> None:
    reader = Reader(10_000)

    def write_in_signs(count: int) -> Prompt:
        return ("system", "Be brief."), ("user", "漢字 " * 600 * count)

    llm = model(reader, 10_000)
    list(fitted(llm, write_in_signs, lambda w, _: parts(llm, w, {}), 8, {}))
    assert reader.counted == 1


def test_whoever_leaves_hangs_up() -> None:
    left: list[bool] = []

    def ask(written: Prompt, count: int) -> Generator[str, None, Usage]:
        del written, count
        try:
            yield "It is"
            yield " so."
        finally:
            left.append(True)
        return Usage()

    stream = fitted(model(Reader(10_000), 10_000), write, ask, 3, {})
    assert next(stream) == "It is"
    stream.close()
    assert left == [True]


class Quoting(Speaking):
    """Has LlamaIndex's own limits, and is no chat model: as `quotes` is."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=False, context_window=10)

    def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        raise AssertionError(messages)


def test_what_quotes_reads_everything() -> None:
    assert said(Quoting(answers=[["Quoted."]]))[:2] == ("Quoted.", 8)


@pytest.mark.parametrize(
    ("found", "read", "note"),
    [
        (8, 8, []),
        (8, 7, ["1 of 8 passages, the worst, did not fit into what the model reads, and was left out"]),
        (8, 1, ["7 of 8 passages, the worst, did not fit into what the model reads, and were left out"]),
    ],
)  # fmt: skip
def test_what_was_left_out_is_said(found: int, read: int, note: list[str]) -> None:
    assert list(left_out(found, read)) == note
