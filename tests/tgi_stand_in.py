"""A server that stands in for Text Generation Inference, on loopback, in a thread of this process.

In: what generates: scripted words, or a real model (tests/llama_generator.py). Out: TGI's routes: `/info`,
`/health`, `/tokenize`, `/chat_tokenize`, `/generate_stream`, `/v1/chat/completions`, `/v1/models` and
SageMaker's `/invocations`. It can be told to be busy, to load, to be slow, and to cut its answers off, and
it notes who hangs up. With TGI's API description at hand, every request and every answer is held against
it (tests/tgi_contract.py).

It behaves as TGI 3.3 does where that matters: the native routes put a beginning-of-sequence token before
whatever they are sent and the chat routes do not; errors come as a status, or inside a stream that has
begun; a stop text is sent along with the token that ends with it.

    python -m tests.tgi_stand_in --port 8080 --gap 0.02
"""

import argparse
import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import uvicorn

from tests.tgi_contract import Contract

BOS, BOS_TEXT = 1, "<s>"
LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Token:
    """One token: its id, and the text that it stands for."""

    id: int
    text: str


class Generator(Protocol):
    """What generates behind the server."""

    def template(self, messages: list[dict[str, Any]]) -> str:
        """Return the conversation with the chat template applied, its beginning included."""

    def tokenize(self, text: str, *, special: bool) -> list[Token]:
        """Return the tokens of a text; `special` puts the beginning-of-sequence token first."""

    def generate(
        self, text: str, *, special: bool, adapter: str, temperature: float, most: int
    ) -> AsyncIterator[str]:
        """Yield what the model says, a token at a time."""


class Scripted:
    """Says the same words to everyone, quickly.

    Args:
        words: the tokens of the answer; an adapter says its own name first.
        gap: seconds between two tokens.
    """

    def __init__(self, words: Iterable[str] = ("The", " tide", " waits."), gap: float = 0) -> None:
        self.words = list(words)
        self.gap = gap
        self.ids: dict[str, int] = {BOS_TEXT: BOS}

    def template(self, messages: list[dict[str, Any]]) -> str:
        turns = "".join(f"[{m['role']}]{m['content']}\n" for m in messages)
        return f"{BOS_TEXT}{turns}[assistant]"

    def tokenize(self, text: str, *, special: bool) -> list[Token]:
        found = re.findall(r"<s>|\w+|\s|[^\w\s]", text)
        # What a tokenizer adds by itself stands for no part of the text.
        added = [Token(BOS, "")] if special else []
        return added + [Token(self.ids.setdefault(w, len(self.ids) + 1), w) for w in found]

    async def generate(
        self, text: str, *, special: bool, adapter: str, temperature: float, most: int
    ) -> AsyncIterator[str]:
        del text, special, temperature, most
        for word in [*([f"{adapter}: "] if adapter else []), *self.words]:
            await asyncio.sleep(self.gap)
            yield word


@dataclass
class Trouble:
    """What goes wrong. Each count is used up by the requests that meet it.

    Attributes:
        loading: requests, of whatever route, that are answered with 503.
        busy: generations that are answered with 429.
        retry_after: what the 429 says; empty leaves it out.
        in_stream: whether `busy` comes as an event of a stream that has begun.
        failing: generations that are answered with 500.
        slow: seconds before the first token.
        silent_after: tokens after which nothing comes any more.
        cut_after: tokens after which the connection is cut; None leaves it whole.
        error_after: tokens after which an error comes as an event.
        no_template: whether the served model has no chat template.
    """

    loading: int = 0
    busy: int = 0
    retry_after: str = ""
    in_stream: bool = False
    failing: int = 0
    slow: float = 0
    silent_after: int | None = None
    cut_after: int | None = None
    error_after: int | None = None
    no_template: bool = False


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, error: str, kind: str, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "error_type": kind}
        self.headers = headers


class Cut(Exception):
    """The connection is to be cut."""


@dataclass
class StandIn:
    """The server.

    Attributes:
        generator: what generates.
        contract: the API description that everything is held against, if it is at hand.
        model: what `/info` names.
        adapters: those that are loaded; another one is refused.
        key: that must be sent; empty asks for none.
        asked: every request: its path and its body.
        problems: what was sent or answered against the description.
        hung_up: the paths of the streams whose reader went away, each with the tokens sent by then.
        streaming: streams that are being answered now.
    """

    generator: Generator = field(default_factory=Scripted)
    contract: Contract | None = None
    model: str = "stand-in/tide-1b"
    most_read: int = 1024
    most: int = 2048
    adapters: tuple[str, ...] = ("sft", "dpo")
    key: str = ""
    trouble: Trouble = field(default_factory=Trouble)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    hung_up: list[tuple[str, int]] = field(default_factory=list)
    streaming: int = 0
    port: int = 0

    # Its life

    def __enter__(self) -> Self:
        config = uvicorn.Config(
            self.answer,
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            lifespan="off",
            interface="asgi3",
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + LONGEST_WAIT
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                message = "the stand-in does not start"
                raise RuntimeError(message)
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(LONGEST_WAIT)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def generations(self) -> list[Any]:
        """Return the bodies of the requests that asked for an answer."""
        asking = ("/v1/chat/completions", "/generate_stream", "/invocations")
        return [body for path, body in self.asked if path in asking]

    def until(self, true: Callable[[], bool]) -> bool:
        """Wait until something is true, and return whether it became so."""
        deadline = time.monotonic() + LONGEST_WAIT
        while not true() and time.monotonic() < deadline:
            time.sleep(0.01)
        return true()

    # Its routes

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI)."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        method, path = scope["method"], scope["path"]
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        try:
            said = json.loads(body) if body else None
            self.asked.append((path, said))
            self.headers.append(headers)
            self._met(headers)
            if self.contract is not None and path != "/v1/models":
                self.problems += self.contract.request(method, path, body, headers)
            if path in {"/v1/chat/completions", "/generate_stream", "/invocations"}:
                await self._stream(path, said, receive, send)
            else:
                await self._json(method, path, 200, self._told(path, said), send)
        except Refused as refused:
            await self._json(method, path, refused.status, refused.body, send, refused.headers)

    def _met(self, headers: dict[str, str]) -> None:
        """Refuse whoever comes too early, or without the key."""
        if self.trouble.loading:
            self.trouble.loading -= 1
            raise Refused(503, "unhealthy", "healthcheck")
        if self.key and headers.get("authorization") != f"Bearer {self.key}":
            raise Refused(401, f"no: {headers.get('authorization')}", "unauthorized")

    def _told(self, path: str, body: Any) -> Any:
        if path == "/health":
            return None
        if path == "/info":
            return self._info()
        if path == "/v1/models":
            return {"object": "list", "data": [{"id": self.model, "object": "model"}]}
        if path == "/tokenize":
            return self._tokens(body["inputs"], special=True)
        if path == "/chat_tokenize":
            if self.trouble.no_template:
                raise Refused(404, "No chat template found", "template_error")
            text = self.generator.template(body["messages"])
            return {"templated_text": text, "tokenize_response": self._tokens(text, special=False)}
        raise Refused(404, f"there is no {path}", "not_found")

    def _info(self) -> dict[str, Any]:
        return {
            "model_id": self.model,
            "model_sha": None,
            "model_pipeline_tag": "text-generation",
            "max_concurrent_requests": 128,
            "max_best_of": 2,
            "max_stop_sequences": 4,
            "max_input_tokens": self.most_read,
            "max_total_tokens": self.most,
            "validation_workers": 2,
            "max_client_batch_size": 4,
            "router": "text-generation-router",
            "version": "3.3.6-dev0",
            "sha": None,
            "docker_label": None,
        }

    def _tokens(self, text: str, *, special: bool) -> list[dict[str, Any]]:
        start, told = 0, []
        for token in self.generator.tokenize(text, special=special):
            stop = start + len(token.text)
            told.append({"id": token.id, "text": token.text, "start": start, "stop": stop})
            start = stop
        return told

    # An answer

    async def _stream(self, path: str, body: Any, receive: Any, send: Any) -> None:
        native = "inputs" in body
        events = self._native(body) if native else self._chat(body)
        schema = "StreamResponse" if native else "ChatCompletionChunk"
        self._refuse_generation(native=native)
        begun = {"type": "http.response.start", "status": 200}
        await send({**begun, "headers": [(b"content-type", b"text/event-stream")]})
        sent = 0

        async def pass_on() -> None:
            nonlocal sent
            async for event in events:
                if self.contract is not None and isinstance(event, dict) and "error" not in event:
                    self.problems += self.contract.event(schema, event)
                text = event if isinstance(event, str) else json.dumps(event)
                # The native route's framework writes no space there, as the standard allows.
                line = f"data:{'' if native else ' '}{text}\n\n".encode()
                await send({"type": "http.response.body", "body": line, "more_body": True})
                sent += 1
            await send({"type": "http.response.body", "body": b""})

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        self.streaming += 1
        writing, watching = asyncio.ensure_future(pass_on()), asyncio.ensure_future(watch())
        try:
            await asyncio.wait({writing, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done():
                self.hung_up.append((path, sent))
                writing.cancel()
                await asyncio.wait({writing})
            elif writing.exception() is not None:
                raise Cut from writing.exception()
        finally:
            watching.cancel()
            self.streaming -= 1

    def _refuse_generation(self, *, native: bool) -> None:
        del native
        if self.trouble.failing:
            self.trouble.failing -= 1
            raise Refused(500, "the shard is gone", "incomplete_generation")
        if self.trouble.busy and not self.trouble.in_stream:
            self.trouble.busy -= 1
            after = self.trouble.retry_after
            raise Refused(
                429,
                "Model is overloaded",
                "overloaded",
                **({"retry-after": after} if after else {}),
            )

    async def _words(
        self, text: str, *, special: bool, adapter: str, temperature: float, most: int
    ) -> AsyncIterator[str]:
        """Yield the model's words, with the trouble that was ordered."""
        trouble = self.trouble
        await asyncio.sleep(trouble.slow)
        number = 0
        words = self.generator.generate(
            text, special=special, adapter=adapter, temperature=temperature, most=most
        )
        async for word in words:
            if number == trouble.cut_after:
                raise Cut
            if number == trouble.silent_after:
                await asyncio.sleep(LONGEST_WAIT)
            if number == trouble.error_after:
                raise Refused(424, "Request failed during generation", "generation")
            yield word
            number += 1
            if number == most:
                return

    async def _native(self, body: dict[str, Any]) -> AsyncIterator[Any]:
        parameters = body.get("parameters", {})
        adapter = parameters.get("adapter_id") or ""
        most, stops = parameters.get("max_new_tokens") or 100, parameters.get("stop") or []
        temperature = parameters.get("temperature") or 0.0
        read = len(self.generator.tokenize(body["inputs"], special=True))
        try:
            self._check(read, most, adapter)
            text, count, reason = "", 0, ""
            words = self._words(
                body["inputs"], special=True, adapter=adapter, temperature=temperature, most=most
            )
            async for word in words:
                text, count = text + word, count + 1
                ended = any(text.endswith(stop) for stop in stops)
                reason = "stop_sequence" if ended else "length" if count == most else ""
                yield self._part(count, word, special=False, **self._end(reason, text, count, read))
                if reason:
                    return
            yield self._part(
                count + 1, "</s>", special=True, **self._end("eos_token", text, count + 1, read)
            )
        except Refused as refused:
            yield refused.body

    def _part(self, index: int, text: str, *, special: bool, **end: Any) -> dict[str, Any]:
        token = {"id": 2 if special else 7, "text": text, "logprob": -0.5, "special": special}
        return {"index": index, "token": token, "generated_text": None, "details": None, **end}

    def _end(self, reason: str, text: str, count: int, read: int) -> dict[str, Any]:
        if not reason:
            return {}
        facts = {"finish_reason": reason, "generated_tokens": count, "seed": None}
        return {"generated_text": text, "details": {**facts, "input_length": read}}

    async def _chat(self, body: dict[str, Any]) -> AsyncIterator[Any]:
        model = body.get("model") or "tgi"
        adapter = "" if model == "tgi" else model
        most = body.get("max_tokens") or 100
        text = self.generator.template(body["messages"])
        read = len(self.generator.tokenize(text, special=False))
        try:
            self._check(read, most, adapter)
            count, reason = 0, "stop"
            words = self._words(
                text,
                special=False,
                adapter=adapter,
                temperature=body.get("temperature") or 0.0,
                most=most,
            )
            async for word in words:
                count += 1
                reason = "length" if count == most else "stop"
                yield self._chunk([self._choice(word)])
            yield self._chunk([self._choice("", reason)])
            usage = {
                "prompt_tokens": read,
                "completion_tokens": count,
                "total_tokens": read + count,
            }
            if (body.get("stream_options") or {}).get("include_usage"):
                yield self._chunk([], usage)
            yield "[DONE]"
        except Refused as refused:
            error = {"message": refused.body["error"], "http_status_code": refused.status}
            yield {"error": error}
            yield "[DONE]"

    def _choice(self, text: str, reason: str | None = None) -> dict[str, Any]:
        delta = {"role": "assistant", "content": text}
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}

    def _chunk(self, choices: list[Any], usage: Any = None) -> dict[str, Any]:
        return {
            "object": "chat.completion.chunk",
            "id": "",
            "created": 1_764_000_000,
            "model": self.model,
            "system_fingerprint": "3.3.6-dev0-native",
            "choices": choices,
            "usage": usage,
        }

    def _check(self, read: int, most: int, adapter: str) -> None:
        if self.trouble.busy:
            self.trouble.busy -= 1
            raise Refused(429, "Model is overloaded", "overloaded")
        if adapter and adapter not in self.adapters:
            there = ", ".join(self.adapters)
            raise Refused(
                422, f"Input validation error: adapter {adapter} not in {there}", "validation"
            )
        if read > self.most_read:
            error = (
                f"Input validation error: `inputs` must have less than {self.most_read} tokens. "
                f"Given: {read}"
            )
            raise Refused(422, error, "validation")
        if read + most > self.most:
            error = (
                f"Input validation error: `inputs` tokens + `max_new_tokens` must be <= {self.most}. "
                f"Given: {read} `inputs` tokens and {most} `max_new_tokens`"
            )
            raise Refused(422, error, "validation")

    async def _json(
        self,
        method: str,
        path: str,
        status: int,
        body: Any,
        send: Any,
        headers: dict[str, str] | None = None,
    ) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        if self.contract is not None:
            self.problems += self.contract.answer(method, path, status, data)
        named = {"content-type": "application/json", **(headers or {})}
        lines = [(name.encode(), value.encode()) for name, value in named.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": data})


def main() -> None:
    """Serve scripted words until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--gap", type=float, default=0.02, help="seconds between two tokens")
    parser.add_argument("--words", type=int, default=60, help="tokens of an answer")
    parser.add_argument("--contract", type=Path, help="TGI's API description")
    given = parser.parse_args()
    words = [f" word{number}" for number in range(given.words)]
    contract = Contract(given.contract) if given.contract else None
    server = StandIn(Scripted(words, given.gap), contract, port=given.port, most_read=32_768)
    server.most = 2 * server.most_read
    with server:
        print(server.url, flush=True)  # noqa: T201 - whoever started it waits for that
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            for problem in server.problems:
                print(problem)  # noqa: T201


if __name__ == "__main__":
    main()
