"""Nobody takes all turns, and who must wait or come back is told so."""

import asyncio

import pytest

from twin.errors import UsageError
from twin.serving.turns import LINE, Turns


class Asking:
    """People who ask, and go on until they are told to end."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.answered: list[str] = []
        self.waited: list[str] = []
        self.end = asyncio.Event()

    async def ask(self, whose: str) -> None:
        async def waits() -> None:
            self.waited.append(whose)

        async with self.turns.turn(whose, waits):
            self.answered.append(whose)
            await self.end.wait()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_person_takes_no_more_than_their_share() -> None:
    asking = Asking(Turns(most=10, each=2))
    running = [asyncio.create_task(asking.ask("ines")) for _ in range(2)]
    await settled()
    with pytest.raises(UsageError, match="you have 2 questions being answered already"):
        await asking.ask("ines")
    running.append(asyncio.create_task(asking.ask("ada")))
    await settled()
    assert asking.answered == ["ines", "ines", "ada"]
    asking.end.set()
    await asyncio.gather(*running)
    # The share is free again, also after a refusal.
    await asking.ask("ines")
    assert asking.answered[-1] == "ines"


async def test_who_sits_at_this_machine_is_bounded_with_all_alone() -> None:
    asking = Asking(Turns(most=10, each=1))
    asking.end.set()
    await asyncio.gather(*(asking.ask("") for _ in range(5)))


async def test_the_next_ones_wait_in_line_and_the_line_has_an_end() -> None:
    asking = Asking(Turns(most=2, each=2))
    names = [f"guest {number}" for number in range(2 * (1 + LINE))]
    running = [asyncio.create_task(asking.ask(name)) for name in names]
    await settled()
    assert asking.answered == names[:2]
    assert asking.waited == names[2:]
    with pytest.raises(UsageError, match="more people are asking"):
        await asking.ask("one too many")
    asking.end.set()
    await asyncio.gather(*running)
    assert asking.answered == names


async def test_whoever_leaves_the_line_holds_nobody_up() -> None:
    asking = Asking(Turns(most=1, each=1))
    first = asyncio.create_task(asking.ask("first"))
    await settled()
    gone = asyncio.create_task(asking.ask("gone"))
    await settled()
    gone.cancel()
    await settled()
    last = asyncio.create_task(asking.ask("last"))
    asking.end.set()
    await asyncio.gather(first, last)
    assert asking.answered == ["first", "last"]
    # Who left may ask again.
    await asking.ask("gone")
