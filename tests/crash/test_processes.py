"""Every thread learns how its own process ended, whatever the others start meanwhile."""

import os
from concurrent.futures import ThreadPoolExecutor

from tests.crash.processes import ended, started

CODE = 7


def test_how_a_process_ended_is_told_to_the_one_who_waits() -> None:
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda _: ended(started(os._exit, CODE)), range(150)))
    assert set(codes) == {CODE}
