"""Globs over paths relative to the root, as a person writes them in a `.gitignore`.

In: globs. Out: a regular expression that is matched against the whole relative path.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


@lru_cache(maxsize=256)
def pattern_regex(glob: str) -> re.Pattern[str]:
    """Return the expression of a glob.

    ``*`` and ``?`` stay within one name, ``**`` crosses folders. A glob without a slash names a
    file or folder at any depth; one with a slash counts from the root. What names a folder names
    everything in it.

    Raises:
        ValueError: if the glob is empty.
    """
    bare = glob.strip().rstrip("/")
    anywhere = "/" not in bare
    bare = bare.removeprefix("./").lstrip("/")
    if not bare:
        message = "a glob must name something"
        raise ValueError(message)
    body = "".join(_translated(part) for part in _TOKEN.findall(bare))
    return re.compile(f"{'(?:.*/)?' if anywhere else ''}{body}(?:/.*)?", re.DOTALL)


def matches(relative: str, globs: tuple[str, ...]) -> bool:
    """Return whether one of the globs names the path `relative`."""
    composed = unicodedata.normalize("NFC", relative)
    return any(
        pattern_regex(unicodedata.normalize("NFC", glob)).fullmatch(composed) for glob in globs
    )


def _translated(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "**":
        return ".*"
    if part == "*":
        return "[^/]*"
    if part == "?":
        return "[^/]"
    if part.startswith("[") and len(part) > 1:
        negated = part[1] == "!"
        inner = part[2 if negated else 1 : -1].replace("\\", r"\\").replace("[", r"\[")
        inner = inner.replace("^", r"\^").replace("]", r"\]")
        return f"[{'^/' if negated else ''}{inner}]" if inner else re.escape(part)
    return re.escape(part)
