"""Fifty chats at once: what comes on top of the model, whether anything fails, and whether memory grows.

Each chat asks, reads the whole answer, and asks again, without a pause to think (`--pause` gives it one), of
the sample author's twin, over a scripted model with the pace of a real one (0.2 s to the first token, then 25 a second),
which runs in a process of its own. What is counted is the time from the question to the first token,
less the model's own 0.2 s. Measured is the twin as the page asks it (`LiveTwin`): retrieval, prompt,
model client, threads and streams; the page's own websocket is not in it.

Run: ``python -m benchmarks.load [--chats N] [--turns N] [--pause SECONDS] [--traced]``
"""

import argparse
import asyncio
import json
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from benchmarks.report import Row, report
from benchmarks.scripted import scripted
from benchmarks.tracing import QUESTIONS, opened, sample, server
from twin import observe
from twin.chat.answer import Answer, Token
from twin.serving.live import LiveTwin
from twin.settings import Settings

FIRST, PACE, TOKENS = 0.2, 0.04, 60
"""Of the model: seconds to its first token, seconds between two, and how many."""

CHATS, TURNS = 50, 1000
EVERY = 100
"""Turns between two looks at the memory."""


@dataclass
class Seen:
    """What happened so far."""

    beyond: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    retrieval: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    threads: int = 0


async def turn(twin: LiveTwin, question: str, seen: Seen) -> None:
    """Ask one question and read the answer."""
    begun = time.perf_counter()
    first = None
    try:
        async for event in twin.ask(question):
            if isinstance(event, Token) and first is None:
                first = time.perf_counter() - begun
            elif isinstance(event, Answer):
                seen.retrieval.append(sum(event.retrieval.timings.values()))
                if not event.sources:
                    seen.failures.append(f"no source for {question}")
    except Exception as error:  # noqa: BLE001 - counted, whatever it is
        seen.failures.append(f"{type(error).__name__}: {error}")
    else:
        seen.beyond.append((first or 0) - FIRST)
        seen.whole.append(time.perf_counter() - begun)
    seen.threads = max(seen.threads, threading.active_count())
    done = len(seen.beyond) + len(seen.failures)
    if done % EVERY == 0:
        seen.memory.append(psutil.Process().memory_info().rss / 2**20)


async def load(twin: LiveTwin, chats: int, turns: int, pause: float) -> Seen:
    """Hold so many chats at once until so many turns are over."""
    seen = Seen()
    drawn = random.Random(0)  # noqa: S311 - a measurement
    left = iter(range(turns))

    async def chat(number: int) -> None:
        # Chats do not begin in the same instant.
        await asyncio.sleep(number * (FIRST + PACE * TOKENS) / chats)
        for turned in left:
            question = QUESTIONS[(number + turned) % len(QUESTIONS)]
            await turn(twin, f"{question} ({turned})", seen)
            if pause:
                await asyncio.sleep(drawn.expovariate(1 / pause))

    await asyncio.gather(*(chat(number) for number in range(chats)))
    return seen


async def measure(
    chats: int, turns: int, given: Path | None, *, traced: bool, pause: float = 0
) -> tuple[Seen, float, float]:
    """Return what happened, and the seconds by the clock and of the processor that it took."""
    with sample(given) as home, scripted(FIRST, PACE, TOKENS) as model:
        async with opened(home, model) as twin:
            with server("answers" if traced else "none") as address:
                observer = observe.start(Settings(), _keys(address), Path(home))
                await load(twin, chats, chats, 0)  # to warm up
                begun, used = time.perf_counter(), time.process_time()
                seen = await load(twin, chats, turns, pause)
                took = time.perf_counter() - begun, time.process_time() - used
                await asyncio.to_thread(observer.close)
    return seen, *took


def _keys(address: str) -> dict[str, str]:
    if not address:
        return {}
    keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-benchmark", "LANGFUSE_SECRET_KEY": "sk-lf-benchmark"}
    return {**keys, "LANGFUSE_BASE_URL": address}


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--chats", type=int, default=CHATS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument(
        "--pause",
        type=float,
        default=0.0,
        help="mean seconds between an answer and the next question, drawn; 0 asks at once",
    )
    parser.add_argument("--traced", action="store_true", help="while a server watches")
    parser.add_argument(
        "--home", type=Path, help="holds the sample author; made if it is not there"
    )
    given = parser.parse_args()
    seen, seconds, processor = asyncio.run(
        measure(given.chats, given.turns, given.home, traced=given.traced, pause=given.pause)
    )
    beyond = np.array(seen.beyond) * 1000
    rows = [
        Row("chats at once", given.chats, ""),
        Row("turns", len(seen.whole), ""),
        Row("pause before the next question, mean", given.pause, "s"),
        Row("errors", len(seen.failures), "", "none"),
        Row("to the first token beyond the model, median", float(np.median(beyond)), "ms"),
        Row(
            "to the first token beyond the model, p95",
            float(np.percentile(beyond, 95)),
            "ms",
            "at most 250",
        ),
        Row("to the first token beyond the model, longest", float(beyond.max()), "ms"),
        Row("retrieval, median", median(seen.retrieval) * 1000, "ms"),
        Row(
            "a whole turn, median",
            median(seen.whole),
            "s",
            f"the model's own {FIRST + PACE * TOKENS:.1f}",
        ),
        Row("turns a second", len(seen.whole) / seconds, ""),
        Row("of the processor, a turn", processor / max(1, len(seen.whole)) * 1000, "ms"),
        Row("load of the machine, a minute's mean", os.getloadavg()[0], ""),
        Row("threads at the most", seen.threads, ""),
    ]
    if seen.memory:
        rows.append(Row("memory after a tenth", seen.memory[0], "MiB"))
        rows.append(Row("memory at the end", seen.memory[-1], "MiB", "flat"))
    report("load-traced" if given.traced else "load", rows)
    for failure in sorted(set(seen.failures))[:5]:
        print(json.dumps(failure))


if __name__ == "__main__":
    main()
