"""A model that says what it is told to, at the pace it is told to, to as many as ask at once.

In: a pause before the first token, one between tokens, and a text. Out: an OpenAI-compatible server on
loopback, in a process of its own; it prints its address. What it takes is nearly nothing, so what is
measured beside it is the product.

Run: ``python -m benchmarks.scripted [--first SECONDS] [--pace SECONDS] [--tokens N]``
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

WORDS = (
    "That is why I wrote # down [1]. It had to be said # times, and nobody else would have [2]. "
)
"""A number stands for the mark, another one in every answer: none can be known from before."""


def chunk(content: str, finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    """Return an event of the stream."""
    choice = {
        "index": 0,
        "delta": {"role": "assistant", "content": content},
        "finish_reason": finish,
    }
    body = {
        "id": "scripted",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "scripted",
        "choices": [] if usage else [choice],
        "usage": usage,
    }
    event = f"data: {json.dumps(body)}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


class Scripted:
    """The server.

    Args:
        first: seconds before the first token.
        pace: seconds between two tokens.
        tokens: how many there are.
    """

    def __init__(self, first: float, pace: float, tokens: int) -> None:
        self._first, self._pace = first, pace
        words = (WORDS * (tokens // 10 + 1)).split(" ")[:tokens]
        self._chunks = [None if word == "#" else chunk(f"{word} ") for word in words]
        self._answers = 0
        used = {"prompt_tokens": 1000, "completion_tokens": tokens, "total_tokens": 1000 + tokens}
        done = b"data: [DONE]\n\n"
        self._end = chunk("", "stop") + chunk("", usage=used) + b"%x\r\n%s\r\n" % (len(done), done)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it is closed."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = next(
                    (
                        line[15:]
                        for line in head.split("\r\n")
                        if line.startswith("content-length:")
                    ),
                    "0",
                )
                await reader.readexactly(int(length))
                if not head.startswith("post"):
                    body = json.dumps({"object": "list", "data": [], "status": "ok"}).encode()
                    writer.write(_head("application/json", f"content-length: {len(body)}") + body)
                    continue
                await asyncio.sleep(self._first)
                writer.write(_head("text/event-stream", "transfer-encoding: chunked"))
                self._answers += 1
                number = chunk(f"{self._answers} ")
                for part in self._chunks:
                    writer.write(part or number)
                    await writer.drain()
                    if self._pace:
                        await asyncio.sleep(self._pace)
                writer.write(self._end + b"0\r\n\r\n")
                await writer.drain()
        writer.close()


def _head(kind: str, length: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{length}\r\n\r\n".encode()


async def serve(first: float, pace: float, tokens: int) -> None:
    """Serve until the process is ended; the address is printed first."""
    model = Scripted(first, pace, tokens)
    server = await asyncio.start_server(model.serve, "127.0.0.1", 0, backlog=512)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


@contextmanager
def scripted(first: float, pace: float, tokens: int) -> Iterator[str]:
    """Run it for the length of a block, and yield its address."""
    given = ["--first", str(first), "--pace", str(pace), "--tokens", str(tokens)]
    command = [sys.executable, "-m", "benchmarks.scripted", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--first", type=float, default=0.2)
    parser.add_argument("--pace", type=float, default=0.025)
    parser.add_argument("--tokens", type=int, default=60)
    given = parser.parse_args()
    asyncio.run(serve(given.first, given.pace, given.tokens))


if __name__ == "__main__":
    main()
