"""llama.cpp in this process.

In: options that name a GGUF file. Out: a `Speaker`. llama.cpp writes several answers at once by itself, in
threads that hold no lock of Python's.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import ComponentUnavailable, ContextOverflow, ModelError
from twin.models.calls import Call, Ending, Pause, Said, from_thread
from twin.models.speaker import Message, ModelState, Speaker, Wanted

if TYPE_CHECKING:
    import xllamacpp

    from twin_llamacpp import LlamaCppOptions

MAGIC = b"GGUF"
QUIET = -1
"""The verbosity at which llama.cpp writes nothing to the terminal."""

PATIENCE = 60.0
"""Seconds that counting tokens may take, behind an answer that is being written."""


class LlamaCppSpeaker(Speaker):
    """Speaks through llama.cpp.

    Args:
        options: as twin.toml has them.

    Raises:
        ComponentUnavailable: if a file is missing, or is no GGUF.
    """

    checks_length = True

    def __init__(self, options: LlamaCppOptions) -> None:
        self._options = options
        self._path = _gguf("path", options.path)
        self._adapter = _gguf("adapter", options.adapter) if options.adapter else None
        self._template = ""
        if options.chat_template:
            file = Path(options.chat_template).expanduser()
            try:
                self._template = file.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                message = f"the chat template {file} cannot be read: {error}"
                raise ComponentUnavailable(
                    message, "chat_template is the path of a file"
                ) from error
        self.name = self._path.stem
        self._key = secrets.token_hex()
        self._loading = threading.Lock()
        self._server: xllamacpp.Server | None = None

    def begin(self, conversation: Sequence[Message], wanted: Wanted) -> Call:
        """Return the call for one answer."""
        return from_thread(lambda call: self._say(call, conversation, wanted))

    def _say(self, call: Call, conversation: Sequence[Message], wanted: Wanted) -> Iterator[Said]:
        if self._server is None:
            yield Pause("the model is being loaded")
        server = self._loaded()
        last: dict[str, Any] = {}
        reason = ""

        def heard(chunk: dict[str, Any]) -> bool:
            """Pass a part on, and return whether to stop."""
            nonlocal reason
            if "error" in chunk or chunk.get("usage"):
                last.update(chunk)
            for choice in chunk.get("choices") or ():
                reason = choice.get("finish_reason") or reason
                delta = choice.get("delta") or {}
                if delta.get("reasoning_content"):
                    call.tell(Pause("the model is thinking"))
                if delta.get("content"):
                    call.tell(delta["content"])
            return call.gone.is_set()

        body: dict[str, Any] = {
            "messages": [message._asdict() for message in conversation],
            "temperature": wanted.temperature,
            "max_tokens": wanted.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self._options.stop:
            body["stop"] = list(self._options.stop)
        server.handle_chat_completions(body, heard)
        if "error" in last:
            raise self._failed(last["error"])
        if not reason and not call.gone.is_set():
            message = f"the answer of {self.name} broke off"
            raise ModelError(message, "is there enough memory for it?")
        usage = last.get("usage") or {}
        yield Ending(
            finish_reason=reason,
            prompt_tokens=usage.get("prompt_tokens"),
            completion_tokens=usage.get("completion_tokens"),
        )

    def _failed(self, error: Mapping[str, Any]) -> ModelError:
        text = f"{self.name} failed: {error.get('message', error)}"
        if error.get("type") == "exceed_context_size_error":
            hint = "raise context_window, or lower retrieve.token_budget or retrieve.passages"
            tokens, limit = error.get("n_prompt_tokens"), error.get("n_ctx")
            return ContextOverflow(text, hint, tokens=tokens, limit=limit)
        return ModelError(text, "does the chat template fit the model? chat_template names another")

    def _loaded(self) -> xllamacpp.Server:
        with self._loading:
            if self._server is None:
                self._server = self._load()
            return self._server

    def _load(self) -> xllamacpp.Server:
        import xllamacpp  # noqa: PLC0415 - heavy

        options = self._options
        params = xllamacpp.CommonParams()
        params.model.path = str(self._path)
        params.n_ctx = options.context_window * options.parallel
        params.n_parallel = options.parallel
        params.n_gpu_layers = options.gpu_layers
        params.verbosity = QUIET
        params.warmup = False
        params.api_keys = [self._key]
        params.ui = False
        params.cache_ram_mib = 0  # else it keeps up to 8 GiB of what was asked before
        if options.threads:
            params.cpuparams.n_threads = options.threads
            params.cpuparams_batch.n_threads = options.threads
        if self._template:
            params.chat_template = self._template
        if self._adapter is not None:
            adapter = xllamacpp.CommonAdapterLoraInfo()
            adapter.path, adapter.scale = str(self._adapter), 1.0
            params.lora_adapters = [adapter]
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError) as error:
            message = f"llama.cpp cannot load {self._path}: {error}"
            hint = "is there enough memory? a smaller context_window takes less"
            raise ModelError(message, hint) from error

    # What it says beyond the chat

    def token_ids(self, conversation: Sequence[Message]) -> list[int]:
        """Return the token ids of a conversation."""
        messages = {"messages": [message._asdict() for message in conversation]}
        prompt = self._asked("/apply-template", messages)["prompt"]
        body = {"content": prompt, "add_special": True, "parse_special": True}
        return [int(token) for token in self._asked("/tokenize", body)["tokens"]]

    def _asked(self, path: str, body: Any) -> Any:
        import httpx  # noqa: PLC0415 - only where tokens are asked for

        url = f"{self._loaded().listening_address}{path}"
        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            with httpx.Client(trust_env=False, timeout=PATIENCE, headers=headers) as client:
                answer = client.post(url, json=body)
                answer.raise_for_status()
                return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            message = f"{self.name} cannot say how it reads a conversation: {error}"
            raise ModelError(message, "does its chat template take these roles?") from error

    def state(self) -> ModelState:
        """Return what is loaded."""
        self._loaded()
        return ModelState(
            where=str(self._path),
            model=self.name,
            context=self._options.context_window,
            adapter=self._adapter.stem if self._adapter else "",
        )


def _gguf(option: str, given: str) -> Path:
    """Return the path of a GGUF file; anything else would end the process when it is loaded."""
    path = Path(given).expanduser()
    if not given:
        message = "llamacpp has no model"
        raise ComponentUnavailable(message, f"{option} is the path of a GGUF file")
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise ComponentUnavailable(message, f"{option} is the path of a GGUF file") from error
    if magic != MAGIC:
        message = f"{path} is no GGUF file"
        raise ComponentUnavailable(
            message, "llama.cpp's convert_hf_to_gguf.py makes one of a checkpoint"
        )
    return path
