"""A chat model on any server that speaks OpenAI's chat API.

In: options and a key. Out: a `Speaker`. vLLM, SGLang, llama.cpp, Ollama, OpenAI and TGI's Messages API
are such servers; what they tell beyond the chat (context, tokens of a conversation) is asked where it
is there.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from twin.basics.refusals import Refused, joined, without
from twin.basics.servers import QUESTIONS, Server
from twin.errors import ModelError
from twin.models.calls import Call, Ending, Said, from_server, run
from twin.models.patience import NotReady, Patience, insist
from twin.models.speaker import Message, ModelState, Speaker, Wanted
from twin.models.thinking import THINKING

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

T = TypeVar("T")

ENDINGS = {"eos_token": "stop", "stop_sequence": "stop", "end_turn": "stop", "max_tokens": "length"}
"""What servers say instead of OpenAI's words."""

NO_SUCH_ROUTE = 300.0
"""Seconds after which a server that could not count tokens is asked again."""


class Waiting(Protocol):
    """The options that say how long a server is waited for."""

    timeout: float
    first_token: float
    retries: int
    patience: float


def patience_of(options: Waiting) -> Patience:
    """Return the patience that options ask for."""
    return Patience(
        retries=options.retries,
        seconds=options.patience,
        first_token=options.first_token,
        silence=options.timeout,
    )


def as_json(conversation: Sequence[Message]) -> list[dict[str, str]]:
    """Return a conversation as the APIs take it."""
    return [{"role": message.role, "content": message.content} for message in conversation]


class OpenAISpeaker(Speaker):
    """Speaks through a server.

    Args:
        server: where.
        patience: how long it is waited for.
    """

    def __init__(self, server: Server, patience: Patience) -> None:
        self.server = server
        self.patience = patience
        self._counting: tuple[Callable[..., Any], float] | None = None
        self._refused: set[Refused] = set()

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        """Return the call for one answer."""
        self.prepare()

        def attempt() -> AsyncIterator[Said]:
            return self.say(conversation, wanted)

        return from_server(lambda: insist(attempt, self.patience, self.server.silent))

    def prepare(self) -> None:
        """Import what is heavy, here and not in the loop, where all other calls would wait for it."""
        _ = self._client

    async def say(self, conversation: Sequence[Message], wanted: Wanted) -> AsyncIterator[Said]:
        """Yield the answer, asking once.

        Raises:
            ModelError: if the server fails, or the stream ends without saying why.
            NotReady: if asking again may help.
        """
        reason = ""
        usage: Mapping[str, Any] = {}
        try:
            async with await self._begun(self.body(conversation, wanted)) as stream:
                async for chunk in stream:
                    if not isinstance(chunk, Mapping):
                        continue
                    usage = chunk.get("usage") or usage
                    for choice in _list(chunk, "choices")[:1]:
                        for said in _said(choice.get("delta") or {}):
                            yield said
                        reason = choice.get("finish_reason") or reason
        except Exception as error:  # noqa: BLE001 - the client raises dozens of kinds
            raise self.server.failed(error) from self.server.cause(error)
        if not reason:
            raise self.server.broken_off()
        yield Ending(
            finish_reason=ENDINGS.get(reason, reason),
            prompt_tokens=usage.get("prompt_tokens"),
            completion_tokens=usage.get("completion_tokens"),
        )

    async def _begun(self, body: dict[str, Any]) -> AsyncStream[object]:
        """Return the events of an answer, asked for without what this server will not have."""
        while True:
            try:
                return await self._stream(without(body, self._refused))
            except Exception as error:
                what = self.server.refuses(error)
                if what is None or what in self._refused:
                    raise
                self._refused.add(what)

    async def _stream(self, body: Mapping[str, Any]) -> AsyncStream[object]:
        """Return the events of an answer as plain JSON.

        The client's own types are made anew for every token: with many chats at once that is a third
        of what an answer takes of the processor.
        """
        from openai import AsyncStream  # noqa: PLC0415 - heavy

        return await self._client.post(
            "/chat/completions",
            body=body,
            cast_to=object,
            stream=True,
            stream_cls=AsyncStream[object],
        )

    def body(self, conversation: Sequence[Message], wanted: Wanted) -> dict[str, Any]:
        """Return what is sent."""
        own = "api.openai.com" in self.server.address
        return {
            "model": self.server.name,
            "messages": as_json(conversation),
            "temperature": wanted.temperature,
            # OpenAI's own newer models refuse the name that all others know.
            "max_completion_tokens" if own else "max_tokens": wanted.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

    @cached_property
    def _client(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI  # noqa: PLC0415 - heavy

        return AsyncOpenAI(
            api_key=self.server.key,
            base_url=self.server.address,
            max_retries=0,
            http_client=self.server.http,
        )

    # What the server says beyond the chat

    def state(self) -> ModelState:
        """Return what is served."""
        return asked(self._state())

    async def _state(self) -> ModelState:
        listed = await self.server.ask("GET", f"{self.server.address}/models")
        if listed is None:
            message = f"{self.server.address}/models is not there"
            raise ModelError(message, "base_url is the address up to /v1; is it right?")
        models = [model for model in _list(listed, "data") if isinstance(model, Mapping)]
        names = [str(model.get("id", "")) for model in models]
        name = self.server.name
        served = next((m for m in models if m.get("id") == name), models[0] if models else {})
        context = served.get("max_model_len") or await self._context()
        known = name in names or name == "tgi" or f"{name}:latest" in names
        remarks = () if known or not names else (f"it names {_few(names)}, not {name}",)
        return ModelState(
            where=self.server.address,
            model=name if name in names else str(served.get("id", name)),
            context=context if isinstance(context, int) else None,
            remarks=remarks,
        )

    async def _context(self) -> int | None:
        """Return the context of llama.cpp's server, None for any other."""
        try:
            props = await self.server.ask("GET", "/props")
        except (ModelError, NotReady):
            return None
        settings = props.get("default_generation_settings") if isinstance(props, Mapping) else None
        context = settings.get("n_ctx") if isinstance(settings, Mapping) else None
        return context if isinstance(context, int) else None

    def token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        """Return the token ids of a conversation, None if the server has no route for it."""
        return asked(self._token_ids(conversation))

    async def _token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        if self._counting is not None:
            way, until = self._counting
            ids: list[int] | None = await way(conversation)
            if ids or time.monotonic() < until:
                return ids
        for way in (self._ids_of_tgi, self._ids_of_llama_cpp, self._ids_of_vllm):
            if ids := await way(conversation):
                self._counting = way, float("inf")
                return ids
        self._counting = _no_ids, time.monotonic() + NO_SUCH_ROUTE
        return None

    def _messages(self, conversation: Sequence[Message]) -> list[dict[str, str]]:
        """Return a conversation as it is sent."""
        messages = as_json(conversation)
        return joined(messages) if Refused.SYSTEM in self._refused else messages

    async def _ids_of_tgi(self, conversation: Sequence[Message]) -> list[int] | None:
        said = await self._asked("/chat_tokenize", {"messages": self._messages(conversation)})
        return [int(token["id"]) for token in _list(said, "tokenize_response")]

    async def _ids_of_llama_cpp(self, conversation: Sequence[Message]) -> list[int] | None:
        said = await self._asked("/apply-template", {"messages": self._messages(conversation)})
        if not isinstance(said, Mapping) or "prompt" not in said:
            return None
        body = {"content": said["prompt"], "add_special": True, "parse_special": True}
        return [int(token) for token in _list(await self._asked("/tokenize", body), "tokens")]

    async def _ids_of_vllm(self, conversation: Sequence[Message]) -> list[int] | None:
        body = {"model": self.server.name, "messages": self._messages(conversation)}
        said = await self._asked("/tokenize", {**body, "add_generation_prompt": True})
        return [int(token) for token in _list(said, "tokens")]

    async def _asked(self, path: str, body: Any) -> Any:
        """Return what a route says that only some servers have; None if this one does not."""
        try:
            return await self.server.ask("POST", path, body)
        except ModelError:
            return None


def asked(question: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine that asks a server returns.

    Raises:
        ModelError: if it does not answer, or not in time.
    """
    try:
        return run(question, 2 * QUESTIONS)
    except NotReady as failure:
        raise failure.error from failure.__cause__
    except TimeoutError:
        message = "the server of a chat model does not answer"
        raise ModelError(message, "`twin doctor` asks it") from None


def _said(delta: Mapping[str, Any]) -> list[Said]:
    said: list[Said] = []
    if delta.get("reasoning_content") or delta.get("reasoning"):
        said.append(THINKING)
    if content := delta.get("content"):
        said.append(str(content))
    return said


async def _no_ids(conversation: Sequence[Message]) -> None:
    del conversation


def _list(answer: Any, key: str) -> list[Any]:
    found = answer.get(key) if isinstance(answer, Mapping) else None
    return list(found) if isinstance(found, Sequence) and not isinstance(found, str) else []


def _few(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{' and others' if len(names) > 3 else ''}"  # noqa: PLR2004
