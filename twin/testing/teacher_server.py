"""A server on loopback that speaks OpenAI's chat API, and now and then answers badly.

In: how often, and how slowly. Out: its address, and what it was asked. It words instructions out of the
passage that it is shown, so that a set of any size can be made with it; it is no model, and nothing that
it writes is to be trained on.
"""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

BAD: Final = ("no json", "another form", "empty", "the passage itself", "a refusal", "an error")
"""The ways in which an answer is bad, in turn."""

_PASSAGE: Final = re.compile(r"<passage>\n(.*?)\n</passage>", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z]{5,}")


class TeacherServer(ThreadingHTTPServer):
    """The server; it runs for the length of a ``with`` block.

    Args:
        bad_every: one answer in so many is bad; 0 gives none.
        always_bad: words of a passage for which every answer is bad.
        delay: seconds before an answer.
    """

    daemon_threads = True

    def __init__(self, *, bad_every: int = 0, always_bad: str = "", delay: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.bad_every = bad_every
        self.always_bad = always_bad
        self.delay = delay
        self.asked: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """The address of its API."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error."""

    def note(self, body: dict[str, Any]) -> int:
        """Keep a request and return its number."""
        with self._lock:
            self.asked.append(body)
            return len(self.asked)


class _Door(BaseHTTPRequestHandler):
    # HTTP/1.0, which ends the connection with the answer: a server that is closed answers no more.
    server: TeacherServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = self.server.note(body)
        time.sleep(self.server.delay)
        system, user = (str(message["content"]) for message in body["messages"][:2])
        marked = self.server.always_bad
        turn = self.server.bad_every and number % self.server.bad_every == 0
        bad = BAD[(number // max(self.server.bad_every, 1)) % len(BAD)] if turn else ""
        if marked and marked in user:
            bad = "a refusal"
        if body.get("stream"):
            self._stream(_generic(system, user))
        elif bad == "an error":
            self._send(500, {"error": {"message": "out of memory"}})
        else:
            self._send(200, _completion(_content(system, user, bad), user))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def _send(self, status: int, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        parts = [*text.split(" "), None]
        for part in parts:
            delta = {} if part is None else {"role": "assistant", "content": f"{part} "}
            choice = {"index": 0, "delta": delta, "finish_reason": "stop" if part is None else None}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            self.wfile.write(f"data: {json.dumps(chunk | {'choices': [choice]})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


def _completion(content: str, user: str) -> dict[str, Any]:
    tokens = {"prompt_tokens": len(user) // 4, "completion_tokens": len(content) // 4}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "stand-in",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "stop",
            }
        ],
        "usage": tokens | {"total_tokens": sum(tokens.values())},
    }


def _content(system: str, user: str, bad: str) -> str:
    shown = _PASSAGE.search(user)
    passage = shown[1] if shown else user
    answers = {
        "no json": "Certainly! Here is what you asked for",
        "another form": json.dumps({"instruction": "Why?"}),
        "empty": json.dumps({"text": ""}),
        "the passage itself": json.dumps({"text": passage}),
        "a refusal": json.dumps({"text": "As an AI language model, I cannot do this."}),
    }
    if bad in answers:
        return answers[bad]
    if "You mark rows" in system:
        return json.dumps({"accuracy": 1 + len(user) % 3, "clarity": 3})
    return json.dumps({"text": _good(system, passage)})


def _good(system: str, passage: str) -> str:
    if "take the style out" in system or "helpful assistant" in system:
        return _generic(system, passage)
    found = list(dict.fromkeys(word.lower() for word in _WORD.findall(passage)))
    told = ", ".join(sorted(found, key=len, reverse=True)[:4]) or "it"
    return f"Would you tell me how {told} hang together in {len(passage)} characters?"


def _generic(system: str, passage: str) -> str:
    count = re.search(r"about (\d+) words", system)
    length = int(count[1]) if count else max(len(passage.split()), 5)
    filler = "it is generally important to consider the various aspects of this topic carefully"
    return " ".join((filler.split() * (length // 13 + 1))[:length]) + "."
