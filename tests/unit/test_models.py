"""What all chat models share: calls that can be given up, patience, and how tokens are compared."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage

from twin.errors import ModelError
from twin.models.calls import Call, Ending, Pause, Said, from_server, from_thread, run
from twin.models.chat_model import chat_model
from twin.models.parity import first_difference
from twin.models.patience import NotReady, Patience, insist
from twin.models.speaker import Checked, GivesTokens, Message, Speaker, Wanted

WAIT = 30.0
END = Ending(finish_reason="stop", prompt_tokens=3, completion_tokens=2)
PATIENCE = Patience(retries=3, seconds=60, first_token=WAIT, silence=WAIT)
MESSAGES = [
    ChatMessage(role="system", content="Be brief."),
    ChatMessage(role="user", content="Why?"),
]


class Waits:
    """Says a word, then waits until it is cancelled."""

    def __init__(self, *first: str) -> None:
        self.first = first
        self.begun = threading.Event()
        self.cancelled = threading.Event()

    async def __call__(self) -> AsyncIterator[Said]:
        self.begun.set()
        try:
            for word in self.first:
                yield word
            await asyncio.sleep(WAIT)
        finally:
            self.cancelled.set()


async def says(*parts: Said) -> AsyncIterator[Said]:
    for part in parts:
        yield part


def test_parts_come_in_order_and_nothing_begins_before_they_are_read() -> None:
    waits = Waits()
    call = from_server(waits)
    assert not waits.begun.is_set()
    call.give_up()
    assert list(call.parts()) == []
    assert not waits.begun.is_set()
    assert list(from_server(lambda: says("a", "b", END)).parts()) == ["a", "b", END]


def test_a_closed_iterator_cancels_what_waits_for_the_next_word() -> None:
    waits = Waits("a")
    parts = from_server(waits).parts()
    assert next(parts) == "a"
    parts.close()  # type: ignore[attr-defined]
    assert waits.cancelled.wait(WAIT)


def test_whoever_reads_can_leave_before_the_first_word() -> None:
    waits = Waits()
    parts = from_server(waits).parts()
    assert next(parts) == Pause()
    parts.close()  # type: ignore[attr-defined]
    assert waits.cancelled.wait(WAIT)


def test_a_call_can_be_given_up_from_another_thread() -> None:
    waits = Waits()
    call = from_server(waits)
    threading.Timer(0.1, call.give_up).start()
    assert set(call.parts()) <= {Pause()}
    assert waits.cancelled.wait(WAIT)


def test_a_failure_is_raised_where_the_parts_are_read() -> None:
    async def fails() -> AsyncIterator[Said]:
        yield "a"
        message = "gone"
        raise ModelError(message)

    parts = from_server(fails).parts()
    assert next(parts) == "a"
    with pytest.raises(ModelError, match="gone"):
        next(parts)


def test_a_model_in_this_process_sees_that_nobody_listens() -> None:
    left = threading.Event()

    def say(call: Call) -> Iterator[Said]:
        yield "a"
        left.set() if call.gone.wait(WAIT) else None
        yield "b"

    parts = from_thread(say).parts()
    assert next(parts) == "a"
    parts.close()  # type: ignore[attr-defined]
    assert left.wait(WAIT)


def test_a_failure_of_a_model_in_this_process() -> None:
    def say(call: Call) -> Iterator[Said]:
        del call
        yield "a"
        message = "no memory"
        raise ModelError(message)

    with pytest.raises(ModelError, match="no memory"):
        list(from_thread(say).parts())


# Patience


def attempts(*outcomes: Callable[[], AsyncIterator[Said]]) -> Callable[[], AsyncIterator[Said]]:
    left = list(outcomes)
    return lambda: left.pop(0)()  # noqa: PLW0108 - the next one each time


async def busy(after: float | None = 0.0, first: str = "") -> AsyncIterator[Said]:
    if first:
        yield first
    message = "it is full"
    raise NotReady(ModelError(message), "it is busy", after)


def silent(seconds: float) -> ModelError:
    return ModelError(f"nothing for {seconds:g} s")


def told(attempt: Callable[[], AsyncIterator[Said]], patience: Patience = PATIENCE) -> list[Said]:
    async def all_of_it() -> list[Said]:
        return [said async for said in insist(attempt, patience, silent)]

    return run(all_of_it(), WAIT)


def test_it_is_asked_again_and_says_what_it_waits_for() -> None:
    said = told(attempts(busy, busy, lambda: says("a", END)))
    assert said == [Pause("it is busy"), Pause("it is busy"), "a", END]


def test_it_is_not_asked_for_ever() -> None:
    asked: list[int] = []

    def attempt() -> AsyncIterator[Said]:
        asked.append(1)
        return busy()

    with pytest.raises(ModelError, match="it is full"):
        told(attempt)
    assert len(asked) == 1 + PATIENCE.retries


def test_after_the_first_word_it_is_never_asked_again() -> None:
    with pytest.raises(ModelError, match="it is full"):
        told(attempts(lambda: busy(0, "a"), lambda: says("a", END)))


def test_a_wait_beyond_all_patience_is_told_at_once() -> None:
    with pytest.raises(ModelError, match="it is full"):
        told(attempts(lambda: busy(3600.0), lambda: says("a", END)))


def test_silence_before_the_first_word_and_between_two() -> None:
    short = Patience(retries=3, seconds=60, first_token=0.05, silence=WAIT)
    with pytest.raises(ModelError, match=r"nothing for 0.05 s"):
        told(Waits(), short)
    between = Patience(retries=3, seconds=60, first_token=WAIT, silence=0.06)
    with pytest.raises(ModelError, match=r"nothing for 0.06 s"):
        told(Waits("a"), between)


# As a LlamaIndex model


class Parrot(Speaker):
    """Says what it was asked, a word at a time."""

    def __init__(self) -> None:
        self.wanted: list[Wanted] = []
        self.left = threading.Event()

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        self.wanted.append(wanted)

        def say(call: Call) -> Iterator[Said]:
            yield Pause("it clears its throat")
            yield from conversation[-1].content.split()
            yield END
            call.gone.wait(WAIT)
            self.left.set()

        return from_thread(say)

    def token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        return [len(message.content) for message in conversation]


def parrot() -> tuple[Any, Parrot]:
    speaker = Parrot()
    built = chat_model(
        speaker, kind="parrot", name="p", temperature=0.3, max_tokens=7, context_window=99
    )
    return built, speaker


def test_the_last_response_says_how_the_answer_ended() -> None:
    model, speaker = parrot()
    asked = [ChatMessage(role="user", content="a b")]
    stream = model.stream_chat(asked, temperature=0, max_tokens=2)
    seen = [next(stream) for _ in range(4)]
    assert [one.delta for one in seen] == ["", "a", "b", ""]
    assert [one.message.content for one in seen] == ["", "a", "ab", "ab"]
    assert speaker.wanted == [Wanted(temperature=0, max_tokens=2)]
    stream.close()
    assert speaker.left.wait(WAIT)


def test_limits_that_a_call_does_not_name() -> None:
    model, speaker = parrot()
    stream = model.stream_chat(MESSAGES)
    next(stream)
    stream.close()
    assert speaker.wanted == [Wanted(temperature=0.3, max_tokens=7)]


class Brief(Parrot):
    """Ends by itself."""

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        del wanted
        return from_server(lambda: says(Pause("it loads"), *conversation[-1].content, END))


def brief() -> Any:
    return chat_model(
        Brief(), kind="brief", name="b", temperature=0, max_tokens=7, context_window=99
    )


ENDED = {"finish_reason": "stop", "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def test_every_way_of_asking() -> None:
    model = brief()
    first, *_, last = model.stream_chat(MESSAGES)
    assert first.additional_kwargs == {"waiting": "it loads"}
    assert last.additional_kwargs == ENDED
    assert model.chat(MESSAGES).message.content == "Why?"
    assert model.complete("Who?").text == "Who?"
    assert [part.delta for part in model.stream_complete("No")] == ["", "N", "o", ""]
    assert model.count_tokens(MESSAGES) == 2
    assert model.token_ids([("user", "abc")]) == [3]
    assert isinstance(model, Checked)
    assert isinstance(model, GivesTokens)
    assert model.state() is None


async def test_asking_from_a_loop() -> None:
    model = brief()
    stream = await model.astream_chat(MESSAGES)
    assert "".join([part.delta async for part in stream]) == "Why?"
    assert (await model.achat(MESSAGES)).additional_kwargs == ENDED


async def test_leaving_from_a_loop() -> None:
    model, speaker = parrot()
    stream = await model.astream_chat(MESSAGES)
    assert (await anext(stream)).delta == ""
    await stream.aclose()
    assert await asyncio.to_thread(speaker.left.wait, WAIT)


def test_leaving_needs_no_garbage_collector() -> None:
    waits = Waits("a")

    class Slow(Speaker):
        def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
            del conversation, wanted
            return from_server(waits)

    model = chat_model(Slow(), kind="s", name="s", temperature=0, max_tokens=1, context_window=9)
    gc.disable()
    try:
        stream: Any = model.stream_chat(MESSAGES)
        assert next(stream).delta == "a"
        stream.close()
        assert waits.cancelled.wait(WAIT)
    finally:
        gc.enable()


# How two sides read a conversation


def test_equal_tokens_have_no_difference() -> None:
    assert first_difference([1, 2], (1, 2)) is None


def test_the_first_difference_is_told() -> None:
    found = first_difference([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 9], one_piece=lambda n: f"<{n}>")
    assert found is not None
    assert (found.place, found.lengths) == (4, (6, 5))
    assert (found.one, found.other) == ((2, 3, 4, 5, 6), (2, 3, 4, 9))
    assert found.told("the run", "the server") == (
        "the first difference is at token 4: the run has '<2><3><4><5><6>' [2, 3, 4, 5, 6] of 6 "
        "tokens, the server has [2, 3, 4, 9] of 5 tokens"
    )


@pytest.mark.parametrize(("one", "other", "place"), [([], [1], 0), ([1, 2], [1], 1), ([1], [2], 0)])
def test_where_they_part(one: list[int], other: list[int], place: int) -> None:
    found = first_difference(one, other)
    assert found is not None
    assert found.place == place
