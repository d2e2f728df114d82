"""Texts written by a model, whatever form it has: a folder, a GGUF file, or a chat model.

In: prompts. Out: what the model writes after each of them, by the same sampling for all models that
are compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from twin.errors import ComponentUnavailable, ModelError, UsageError

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

Told = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How texts are drawn.

    Attributes:
        tokens: of each text, exactly so many where the model can be held to it, else at most.
        temperature: 0 takes the likeliest token; 0.8 is usual for prose.
        top_p: the likeliest tokens that have this probability together (Holtzman et al., 2020).
        seed: of the drawings.
    """

    tokens: int = 150
    temperature: float = 0.8
    top_p: float = 0.95
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """What a model is given to write on.

    Attributes:
        user: an instruction, or with `continued` the beginning of a text.
        system: the system prompt, if any.
        continued: whether the model goes on with the text itself, without any chat template.
        reference: what the author wrote there, if that is known.
    """

    user: str
    system: str = ""
    continued: bool = False
    reference: str = ""


class Writer(Protocol):
    """A model that writes."""

    def write(self, prompts: Sequence[Prompted], sampling: Sampling, told: Told) -> list[str]:
        """Return a text for every prompt, without the prompt.

        Raises:
            ModelError: if the model fails.
        """


def quiet_told(_done: int, _all: int | None) -> None:
    """Tell nobody."""


class Checkpoint:
    """A model folder in the form of transformers, with or without an adapter on top.

    Args:
        folder: holds config.json, weights and tokenizer.
        adapter: a LoRA adapter's folder (needs peft), None for the model alone.
        batch: prompts that are written at once.

    Raises:
        UsageError: if the folder is no model.
        ComponentUnavailable: if transformers, or peft for an adapter, is not installed.
    """

    def __init__(self, folder: Path, adapter: Path | None = None, batch: int = 10) -> None:
        self.folder, self.adapter, self._batch = folder, adapter, batch
        if not (folder / "config.json").is_file():
            message = f"{folder} is no model folder: it has no config.json"
            raise UsageError(message, "name a folder with config.json, weights and a tokenizer")
        self._loaded: tuple[Any, Any] | None = None

    def loaded(self) -> tuple[Any, Any]:
        """Return the tokenizer and the model, loaded once, in evaluation mode."""
        if self._loaded is None:
            try:
                import torch  # noqa: PLC0415 - heavy
                from transformers import (  # noqa: PLC0415 - heavy
                    AutoModelForCausalLM,
                    AutoTokenizer,
                )
            except ImportError as error:
                message = "a model folder needs transformers and torch"
                raise ComponentUnavailable(message, "pip install 'twin[local]'") from error
            try:
                tokenizer = AutoTokenizer.from_pretrained(self.folder)
                on_gpu = torch.cuda.is_available()
                model = AutoModelForCausalLM.from_pretrained(
                    self.folder, dtype=torch.bfloat16 if on_gpu else torch.float32
                )
                if self.adapter is not None:
                    model = _with_adapter(model, self.adapter)
            except (OSError, ValueError) as error:
                message = f"{self.folder} cannot be loaded: {error}"
                raise ModelError(message, "is it whole, and of a known architecture?") from error
            placed: Any = model
            placed.to("cuda" if on_gpu else "cpu").eval()
            self._loaded = tokenizer, placed
        return self._loaded

    def write(
        self, prompts: Sequence[Prompted], sampling: Sampling, told: Told = quiet_told
    ) -> list[str]:
        """Return a text for every prompt."""
        import torch  # noqa: PLC0415 - heavy

        tokenizer, model = self.loaded()
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        torch.manual_seed(sampling.seed)
        found: list[str] = []
        for start in range(0, len(prompts), self._batch):
            part = [_as_text(tokenizer, one) for one in prompts[start : start + self._batch]]
            # A template writes the beginning-of-text token itself.
            first = part[0].startswith(tokenizer.bos_token or "\0")
            given = tokenizer(
                part, return_tensors="pt", padding=True, add_special_tokens=not first
            ).to(model.device)
            with torch.inference_mode():
                written = model.generate(
                    **given,
                    max_new_tokens=sampling.tokens,
                    do_sample=sampling.temperature > 0,
                    temperature=sampling.temperature or None,
                    top_p=sampling.top_p if sampling.temperature > 0 else None,
                    top_k=0 if sampling.temperature > 0 else None,
                    pad_token_id=tokenizer.pad_token_id,
                )
            new = written[:, given["input_ids"].shape[1] :]
            found += tokenizer.batch_decode(new, skip_special_tokens=True)
            told(len(found), len(prompts))
        return found


def _with_adapter(model: Any, adapter: Path) -> Any:
    try:
        from peft import PeftModel  # noqa: PLC0415 - heavy, and only for adapters
    except ImportError as error:
        message = "an adapter that is not merged needs peft"
        raise ComponentUnavailable(message, "pip install peft, or `twin merge` it first") from error
    return PeftModel.from_pretrained(model, adapter)


def _as_text(tokenizer: Any, prompt: Prompted) -> str:
    """Return a prompt as the model reads it."""
    if prompt.continued or not tokenizer.chat_template:
        return f"{prompt.system}\n\n{prompt.user}".strip() if prompt.system else prompt.user
    messages = [{"role": "user", "content": prompt.user}]
    if prompt.system:
        messages.insert(0, {"role": "system", "content": prompt.system})
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return text


class GGUF:
    """A GGUF file, by llama.cpp (the package xllamacpp), which writes faster than torch on a CPU.

    Args:
        path: the file.
        context: tokens of prompt and text together.

    Raises:
        UsageError: if there is no such file.
    """

    def __init__(self, path: Path, context: int = 2048) -> None:
        self._path, self._context = path, context
        if not path.is_file():
            message = f"there is no file {path}"
            raise UsageError(message, "name a GGUF file")

    def write(
        self, prompts: Sequence[Prompted], sampling: Sampling, told: Told = quiet_told
    ) -> list[str]:
        """Return a text for every prompt."""
        try:
            import xllamacpp  # noqa: PLC0415 - heavy, and only for GGUF
        except ImportError as error:
            message = "a GGUF file needs llama.cpp"
            raise ComponentUnavailable(message, "pip install xllamacpp") from error
        params = xllamacpp.CommonParams()
        params.model.path = str(self._path)
        params.n_ctx = self._context
        params.cpuparams.n_threads = os.cpu_count() or 1
        server = xllamacpp.Server(params)
        found = []
        for number, prompt in enumerate(prompts):
            asked: dict[str, Any] = {
                "max_tokens": sampling.tokens,
                "temperature": sampling.temperature,
                "top_p": sampling.top_p,
                "seed": sampling.seed + number,
            }
            if prompt.continued:
                answer = server.handle_completions({**asked, "prompt": prompt.user})
            else:
                messages = [{"role": "user", "content": prompt.user}]
                if prompt.system:
                    messages.insert(0, {"role": "system", "content": prompt.system})
                answer = server.handle_chat_completions({**asked, "messages": messages})
            found.append(_written(answer, self._path.name))
            told(number + 1, len(prompts))
        return found


def _written(answer: Any, name: str) -> str:
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not choices:
        message = f"{name} wrote nothing: {answer!s:.200}"
        raise ModelError(message, "is it a text model, and its context long enough?")
    choice = choices[0]
    return str(choice["message"]["content"] if "message" in choice else choice["text"])


class Chat:
    """A chat model of twin.toml, or one of its adapters.

    Args:
        llm: the model.
    """

    def __init__(self, llm: LLM) -> None:
        self._llm = llm

    def write(
        self, prompts: Sequence[Prompted], sampling: Sampling, told: Told = quiet_told
    ) -> list[str]:
        """Return a text for every prompt."""
        from llama_index.core.llms import ChatMessage, MessageRole  # noqa: PLC0415 - heavy

        found = []
        for number, prompt in enumerate(prompts, start=1):
            messages = [ChatMessage(role=MessageRole.USER, content=prompt.user)]
            if prompt.system:
                messages.insert(0, ChatMessage(role=MessageRole.SYSTEM, content=prompt.system))
            parts = self._llm.stream_chat(
                messages, temperature=sampling.temperature, max_tokens=sampling.tokens
            )
            found.append("".join(part.delta or "" for part in parts))
            told(number, len(prompts))
        return found
