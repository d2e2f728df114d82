"""A real model behind the stand-in for TGI: Gemma 3 270M on llama.cpp.

In: the model's file. Out: a `Generator`. It is a base model: what it says is of no use, how it comes is. An
adapter here is a text that is read after the conversation, for want of LoRA weights.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from tests.tgi_stand_in import Token

BOS_TEXT = "<bos>"


class LlamaGenerator:
    """Generates by llama.cpp.

    Args:
        path: of the GGUF file.
        adapters: the text of each adapter.
    """

    def __init__(self, path: Path, adapters: dict[str, str]) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = 2048, 2
        # More threads than free cores wait for each other at every token.
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.verbosity, params.warmup, params.ui = -1, False, False
        self.server = xllamacpp.Server(params)
        self.adapters = adapters
        self.stopped = threading.Event()
        """Set when a generation ended because its reader went away."""

    def template(self, messages: list[dict[str, Any]]) -> str:
        turns = "".join(
            f"<start_of_turn>{m['role']}\n{m['content']}<end_of_turn>\n" for m in messages
        )
        return f"{BOS_TEXT}{turns}<start_of_turn>model\n"

    def tokenize(self, text: str, *, special: bool) -> list[Token]:
        body = {"content": text, "add_special": special, "parse_special": True, "with_pieces": True}
        with httpx.Client(trust_env=False, timeout=60) as client:
            said = client.post(f"{self.server.listening_address}/tokenize", json=body).json()
        found = [Token(token["id"], str(token["piece"])) for token in said["tokens"]]
        # What a tokenizer adds by itself stands for no part of the text.
        return [Token(found[0].id, ""), *found[1:]] if special else found

    async def generate(
        self, text: str, *, special: bool, adapter: str, temperature: float, most: int
    ) -> AsyncIterator[str]:
        ids = [token.id for token in self.tokenize(text, special=special)]
        if adapter:
            read = [token.id for token in self.tokenize(self.adapters[adapter], special=False)]
            ids = [*ids, *read]
        loop = asyncio.get_running_loop()
        words: asyncio.Queue[str | None] = asyncio.Queue()
        left = threading.Event()

        def heard(chunk: dict[str, Any]) -> bool:
            for choice in chunk.get("choices", ()):
                if choice["text"]:
                    loop.call_soon_threadsafe(words.put_nowait, choice["text"])
            if left.is_set():
                self.stopped.set()
            return left.is_set()

        def write() -> None:
            body = {"prompt": ids, "max_tokens": most, "temperature": temperature, "stream": True}
            self.server.handle_completions(body, heard)
            loop.call_soon_threadsafe(words.put_nowait, None)

        threading.Thread(target=write, daemon=True).start()
        try:
            while (word := await words.get()) is not None:
                yield word
        finally:
            left.set()
