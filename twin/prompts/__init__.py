"""Templates as files with versions; chat and datasets both read them.

In: a name. Out: a `Prompt` with its version. A template is a Markdown file beside this module that
begins with ``version: N`` and a line of three hyphens, and names its blanks as ``$blank``.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template and its version."""

    name: str
    version: int
    template: str

    def fill(self, **blanks: str) -> str:
        """Return the template with its blanks filled.

        Raises:
            KeyError: if a blank is left over.
        """
        return Template(self.template).substitute(blanks)


@cache
def prompt(name: str) -> Prompt:
    """Return a prompt by name.

    Raises:
        FileNotFoundError: if there is none.
    """
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    head, _, body = text.partition("\n---\n")
    return Prompt(name, int(head.removeprefix("version:").strip()), body.strip())
