"""Templates as files with versions; chat and datasets both read them.

In: a name. Out: a `Prompt` with its version and where it came from. A template is a Markdown file
beside this module that begins with ``version: N`` and a line of three hyphens, and names its blanks
as ``$blank``. Whoever changes the words raises N. `twin.observe` may put another template in a file's
place (Langfuse's prompt management); the file is what is used whenever there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from string import Template


class Origin(StrEnum):
    """Where a template came from."""

    FILE = "file"
    LANGFUSE = "langfuse"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template, its version, and where it came from.

    Attributes:
        version: counts the changes of the words, from 1; each origin counts for itself.
        template: with its blanks as ``$blank``.
    """

    name: str
    version: int
    template: str
    origin: Origin = Origin.FILE

    @property
    def label(self) -> str:
        """The name and version as one: ``answer@2``; ``answer@langfuse-7`` if it is not the file."""
        counted = (
            f"{self.version}" if self.origin is Origin.FILE else f"{self.origin}-{self.version}"
        )
        return f"{self.name}@{counted}"

    @property
    def blanks(self) -> frozenset[str]:
        """The names of its blanks.

        Raises:
            ValueError: if a ``$`` stands for no blank.
        """
        made = Template(self.template)
        if not made.is_valid():
            message = f"the template {self.label} has a $ that begins no blank; write $$"
            raise ValueError(message)
        return frozenset(made.get_identifiers())

    def fill(self, **blanks: str) -> str:
        """Return the template with its blanks filled.

        Raises:
            KeyError: if a blank is left over.
        """
        return Template(self.template).substitute(blanks)


_in_place: dict[str, Prompt] = {}


def prompt(name: str) -> Prompt:
    """Return a prompt by name: what was put in its place, else the file.

    Raises:
        FileNotFoundError: if there is none.
    """
    return _in_place.get(name) or from_file(name)


@cache
def from_file(name: str) -> Prompt:
    """Return the prompt that travels with the product.

    Raises:
        FileNotFoundError: if there is none.
    """
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    head, _, body = text.partition("\n---\n")
    return Prompt(name, int(head.removeprefix("version:").strip()), body.strip())


def names() -> tuple[str, ...]:
    """Return the names of all prompts, sorted."""
    found = (item.name for item in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in found if name.endswith(".md")))


def put_in_place(prompts: Mapping[str, Prompt]) -> None:
    """Use these prompts, and the files for all others.

    Args:
        prompts: by name; an empty mapping goes back to the files.
    """
    # One assignment a name: whoever asks meanwhile gets the one or the other, and never none.
    for name in _in_place.keys() - prompts.keys():
        _in_place.pop(name, None)
    _in_place.update(prompts)
