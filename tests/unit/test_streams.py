"""What a thread yields, as the event loop reads it: in order, whole, and stopped when nobody reads."""

import asyncio
import gc
import threading
from collections.abc import Iterator

import pytest

from twin.serving.streams import Threads


async def test_everything_comes_in_order_however_fast_it_is_told() -> None:
    threads = Threads()
    heard = [item async for item in threads.stream(lambda: iter(range(5000)), "count")]
    assert heard == list(range(5000))
    assert threads.end(10)


async def test_many_at_once_do_not_mix() -> None:
    threads = Threads()

    async def read(number: int) -> list[tuple[int, int]]:
        stream = threads.stream(lambda: ((number, n) for n in range(300)), "count")
        return [item async for item in stream]

    for number, heard in enumerate(await asyncio.gather(*(read(n) for n in range(20)))):
        assert heard == [(number, n) for n in range(300)]


async def test_what_the_thread_raises_comes_after_what_it_yielded() -> None:
    def failing() -> Iterator[int]:
        yield 1
        message = "the cable was cut"
        raise OSError(message)

    stream = Threads().stream(failing, "fail")
    assert await anext(stream) == 1
    with pytest.raises(OSError, match="cable"):
        await anext(stream)


async def test_whoever_leaves_ends_the_thread_at_its_next_item() -> None:
    threads, closed, go = Threads(), threading.Event(), threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
                go.wait(10)
        finally:
            closed.set()

    stream = threads.stream(endless, "endless")
    assert await anext(stream) == 1
    await stream.aclose()
    go.set()
    assert await asyncio.to_thread(closed.wait, 30)
    assert threads.end(10)


async def test_an_end_in_good_order_collects_no_garbage() -> None:
    runs = []
    gc.callbacks.append(lambda phase, info: runs.append((phase, info["generation"])))
    try:
        threads = Threads()
        async for _ in threads.stream(lambda: iter(range(3)), "count"):
            pass
        assert threads.end(10)
    finally:
        gc.callbacks.pop()
    assert ("start", 2) not in runs


async def test_what_fails_while_it_is_closed_is_told_and_not_waited_for() -> None:
    class Broken:
        def __iter__(self) -> Iterator[int]:
            return iter([1])

        def close(self) -> None:
            message = "it does not close"
            raise OSError(message)

    stream = Threads().stream(Broken, "broken")  # type: ignore[arg-type]
    assert await anext(stream) == 1
    with pytest.raises(OSError, match="does not close"):
        await anext(stream)
