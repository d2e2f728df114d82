"""Many addresses at once, one at a time to each host.

In: addresses, and what fetches one. Out: each with what came of it, as it comes.
"""

import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

Found = TypeVar("Found")

_WAITING = 8
"""What is fetched ahead of who reads it; bodies are large."""


def in_turn(
    urls: Iterable[str], fetch: Callable[[str], Found], hosts: int
) -> Generator[tuple[str, Found], None, None]:
    """Yield each address with what `fetch` returns for it, in the order in which they come.

    The addresses of one host are fetched one after the other, as they are given; up to `hosts`
    hosts at once. Whoever stops early leaves the rest unfetched. An exception of `fetch` is raised.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for url in dict.fromkeys(urls):
        groups[_host(url)].append(url)
    results: queue.Queue[tuple[str, Found]] = queue.Queue(_WAITING)
    stopped = threading.Event()

    def work(group: list[str]) -> None:
        for url in group:
            if stopped.is_set():
                return
            _put(results, (url, fetch(url)), stopped)

    with ThreadPoolExecutor(min(hosts, len(groups)) or 1, "twin-fetch") as pool:
        running = {pool.submit(work, group) for group in groups.values()}
        try:
            while running or not results.empty():
                try:
                    yield results.get(timeout=0.05)
                except queue.Empty:
                    done = {future for future in running if future.done()}
                    running -= done
                    for future in done:
                        future.result()
        finally:
            stopped.set()
            for future in running:
                future.cancel()


def _put(
    results: "queue.Queue[tuple[str, Found]]", item: tuple[str, Found], stopped: threading.Event
) -> None:
    while not stopped.is_set():
        try:
            results.put(item, timeout=0.05)
        except queue.Full:
            continue
        return


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
