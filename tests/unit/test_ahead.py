"""Items made in a thread: in order, not too far ahead, and gone when nobody wants them."""

import threading
from collections.abc import Callable, Iterator

import pytest

from twin.ingest.ahead import ahead


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_the_items_come_in_order() -> None:
    with ahead(lambda _: range(100)) as items:
        assert list(items) == list(range(100))
    assert "twin-ahead" not in names()


def test_it_is_never_further_ahead_than_it_may() -> None:
    made: list[int] = []

    def make(_: Callable[[], bool]) -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    with ahead(make, depth=2) as items:
        for number in items:
            # Two wait, one is held out to them, and one is in use.
            assert len(made) <= number + 4
    assert len(made) == 20


def test_what_breaks_it_off_is_raised_where_the_items_are_read() -> None:
    def make(_: Callable[[], bool]) -> Iterator[int]:
        yield 1
        message = "the well is dry"
        raise OSError(message)

    with ahead(make) as items:
        assert next(items) == 1
        with pytest.raises(OSError, match="dry"):
            next(items)


def test_whoever_leaves_stops_it() -> None:
    def make(stopped: Callable[[], bool]) -> Iterator[int]:
        number = 0
        while not stopped():
            number += 1
            yield number

    with ahead(make) as items:
        assert next(items) == 1
    assert "twin-ahead" not in names()


def test_one_may_stand_on_another() -> None:
    with (
        ahead(lambda _: range(50)) as first,
        ahead(lambda _: (number * 2 for number in first)) as second,
    ):
        assert next(second) == 0
        assert next(second) == 2
    assert "twin-ahead" not in names()
