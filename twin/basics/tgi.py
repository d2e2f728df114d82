"""A chat model on Text Generation Inference, by either of its routes.

In: options and a key. Out: a `Speaker` that looks before it speaks: a wrong model, a server that is still
loading and a conversation that does not fit are told before anything is generated.

The Messages route (``/v1/chat/completions``) applies the chat template and is the default. An adapter is
chosen by ``adapter_id``, which only the native route has, and that takes text: so the server is asked to
apply its template (``/chat_tokenize``), and the text goes to ``/generate_stream``. The native route puts
a beginning-of-sequence token before whatever it is sent, the Messages route does not; a template that
writes one itself would give two, so one is taken off, and that both routes read the same tokens is
compared once (``/tokenize``).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from twin.basics.openai_server import ENDINGS, OpenAISpeaker, as_json, asked
from twin.basics.servers import NO_KEY, Server
from twin.errors import ComponentUnavailable, ContextOverflow, ModelError
from twin.models.calls import Ending, Pause, Said
from twin.models.parity import first_difference
from twin.models.patience import NotReady, Patience
from twin.models.speaker import Message, ModelState, Wanted
from twin.models.tokenizers import Templated

KNOWN_FOR = 60.0
"""Seconds that what ``/info`` said counts; a server may be started anew with another model."""

FEWEST = 32
"""Tokens that must be left for the answer; with fewer, the conversation does not fit."""

TEMPLATE = 64
"""Tokens that a template adds to a message, at the most."""


@dataclass(frozen=True, slots=True)
class Info:
    """What ``/info`` says.

    Attributes:
        model: that is served.
        most_read: tokens of a conversation.
        most: tokens of conversation and answer together.
    """

    model: str
    most_read: int
    most: int


class TGISpeaker(OpenAISpeaker):
    """Speaks through TGI.

    Args:
        server: its address without ``/v1``.
        patience: how long it is waited for.
        model: that must be served; empty for any.
        adapter: the ``adapter_id``; empty for none.
        native: whether the native route is taken.
        stop: texts that end an answer.
        template: applies a chat template here, for a server that has none; None to rely on it.
    """

    checks_length = True

    def __init__(
        self,
        server: Server,
        patience: Patience,
        *,
        model: str,
        adapter: str,
        native: bool,
        stop: Sequence[str],
        template: Callable[[Sequence[Message]], Templated] | None,
    ) -> None:
        super().__init__(replace(server, address=f"{server.address}/v1"), patience)
        self._model = model
        self._adapter = adapter
        self._native = native
        self._stop = list(stop)
        self._template = template
        self._info: tuple[Info, float] | None = None
        self._twice: str | None = None

    def prepare(self) -> None:
        """Import what is heavy."""
        if self._native:
            _client_class()
        super().prepare()

    async def say(self, conversation: Sequence[Message], wanted: Wanted) -> AsyncIterator[Said]:
        """Yield the answer, asking once.

        Raises:
            ModelError: if another model is served, or the server fails.
            ContextOverflow: if the conversation does not fit.
            NotReady: if asking again may help.
        """
        info = await self._served()
        templated = None
        if self._native or not _fits_surely(conversation, wanted, info):
            templated = await self._templated(conversation)
        limited = self._limited(templated, wanted, info)
        if self._native:
            if templated is None:
                raise self._no_template()
            prompt = await self._prompt(templated)
            parts = self._generate(prompt, limited, len(templated.ids))
        else:
            parts = super().say(conversation, limited)
        try:
            async for said in parts:
                yield said
        except (ModelError, NotReady):
            self._info = None  # what it serves may have changed
            raise
        finally:
            await parts.aclose()  # type: ignore[attr-defined]

    def body(self, conversation: Sequence[Message], wanted: Wanted) -> dict[str, Any]:
        """Return what is sent to the Messages route."""
        # Some of TGI's versions take any other name here for an adapter's.
        more = {"stop": self._stop} if self._stop else {}
        return {**super().body(conversation, wanted), "model": "tgi", **more}

    # What is looked at before

    async def _served(self) -> Info:
        if self._info is not None and time.monotonic() < self._info[1]:
            return self._info[0]
        # A server that loads its model says so at /health, and may say anything elsewhere.
        await self.server.ask("GET", "/health")
        said = await self.server.ask("GET", "/info")
        if not isinstance(said, Mapping) or "model_id" not in said:
            message = f"the server at {self.server.root} is no Text Generation Inference"
            raise ModelError(message, 'for another server: chat = { use = "openai", … }')
        most_read, most = said.get("max_input_tokens"), said.get("max_total_tokens")
        unlimited = 2**31
        info = Info(
            str(said["model_id"]),
            most_read if isinstance(most_read, int) else unlimited,
            most if isinstance(most, int) else unlimited,
        )
        if self._model and info.model != self._model:
            message = (
                f"the server at {self.server.root} serves {info.model}, and twin.toml asks for "
                f"{self._model}"
            )
            raise ModelError(message, "start it with that model, or correct `model`")
        self._info = info, time.monotonic() + KNOWN_FOR
        return info

    async def _templated(self, conversation: Sequence[Message]) -> Templated | None:
        """Return the conversation as the server reads it, None if nobody can say."""
        if self._template is not None:
            return self._template(conversation)
        said = await self.server.ask("POST", "/chat_tokenize", {"messages": as_json(conversation)})
        if not isinstance(said, Mapping):
            return None
        return Templated(str(said["templated_text"]), _ids(said.get("tokenize_response")))

    def _limited(self, templated: Templated | None, wanted: Wanted, info: Info) -> Wanted:
        """Return limits that the server will not refuse."""
        if templated is None:
            return wanted
        tokens = len(templated.ids)
        room = info.most - tokens
        if tokens > info.most_read or room < min(FEWEST, wanted.max_tokens):
            limit = min(info.most_read, info.most - FEWEST)
            message = (
                f"the conversation has {tokens:,} tokens, and {info.model} at {self.server.root} "
                f"reads {limit:,}"
            )
            hint = "lower retrieve.token_budget or retrieve.passages"
            raise ContextOverflow(message, hint, tokens=tokens, limit=limit)
        return replace(wanted, max_tokens=min(wanted.max_tokens, room))

    # The native route

    async def _prompt(self, templated: Templated) -> str:
        """Return the text that the native route reads as the same tokens."""
        if self._twice is None:
            self._twice = await self._written_twice(templated)
        return templated.text.removeprefix(self._twice)

    async def _written_twice(self, templated: Templated) -> str:
        """Return the beginning that template and native route both write; empty if there is none."""
        ids = await self._native_ids(templated.text)
        if ids == templated.ids or not ids:
            return ""
        if ids[1:] == templated.ids:
            # It is a special token, written out: up to it the text has nothing else.
            beginning = await self._beginning(templated)
            if beginning and await self._native_ids(templated.text.removeprefix(beginning)) == (
                templated.ids
            ):
                return beginning
        difference = first_difference(templated.ids, ids)
        where = difference.told("the chat template", "the native route") if difference else ""
        message = f"TGI's two routes read a conversation differently: {where}"
        raise ModelError(message, "take the Messages route, or another tokenizer on the server")

    async def _beginning(self, templated: Templated) -> str:
        said = await self.server.ask("POST", "/tokenize", {"inputs": templated.text})
        first = said[1] if isinstance(said, list) and len(said) > 1 else {}
        return str(first.get("text", "")) if isinstance(first, Mapping) else ""

    async def _native_ids(self, text: str) -> tuple[int, ...]:
        return _ids(await self.server.ask("POST", "/tokenize", {"inputs": text}))

    async def _generate(self, prompt: str, wanted: Wanted, tokens: int) -> AsyncIterator[Said]:
        client_class = _client_class()
        # The token is always given: without one the client would send the person's own of the hub.
        async with client_class(
            f"{self.server.root}/generate_stream", token=self.server.key or NO_KEY
        ) as client:
            details = None
            try:
                stream = await client.text_generation(
                    prompt,
                    stream=True,
                    details=True,
                    adapter_id=self._adapter or None,
                    max_new_tokens=wanted.max_tokens,
                    # TGI refuses a temperature of 0, and is greedy without one.
                    do_sample=wanted.temperature > 0,
                    temperature=wanted.temperature or None,
                    stop=self._stop or None,
                    return_full_text=False,
                )
                async for part in stream:
                    details = part.details or details
                    if not part.token.special and part.token.text:
                        yield self._unstopped(part.token.text)
                    else:
                        yield Pause()
            except Exception as error:  # noqa: BLE001 - the client raises dozens of kinds
                await self.server.read(error)
                raise self.server.failed(error) from self.server.cause(error)
        if details is None:
            raise self.server.broken_off()
        yield Ending(
            finish_reason=ENDINGS.get(str(details.finish_reason), str(details.finish_reason)),
            prompt_tokens=getattr(details, "input_length", None) or tokens,
            completion_tokens=details.generated_tokens,
        )

    def _unstopped(self, text: str) -> str:
        """Return a token's text without a stop text, which TGI sends along."""
        for stop in self._stop:
            text = text.removesuffix(stop)
        return text

    # What it says beyond the chat

    async def _state(self) -> ModelState:
        self._info = None
        info = await self._served()
        remarks = []
        if self._native:
            templated = await self._templated([Message("user", "Who are you?")])
            if templated is None:
                raise self._no_template()
            await self._prompt(templated)
        if not self._model:
            remarks.append(f'`model = "{info.model}"` would notice another one')
        return ModelState(
            where=self.server.root,
            model=info.model,
            context=info.most,
            adapter=self._adapter,
            remarks=tuple(remarks),
        )

    def token_ids(self, conversation: Sequence[Message]) -> list[int] | None:
        """Return the token ids as the server reads the conversation, None if it has no template."""
        return asked(self._ids_of_tgi(conversation)) or None

    def _no_template(self) -> ModelError:
        message = f"the server at {self.server.root} has no chat template for this model"
        hint = 'name a folder with one: tokenizer = "…", as a training run leaves it'
        return ModelError(message, hint)


def _fits_surely(conversation: Sequence[Message], wanted: Wanted, info: Info) -> bool:
    """Return whether a conversation fits whatever its tokens are: none is shorter than a byte."""
    longest = sum(len(m.content.encode()) + TEMPLATE for m in conversation)
    return longest <= info.most_read and longest + wanted.max_tokens <= info.most


def _ids(tokens: Any) -> tuple[int, ...]:
    return tuple(int(token["id"]) for token in tokens) if isinstance(tokens, list) else ()


@cache
def _client_class() -> Any:
    """Return huggingface_hub's client, with a connection of its own.

    The one that it shares refuses every address, this machine's too, where HF_HUB_OFFLINE is set.
    """
    try:
        import httpx2  # noqa: PLC0415 - comes with huggingface_hub
        from huggingface_hub import AsyncInferenceClient  # noqa: PLC0415 - heavy
    except ImportError as error:
        message = "TGI's native route needs huggingface_hub"
        raise ComponentUnavailable(message, "pip install 'twin[tgi]'") from error

    class NativeClient(AsyncInferenceClient):
        """Speaks to one server."""

        async def _get_async_client(self) -> httpx2.AsyncClient:
            if self._async_client is None:
                own = httpx2.AsyncClient(timeout=None)
                self._async_client = await self.exit_stack.enter_async_context(own)
            return self._async_client

    return NativeClient
