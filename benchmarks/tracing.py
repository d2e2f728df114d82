"""What watching costs: the time to the first token with no server, and with three kinds of server.

One twin of the sample author is asked the same questions over and over, over a scripted model that
answers at once. The kinds take turns, eight questions each, so that what else the machine does meets all
of them alike. The servers: one that takes everything, one whose port nobody listens on, and one that
accepts connections and never answers.

Run: ``python -m benchmarks.tracing [--rounds N]``
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.report import Row, report
from benchmarks.scripted import scripted
from twin import observe
from twin.chat.answer import Answer
from twin.home import Home
from twin.serving.live import LiveTwin
from twin.settings import Settings

SAMPLE = Path(__file__).parent.parent / "examples" / "sample-author"
QUESTIONS = (
    "Why did Slackwater leave Kubernetes?",
    "What are comments for?",
    "How long did leaving Kubernetes take?",
    "What is a queue?",
    "Why is a backup a rumour?",
    "What did 412 reviews catch?",
    "What is a comment an apology for?",
    "Why Djot?",
)
KINDS = ("none", "answers", "down", "silent")


@contextmanager
def sample(given: Path | None = None) -> Iterator[Path]:
    """Yield a home that holds the sample author.

    Args:
        given: one that does already, or is to; None makes one for the length of the block.
    """
    if given is not None and given.exists():
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="twin-chats-") as folder:
        home = given or Path(folder) / "home"
        command = [sys.executable, "-m", "twin.cli", "--home", str(home), "ingest", str(SAMPLE)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        yield home


class _Taking(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@contextmanager
def server(kind: str) -> Iterator[str]:
    """Yield the address of a server of a kind; empty for none."""
    if kind == "none":
        yield ""
    elif kind == "answers":
        with ThreadingHTTPServer(("127.0.0.1", 0), _Taking) as taking:
            threading.Thread(target=taking.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{taking.server_port}"
            taking.shutdown()
    else:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            if kind == "silent":
                # The kernel accepts, and nobody ever reads.
                bound.listen(512)
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@dataclass(frozen=True, slots=True)
class Watched:
    """What was measured while a server watched.

    Attributes:
        firsts: seconds from a question to the first token of its answer.
        left: seconds that leaving took.
        kept: batches that the next process would send.
    """

    firsts: list[float]
    left: float
    kept: int


class Chats:
    """A twin that is asked one question after the other.

    Args:
        twin: open.
    """

    def __init__(self, twin: LiveTwin) -> None:
        self._twin = twin
        self._questions = cycle(QUESTIONS)

    async def ask(self) -> Answer:
        """Ask the next question, and return its answer."""
        answer = None
        async for event in self._twin.ask(next(self._questions)):
            if isinstance(event, Answer):
                answer = event
        assert answer is not None  # noqa: S101 - what every stream ends with
        return answer

    async def watched(self, kind: str, home: Path) -> Watched:
        """Ask every question once while a server of a kind watches, after one that does not count."""
        folder = home.parent / kind
        with server(kind) as address:
            keys = {
                "LANGFUSE_PUBLIC_KEY": "pk-lf-benchmark",
                "LANGFUSE_SECRET_KEY": "sk-lf-benchmark",
                "LANGFUSE_BASE_URL": address,
            }
            observer = observe.start(Settings(), keys if address else {}, folder)
            await self.ask()
            answers = [await self.ask() for _ in QUESTIONS]
            begun = time.perf_counter()
            await asyncio.to_thread(observer.close)
            left = time.perf_counter() - begun
        kept = sum(1 for _ in (folder / "traces").glob("*/[0-9]*"))
        firsts = [answer.timings["first_token"] for answer in answers]
        return Watched(firsts, left, kept)


@asynccontextmanager
async def opened(home: Path, model: str) -> AsyncIterator[LiveTwin]:
    """Yield a twin that answers at once, over a model."""
    os.environ["TWIN_MODELS__CHAT"] = json.dumps({"use": "openai", "base_url": model})
    twin = LiveTwin(Home(home), lasting=True)
    await asyncio.to_thread(twin.start)
    async for _ in twin.ask(QUESTIONS[0]):
        pass
    yield twin
    await asyncio.to_thread(twin.close)


async def measure(rounds: int, given: Path | None) -> dict[str, list[Watched]]:
    """Return what was measured in every round with each kind of server."""
    measured: dict[str, list[Watched]] = {kind: [] for kind in KINDS}
    with sample(given) as home, scripted(0, 0, 30) as model:
        async with opened(home, model) as twin:
            chats = Chats(twin)
            for _ in range(rounds):
                for kind in KINDS:
                    measured[kind].append(await chats.watched(kind, home))
    return measured


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--home", type=Path, help="holds the sample author; made if it is not there"
    )
    given = parser.parse_args()
    rows = []
    measured = asyncio.run(measure(given.rounds, given.home))
    for kind, watched in measured.items():
        firsts = [first for one in watched for first in one.firsts]
        pairs = zip(watched, measured["none"], strict=True)
        more = [median(one.firsts) - median(none.firsts) for one, none in pairs]
        rows += [
            Row(f"{kind}: to the first token, median", median(firsts) * 1000, "ms"),
            Row(f"{kind}: to the first token, p95", float(np.percentile(firsts, 95)) * 1000, "ms"),
            Row(f"{kind}: more than none, median of the rounds", median(more) * 1000, "ms"),
            Row(f"{kind}: to leave, longest", max(one.left for one in watched), "s", "at most 2"),
            Row(f"{kind}: batches kept for the next process", watched[-1].kept, ""),
        ]
    report("tracing", rows)


if __name__ == "__main__":
    main()
