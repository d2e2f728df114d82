"""The tokenizer and chat template that a training run, a checkpoint or an adapter leaves in its folder.

In: a folder. Out: token ids of a conversation, and the text that a server without a template is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from twin.errors import ComponentUnavailable, ConfigurationError
from twin.models.speaker import Message

_FILES = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json")
_PLACES = ("", "merged", "adapter")
"""Where a run keeps what it made, below its own folder."""


@dataclass(frozen=True, slots=True)
class Templated:
    """A conversation as a model reads it.

    Attributes:
        text: with the chat template applied, up to what begins the assistant's turn.
        ids: its tokens.
    """

    text: str
    ids: tuple[int, ...]


def tokenizer_folder(given: Path) -> Path:
    """Return the folder of the tokenizer, which may lie in a run's ``adapter`` or ``merged``.

    Raises:
        ConfigurationError: if there is none.
    """
    for place in _PLACES:
        folder = given / place if place else given
        if any((folder / name).is_file() for name in _FILES):
            return folder
    message = f"there is no tokenizer in {given}"
    raise ConfigurationError(message, "name a folder with tokenizer.json and its chat template")


@cache
def load_tokenizer(folder: Path) -> Any:
    """Return the transformers tokenizer of a folder; nothing is fetched.

    Raises:
        ComponentUnavailable: if transformers is not installed, or cannot read it.
    """
    try:
        from transformers import AutoTokenizer  # noqa: PLC0415 - heavy
    except ImportError as error:
        message = "a local tokenizer needs transformers"
        raise ComponentUnavailable(message, "pip install 'twin[local]'") from error
    try:
        return AutoTokenizer.from_pretrained(tokenizer_folder(folder), local_files_only=True)
    except (OSError, ValueError) as error:
        message = f"the tokenizer in {folder} cannot be read: {error}"
        raise ComponentUnavailable(message, "does it load with transformers?") from error


def templated(folder: Path, conversation: Sequence[Message | tuple[str, str]]) -> Templated:
    """Return a conversation as the tokenizer of a folder reads it.

    Raises:
        ComponentUnavailable: if there is no chat template, or it refuses the conversation.
    """
    tokenizer = load_tokenizer(folder)
    turns = [{"role": role, "content": content} for role, content in conversation]
    if not tokenizer.chat_template:
        message = f"the tokenizer in {folder} has no chat template"
        raise ComponentUnavailable(message, "training leaves one in chat_template.jinja")
    from jinja2.exceptions import TemplateError  # noqa: PLC0415 - comes with transformers

    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    except TemplateError as error:
        message = f"the chat template in {folder} refuses the conversation: {error}"
        raise ComponentUnavailable(message, "does it know the role `system`?") from error
    # The template writes its special tokens itself, so none is added.
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return Templated(text, tuple(ids))


def local_template(folder: str) -> Callable[[Sequence[Message]], Templated]:
    """Return what applies the chat template of a folder."""
    path = Path(folder).expanduser()
    return lambda conversation: templated(path, conversation)


def piece_of(folder: Path) -> Callable[[int], str]:
    """Return what gives the text of a token id, as the tokenizer of a folder has it."""
    tokenizer = load_tokenizer(folder)
    return lambda token: str(tokenizer.decode([token]))
