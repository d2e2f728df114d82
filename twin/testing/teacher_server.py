"""A server on loopback that speaks OpenAI's chat API, and now and then answers badly.

In: how often, and how slowly. Out: its address, and what it was asked. It words instructions out of the
passage that it is shown, so that a set of any size can be made with it, and judges answers by rules: a
statement is supported if it stands in a passage, and a text is accurate if it shares words with what the
author wrote. It is no model, and nothing that it writes is to be trained on.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
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
        busy_every: one request in so many is turned away with 429, and may come again at once.
    """

    daemon_threads = True

    def __init__(
        self, *, bad_every: int = 0, always_bad: str = "", delay: float = 0.0, busy_every: int = 0
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.bad_every = bad_every
        self.always_bad = always_bad
        self.delay = delay
        self.busy_every = busy_every
        self.turned_away = 0
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
        if self.server.busy_every and number % self.server.busy_every == 0:
            self.server.turned_away += 1
            self._send(429, {"error": {"message": "slow down"}}, {"Retry-After": "0"})
        elif body.get("stream"):
            self._stream(_generic(system, user))
        elif bad == "an error":
            self._send(500, {"error": {"message": "out of memory"}})
        else:
            form = body.get("response_format", {}).get("json_schema", {}).get("schema", {})
            known = _FORMS.get((str(form.get("title")), len(form.get("properties", {}))))
            filled = json.dumps(known(user)) if known and bad not in _NO_ANSWERS else ""
            self._send(200, _completion(filled or _content(system, user, bad), user))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def _send(
        self, status: int, value: dict[str, Any], headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, header in headers.items():
            self.send_header(name, header)
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


_NO_ANSWERS: Final = ("no json", "another form", "empty", "a refusal")
"""Bad answers that fill in no form at all."""


def _statements(user: str) -> dict[str, Any]:
    return {"statements": re.findall(r"[A-Z][^.!?]*[.!?]", user.partition("Text:\n")[2])[:5]}


def _verdicts(user: str) -> dict[str, Any]:
    passages, _, listed = user.partition("Statements:\n")
    said = " ".join(passages.split())
    lines = [line.partition(". ") for line in listed.splitlines() if line.strip()]
    return {
        "verdicts": [
            {"statement": int(number), "supported": " ".join(text.split()) in said}
            for number, _, text in lines
            if number.strip().isdigit()
        ]
    }


def _questions(user: str) -> dict[str, Any]:
    words = " ".join(_WORD.findall(user)[:6])
    asked = [f"What about {words}?", f"Why {words}?", f"How is it with {words}?"]
    return {"questions": asked, "noncommittal": False}


def _useful(user: str) -> dict[str, Any]:
    answer, _, passage = user.partition("Answer:\n")[2].partition("\n\nPassage:\n")
    return {"useful": _alike(answer, passage)}


def _marks(user: str) -> dict[str, Any]:
    reference = user.partition("wrote about it:\n")[2].partition("\n\nOther writing")[0]
    first, _, second = user.partition("First text:\n")[2].partition("\n\nSecond text:\n")
    accuracy = [3 if _alike(text, reference) else 1 for text in (first, second)]
    style = [3 if re.search(r"\bI\b", text) else 2 for text in (first, second)]
    return {
        "reason": "by rule",
        "first_accuracy": accuracy[0],
        "first_style": style[0],
        "second_accuracy": accuracy[1],
        "second_style": style[1],
    }


def _alike(one: str, other: str) -> bool:
    """Return whether a third of the longer words of a text stand in another."""
    words = {word.casefold() for word in _WORD.findall(one)}
    shared = words & {word.casefold() for word in _WORD.findall(other)}
    return 3 * len(shared) >= len(words) > 0


_FORMS: Final[dict[tuple[str, int], Callable[[str], dict[str, Any]]]] = {
    ("Statements", 1): _statements,
    ("Verdicts", 1): _verdicts,
    ("Questions", 2): _questions,
    ("Useful", 1): _useful,
    ("Marks", 5): _marks,
}
"""The forms of an evaluation, by the name of their schema and how many fields it has: rows of a set are marked
by a form of the same name."""
