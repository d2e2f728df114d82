"""What stands in front of a text: YAML between ``---``, TOML between ``+++``, Org keywords.

In: a decoded text. Out: `FrontMatter`: its keys with strings as values, and where the body begins.

Every value stays the string that the person wrote: ``1.10`` is no number and ``no`` no truth value.
A block that its own syntax refuses is read again line by line, each ``key: value`` on its own, and
the fault is told. What does not even look like keys and values is writing, and stays in the text.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | tuple[str, ...]
"""What a key may hold here: one string, or several."""

LIMIT: Final = 65_536
"""Characters in which the block must end; a longer one is no front matter but writing."""

_OPEN = re.compile(r"(?P<fence>---|\+\+\+)[ \t]*\r?\n")
_CLOSE = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*(?:\r?\n|\Z)", re.MULTILINE),
}
_PAIR = {
    "---": re.compile(r"(?P<key>[A-Za-z_][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(?P<value>.*))?"),
    "+++": re.compile(r"(?P<key>[A-Za-z_][\w.-]{0,60})[ \t]*=[ \t]*(?P<value>.*)"),
}
_MORE = re.compile(r"[ \t].*|[-\])}#].*|\[.*\]")
_ORG = re.compile(r"#\+(?P<key>[A-Za-z_]+):[ \t]*(?P<value>.*)")

# What the parsers raise on what they cannot read, beside their own errors.
_REFUSALS = (
    yaml.YAMLError,
    tomllib.TOMLDecodeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys, in lower case, and where the body begins.

    Attributes:
        body: the code point at which the body begins, 0 where there is no front matter.
        problem: what is wrong with the block, empty if nothing is.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    body: int = 0
    problem: str = ""


def front_matter(text: str) -> FrontMatter:
    """Return the front matter of `text`; an empty one if it has none."""
    opened = _OPEN.match(text)
    if opened is None:
        return FrontMatter()
    fence = opened["fence"]
    closed = _CLOSE[fence].search(text, opened.end(), min(len(text), LIMIT))
    if closed is None:
        return FrontMatter()
    block = text[opened.end() : closed.start()]
    try:
        values = _parsed(fence, block)
    except _REFUSALS as error:
        salvaged = _line_by_line(fence, block)
        if salvaged is None:
            problem = (
                f"what stands between the {fence} lines is no front matter and is kept as text"
            )
            return FrontMatter(problem=problem)
        return FrontMatter(salvaged, closed.end(), _reason(fence, error))
    if values is None:
        return FrontMatter()
    return FrontMatter(values, closed.end())


def org_keywords(text: str) -> FrontMatter:
    """Return the ``#+KEY: value`` lines at the beginning; they stay in the text."""
    values: dict[str, Value] = {}
    for line in text[:LIMIT].split("\n"):
        match = _ORG.fullmatch(line.strip())
        if match is None:
            if line.strip():
                break
            continue
        values.setdefault(match["key"].lower(), match["value"].strip())
    return FrontMatter(values)


def _parsed(fence: str, block: str) -> dict[str, Value] | None:
    """Return the keys of a block; None if it is well-formed and holds no keys, as prose is."""
    # BaseLoader knows strings, lists and mappings only, and builds nothing else.
    found: Any = (
        tomllib.loads(block) if fence == "+++" else yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506
    )
    if found is None or found == "":
        return {}
    if not isinstance(found, dict):
        return None
    # Zola keeps its tags and categories one table deeper.
    deeper = found.get("taxonomies")
    merged = {**deeper, **found} if isinstance(deeper, dict) else found
    return {str(key).strip().lower(): _value(value) for key, value in merged.items()}


def _value(found: Any) -> Value:
    if isinstance(found, list):
        return tuple(text for item in found if (text := _scalar(item)))
    return _scalar(found)


def _scalar(found: Any) -> str:
    if isinstance(found, str):
        return found.strip()
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, dict):
        return _scalar(found["name"]) if isinstance(found.get("name"), str) else ""
    return "" if found is None or isinstance(found, list) else str(found)


def _line_by_line(fence: str, block: str) -> dict[str, Value] | None:
    values: dict[str, Value] = {}
    for line in block.split("\n"):
        bare = line.rstrip("\r \t")
        if match := _PAIR[fence].fullmatch(bare):
            values.setdefault(match["key"].strip().lower(), _alone(fence, match["value"] or ""))
        elif bare and not _MORE.fullmatch(bare):
            return None
    return values or None


def _alone(fence: str, text: str) -> Value:
    """Return the value of one line, as its syntax reads it if it does, else as it stands."""
    try:
        found = _parsed(fence, f"key = {text}" if fence == "+++" else f"key: {text}")
    except _REFUSALS:
        found = None
    return text.strip().strip("\"'") if found is None else found.get("key", "")


def _reason(fence: str, error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error) or type(error).__name__
    # The mark counts from 0 inside the block, which the opening line precedes.
    where = f" in line {mark.line + 2}" if mark is not None else ""
    name = "TOML" if fence == "+++" else "YAML"
    return f"its front matter is no valid {name}{where} ({what}) and was read line by line"
