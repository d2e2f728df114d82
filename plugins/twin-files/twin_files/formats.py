"""The kinds of file that are read.

In: a file name. Out: its `Format`, or None. Nothing is guessed from what is inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePosixPath


class Markup(Enum):
    """How a file is written, which decides how its text and title are found."""

    MARKDOWN = auto()
    DJOT = auto()
    RESTRUCTURED = auto()
    ASCIIDOC = auto()
    ORG = auto()
    PLAIN = auto()
    HTML = auto()
    NOTEBOOK = auto()
    CODE = auto()


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its markup and its media type."""

    markup: Markup
    media_type: str


_PLAIN = Format(Markup.PLAIN, "text/plain")

_WRITING = {
    ".md": Format(Markup.MARKDOWN, "text/markdown"),
    ".markdown": Format(Markup.MARKDOWN, "text/markdown"),
    ".mdx": Format(Markup.MARKDOWN, "text/mdx"),
    ".dj": Format(Markup.DJOT, "text/x-djot"),
    ".djot": Format(Markup.DJOT, "text/x-djot"),
    ".rst": Format(Markup.RESTRUCTURED, "text/x-rst"),
    ".adoc": Format(Markup.ASCIIDOC, "text/asciidoc"),
    ".asciidoc": Format(Markup.ASCIIDOC, "text/asciidoc"),
    ".org": Format(Markup.ORG, "text/org"),
    ".txt": _PLAIN,
    ".text": _PLAIN,
    ".html": Format(Markup.HTML, "text/html"),
    ".htm": Format(Markup.HTML, "text/html"),
    ".xhtml": Format(Markup.HTML, "application/xhtml+xml"),
    ".ipynb": Format(Markup.NOTEBOOK, "application/x-ipynb+json"),
}

_SOURCE = {
    "text/javascript": ".js .mjs .cjs .jsx",
    "text/x-c": ".c .h",
    "text/x-c++": ".cc .cpp .cxx .hpp .hh",
    "text/x-clojure": ".clj .cljs",
    "text/x-csharp": ".cs",
    "text/x-dart": ".dart",
    "text/x-elixir": ".ex .exs",
    "text/x-erlang": ".erl",
    "text/x-go": ".go",
    "text/x-haskell": ".hs",
    "text/x-java": ".java",
    "text/x-julia": ".jl",
    "text/x-kotlin": ".kt .kts",
    "text/x-lisp": ".el .lisp .scm",
    "text/x-lua": ".lua",
    "text/x-nim": ".nim",
    "text/x-ocaml": ".ml .mli",
    "text/x-perl": ".pl .pm",
    "text/x-php": ".php",
    "text/x-python": ".py .pyi",
    "text/x-r": ".r",
    "text/x-ruby": ".rb",
    "text/x-rust": ".rs",
    "text/x-scala": ".scala",
    "text/x-shellscript": ".sh .bash .zsh .fish",
    "text/x-sql": ".sql",
    "text/x-swift": ".swift",
    "text/x-typescript": ".ts .tsx .mts .cts",
    "text/x-zig": ".zig",
}

FORMATS: dict[str, Format] = _WRITING | {
    suffix: Format(Markup.CODE, media_type)
    for media_type, suffixes in _SOURCE.items()
    for suffix in suffixes.split()
}
"""Suffix, in lower case and with its dot, to the format that it names."""


def format_of(name: str) -> Format | None:
    """Return the format of a file by its name; a README needs no suffix."""
    path = PurePosixPath(name)
    if path.name.upper() == "README":
        return _PLAIN
    return FORMATS.get(path.suffix.lower())
